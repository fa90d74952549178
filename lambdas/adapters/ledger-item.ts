import * as z from 'zod/mini';
import type { LedgerEntry } from '../deliver/ledger-entry.ts';
import { lastCallOf, type PastAttempt } from '../deliver/ledger-entry.ts';
import {
  dropUndefined,
  expiry,
  type Item,
  isoTime,
  jsonText,
  number,
  text,
  time,
  writeAttributes,
  writeExpiry,
} from './item-attributes.ts';
import { readCarriedReceipt, writeCarriedReceipt } from './ledger-receipt.ts';

/**
 * An entry as an item. A write costs a unit for each kilobyte that is begun, so nothing that the item says already is
 * said again: not the first attempt where it is the last, not what a call of the history has in common with the entry.
 */
export function writeItem(entry: LedgerEntry): Item {
  const { expiresAt, answer, parameters, history, receipt, firstAttemptAt, ...facts } = entry;
  const isFirst = firstAttemptAt?.getTime() === entry.lastAttemptAt?.getTime();
  return writeAttributes({
    ...facts,
    firstAttemptAt: isFirst ? undefined : firstAttemptAt,
    answerStatus: answer?.status,
    answerCode: answer?.code,
    answerDescription: answer?.description,
    parameters: parameters && JSON.stringify(parameters),
    history: history && writeHistory(history, entry),
    ...(receipt && writeCarriedReceipt(receipt, entry)),
    expiresAt: writeExpiry(expiresAt),
  });
}

/** Of the last call the entry tells itself, mostly: nothing is left of it then but `{}`. */
function writeHistory(history: readonly PastAttempt[], entry: LedgerEntry): string {
  const lastCall = JSON.stringify(lastCallOf(entry));
  return JSON.stringify(
    history.map((attempt, index) => {
      if (index === history.length - 1 && JSON.stringify(attempt) === lastCall) return {};
      return { ...attempt, eventId: attempt.eventId === entry.eventId ? undefined : attempt.eventId };
    }),
  );
}

const attemptSchema = z.object({
  at: isoTime,
  code: z.string(),
  status: z.optional(z.number()),
  answerCode: z.optional(z.string()),
  eventId: z.optional(z.string()),
});
const historySchema = z.array(z.union([attemptSchema, z.strictObject({})]));

/** A call without an event is of the entry's. */
function readHistory(history: z.infer<typeof historySchema>, entry: LedgerEntry): readonly PastAttempt[] {
  const event = entry.eventId === undefined ? {} : { eventId: entry.eventId };
  return history.flatMap((attempt) => {
    const whole = 'at' in attempt ? { ...event, ...attempt } : lastCallOf(entry);
    return whole === undefined ? [] : [dropUndefined(whole) as PastAttempt];
  });
}

const itemSchema = z.object({
  webhook: text,
  event: text,
  revision: number,
  state: z.pipe(text, z.enum(['claimed', 'waiting', 'delivered', 'failed', 'unconfirmed', 'expired'])),
  owner: text,
  leaseUntil: time,
  attempts: number,
  webhookId: text,
  receivedAt: time,
  mappingVersion: text,
  expiresAt: expiry,
  eventKeyHash: z.optional(text),
  firstAttemptAt: z.optional(time),
  lastAttemptAt: z.optional(time),
  code: z.optional(text),
  stage: z.optional(text),
  detail: z.optional(text),
  transactionId: z.optional(text),
  deadLetteredAt: z.optional(time),
  isUnsure: z.optional(
    z.pipe(
      z.object({ BOOL: z.literal(true) }),
      z.transform(() => true as const),
    ),
  ),
  answerStatus: z.optional(number),
  answerCode: z.optional(text),
  answerDescription: z.optional(text),
  eventId: z.optional(text),
  parameters: jsonText(z.record(z.string(), z.number())),
  history: jsonText(historySchema),
});

/** Throws if it is not what `writeItem` writes. */
export function readItem(item: Item): LedgerEntry {
  const { answerStatus, answerCode, answerDescription, history, ...facts } = itemSchema.parse(item);
  const answer = dropUndefined({ status: answerStatus, code: answerCode, description: answerDescription });
  const entry = dropUndefined({
    ...facts,
    firstAttemptAt: facts.firstAttemptAt ?? facts.lastAttemptAt,
    answer: answerStatus === undefined ? undefined : answer,
    receipt: readCarriedReceipt(item),
  }) as LedgerEntry;
  return { ...entry, ...(history && { history: readHistory(history, entry) }) };
}
