import * as z from 'zod';
import { parseJson } from '../lambdas/parse-json.ts';
import type { SlotTrace } from './secret-kind.ts';
import type { ReadSlotUse, SlotUse } from './slot-use.ts';

const lineSchema = z.object({
  _aws: z.object({ Timestamp: z.number() }),
  stage: z.string(),
  source: z.string().optional(),
  outcome: z.string().optional(),
  secretSlot: z.coerce.number().int().optional(),
  keySlot: z.enum(['primary', 'secondary']).optional(),
});

/** Slots by what the local run remembers of its functions' log. */
export function slotUseOfLocalRun(url: string): ReadSlotUse {
  return async (trace, since) => {
    const answer = await fetch(`${url}/logs/past`, { signal: AbortSignal.timeout(10_000) });
    return countSlots((await answer.text()).split('\n'), trace, since);
  };
}

/** Counts the slots that log lines tell of, from a time on. */
export function countSlots(lines: readonly string[], trace: SlotTrace, since: Date): readonly SlotUse[] {
  const uses = new Map<number, SlotUse>();
  for (const text of lines) {
    const found = readSlot(text, trace);
    if (found === undefined || found.at < since) continue;
    const { slot, at } = found;
    const before = uses.get(slot) ?? { slot, count: 0, lastAt: at };
    uses.set(slot, { slot, count: before.count + 1, lastAt: later(at, before.lastAt) });
  }
  return [...uses.values()].toSorted((one, other) => one.slot - other.slot);
}

function later(one: Date, other: Date): Date {
  return new Date(Math.max(one.getTime(), other.getTime()));
}

function readSlot(
  text: string,
  { stage, source }: SlotTrace,
): { readonly slot: number; readonly at: Date } | undefined {
  const line = lineSchema.safeParse(parseJson(text)).data;
  if (line === undefined || line.stage !== stage) return undefined;
  if (source !== undefined && line.source !== source) return undefined;
  const slot = stage === 'ingest' ? line.secretSlot : slotOfKey(line);
  return slot === undefined ? undefined : { slot, at: new Date(line._aws.Timestamp) };
}

/** A key counts where its call was accepted: one that was refused proves nothing. */
function slotOfKey({ outcome, keySlot }: z.infer<typeof lineSchema>): number | undefined {
  if (outcome !== 'delivered' || keySlot === undefined) return undefined;
  return keySlot === 'primary' ? 0 : 1;
}
