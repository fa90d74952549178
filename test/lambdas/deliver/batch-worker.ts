import { createLanes } from '../../../lambdas/deliver/event-api/caller.ts';
import type { Attempt } from '../../../lambdas/deliver/event-api/verdict.ts';
import type { BufferRecord } from '../../../lambdas/deliver/work.ts';
import type { CompiledMapping } from '../../../lambdas/map/webhook.ts';
import { compiledMapping } from '../map/compiled-mapping.ts';
import { record, setUp } from './deliver-setup.ts';
import { createMemoryLedger, type MemoryLedger } from './ledger/memory-ledger.ts';

export const ACCEPTED: Attempt = {
  kind: 'answered',
  status: 200,
  retryAfter: undefined,
  body: '{"transaction-id":"1"}',
};
export const UNREACHABLE: Attempt = { kind: 'not-sent', cause: 'ECONNREFUSED' };

/** An event for each item of a batch. */
export const EACH = {
  name: 'each',
  on: 'batch',
  items: '{% items %}',
  'event-id': 'evt_1',
  'event-key': '{% $item.key %}',
};

const EVENT_KEY = /"event-key":"([^"]*)"/;

/** A worker with these events in its mapping, on a ledger that others may share. */
export function createWorker(
  events: readonly object[],
  {
    ledger = createMemoryLedger(),
    answer = () => ACCEPTED,
    beside = {},
    redelivery,
    lanes = 1,
  }: {
    readonly ledger?: MemoryLedger;
    readonly answer?: (key: string) => Attempt;
    readonly beside?: object;
    readonly redelivery?: CompiledMapping['redelivery'];
    readonly lanes?: number;
  } = {},
) {
  const mapping = { ...compiledMapping(events, beside), ...(redelivery && { redelivery }) };
  const names = [mapping.source, ...mapping.formerly];
  const setup = setUp(
    { ledger, mappings: new Map(names.map((name) => [name, mapping])), lanes: createLanes(lanes) },
    { call: async ({ body }) => answer(EVENT_KEY.exec(body)?.[1] ?? '') },
  );
  return {
    ...setup,
    ledger,
    keys: () => setup.requests.map(({ body }) => EVENT_KEY.exec(body)?.[1]),
    /** What was logged of each event. */
    told: () => setup.lines.map(({ outcome, code, item }) => [item, code ?? outcome]),
    failures: () =>
      setup.deadLetters.flatMap(([, note]) =>
        note.failures.map(({ event, items, code }) => [event, items, code]),
      ),
    /** The states in the ledger, by partition and name. */
    states: () =>
      Object.fromEntries(
        [...ledger.entries].map(([key, { state, movedTo }]) => [key, movedTo ? 'moved' : state]),
      ),
  };
}

/** The items of a batch, each for another customer and of another fact. */
export function items(count: number): readonly { readonly key: string; readonly id: string }[] {
  return Array.from({ length: count }, (_, place) => ({ key: `k${place}`, id: `id-${place}` }));
}

export function batch(body: object, changes: Partial<BufferRecord> = {}): BufferRecord {
  return record('batch', 'batch', { body, ...changes });
}
