import { intakeRecordItem, writeItem } from '../../../lambdas/adapters/ledger-item.ts';
import { createLanes, createRateLimit, lanesFor } from '../../../lambdas/deliver/event-api/caller.ts';
import type { WebhookLedger } from '../../../lambdas/deliver/ledger/entry.ts';
import type { BufferRecord } from '../../../lambdas/deliver/work.ts';
import type { CompiledMapping } from '../../../lambdas/map/webhook.ts';
import { NOW, record, setUp } from './deliver-setup.ts';
import { createMemoryLedger, type MemoryLedger } from './ledger/memory-ledger.ts';
import { createVirtualTime, type VirtualTime } from './passing-time.ts';

/** How long the outside world takes, in milliseconds. */
const LEDGER_MILLISECONDS = 5;
const CALL_MILLISECONDS = 300;
const FUNCTION_MILLISECONDS = 30_000;
/** From a message's return to the next begin of the function. */
const POLL_MILLISECONDS = 100;

/** What a webhook cost until it was worked off. */
export type Cost = {
  readonly seconds: number;
  readonly receives: number;
  readonly calls: number;
  /** Units of DynamoDB: a write's per KB, a consistent read's per 4 KB. */
  readonly writes: number;
  readonly reads: number;
  readonly logBytes: number;
  readonly deadLetters: number;
  readonly copies: number;
};

export type Batch = { readonly mapping: CompiledMapping; readonly body: object; readonly perSecond: number };

/** One worker, its ledger and the buffer, until the webhook's message is gone; all by a clock of their own. */
export async function workOff(batch: Batch): Promise<Cost> {
  const time = createVirtualTime(NOW);
  const used = { writes: 0, reads: 0 };
  const worker = { endsAt: 0 };
  const setup = setUpWorker(batch, { time, used, worker });
  const first: BufferRecord = { ...record('batch', 'batch', { body: batch.body }), bufferedAt: NOW };
  const receive = async (message: BufferRecord): Promise<BufferRecord | undefined> => {
    worker.endsAt = time.elapsed() + FUNCTION_MILLISECONDS;
    const copies = setup.putBack.length;
    const kept = await time.run(setup.deliver(message));
    if (time.elapsed() > worker.endsAt) throw new Error('The function was ended from outside.');
    const hidden = kept.length > 0 ? setup.hidden.at(-1)?.[1] : undefined;
    await time.run(time.pause((hidden ?? 0) * 1_000 + POLL_MILLISECONDS));
    if (kept.length > 0) return { ...message, receives: message.receives + 1 };
    return setup.putBack.length > copies ? { ...first, bufferedAt: time.now() } : undefined;
  };
  let receives = 0;
  for (let message: BufferRecord | undefined = first; message !== undefined; receives += 1)
    message = await receive(message);
  return {
    seconds: time.elapsed() / 1000,
    receives,
    calls: setup.requests.length,
    ...used,
    logBytes: setup.lines.reduce((sum, line) => sum + JSON.stringify(line).length, 0),
    deadLetters: setup.deadLetters.length,
    copies: setup.putBack.length,
  };
}

type World = {
  readonly time: VirtualTime;
  readonly used: { writes: number; reads: number };
  /** When the function's time is over. */
  readonly worker: { readonly endsAt: number };
};

function setUpWorker({ mapping, perSecond }: Batch, { time, used, worker }: World) {
  const { now, pause } = time;
  return setUp(
    {
      mappings: new Map([['stripe', mapping]]),
      ledger: meter(createMemoryLedger(), used, time),
      lanes: createLanes(lanesFor(perSecond)),
      now,
      pause,
      random: () => 0.5,
      remainingMilliseconds: () => worker.endsAt - time.elapsed(),
    },
    {
      now,
      pause,
      rateLimit: createRateLimit(perSecond),
      call: async () => {
        await pause(CALL_MILLISECONDS);
        return {
          kind: 'answered' as const,
          status: 200,
          retryAfter: undefined,
          body: '{"transaction-id":"1"}',
        };
      },
    },
  );
}

function meter(
  ledger: MemoryLedger,
  used: { writes: number; reads: number },
  { pause }: VirtualTime,
): WebhookLedger {
  const bytesOf = (item: unknown) => JSON.stringify(item).length;
  const write = async <Answer>(bytes: number, answer: Promise<Answer>) => {
    used.writes += Math.ceil(bytes / 1_024);
    await pause(LEDGER_MILLISECONDS);
    return answer;
  };
  return {
    read: async (key) => {
      used.reads += 1;
      await pause(LEDGER_MILLISECONDS);
      return ledger.read(key);
    },
    write: (entry) => write(bytesOf(writeItem(entry)), ledger.write(entry)),
    copy: (entry, over) => write(bytesOf(writeItem(entry)), ledger.copy(entry, over)),
    query: async (webhook, range) => {
      await pause(LEDGER_MILLISECONDS);
      const page = await ledger.query(webhook, range);
      if (page.ok) {
        const { entries, intakeRecords } = page.value;
        const items = [
          ...entries.map(writeItem),
          ...intakeRecords.map((one) => intakeRecordItem(webhook, one)),
        ];
        used.reads += Math.max(1, Math.ceil(items.reduce((sum, item) => sum + bytesOf(item), 0) / 4_096));
      }
      return page;
    },
    writeIntakeRecord: (webhook, one) =>
      write(bytesOf(intakeRecordItem(webhook, one)), ledger.writeIntakeRecord(webhook, one)),
    writeIdentified: (webhook, one, identified) =>
      write(bytesOf(identified), ledger.writeIdentified(webhook, one, identified)),
  };
}
