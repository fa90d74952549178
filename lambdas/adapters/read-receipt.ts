import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import * as z from 'zod/mini';
import type { Receipt } from '../deliver/receipt.ts';
import { expiry, jsonText, number, text, time } from './ledger-item.ts';

const matchedSchema = z.object({
  event: z.string(),
  made: z.int(),
  rejected: z.int(),
  skipped: z.optional(z.enum(['when-not-met', 'no-items'])),
  when: z.optional(z.string()),
});

const receiptSchema = z.object({
  webhook: text,
  webhookId: text,
  receivedAt: time,
  takenAt: time,
  eventTypes: z.pipe(
    text,
    z.transform((types) => types.split('\n')),
  ),
  bytes: number,
  secretSlot: z.optional(number),
  matched: jsonText(z.array(matchedSchema)),
  others: jsonText(z.array(z.object({ event: z.string(), on: z.array(z.string()) }))),
  expiresAt: expiry,
});

/** Throws if it is not what `writeReceipt` writes. */
export function readReceipt(item: Record<string, AttributeValue>): Receipt {
  const { matched = [], others = [], ...receipt } = receiptSchema.parse(item);
  // zod leaves out what is missing, but its types say `undefined`.
  return { ...receipt, matched, others } as Receipt;
}
