import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { RECEIPT_PREFIX, type Receipt } from '../deliver/receipt.ts';
import { FOUND_BY, jsonText, number, text, time, writeAttributes, writeExpiry } from './ledger-item.ts';

/** A receipt as an item of the ledger, beside the events of its webhook. */
export function writeReceipt({
  eventTypes,
  matched,
  others,
  expiresAt,
  ...facts
}: Receipt): Record<string, AttributeValue> {
  return writeAttributes({
    ...facts,
    event: `${RECEIPT_PREFIX}${facts.webhookId}`,
    eventTypes: eventTypes.join('\n'),
    matched: JSON.stringify(matched),
    others: JSON.stringify(others),
    [FOUND_BY]: facts.webhookId,
    expiresAt: writeExpiry(expiresAt),
  });
}

const matchedSchema = z.object({
  event: z.string(),
  made: z.int(),
  rejected: z.int(),
  skipped: z.enum(['when-not-met', 'no-items']).optional(),
  when: z.string().optional(),
});

const receiptSchema = z.object({
  webhook: text,
  webhookId: text,
  receivedAt: time,
  takenAt: time,
  eventTypes: text.transform((types) => types.split('\n')),
  bytes: number,
  secretSlot: number.optional(),
  matched: jsonText(z.array(matchedSchema)),
  others: jsonText(z.array(z.object({ event: z.string(), on: z.array(z.string()) }))),
  expiresAt: number.transform((seconds) => new Date(seconds * 1000)),
});

/** Throws if it is not what `writeReceipt` writes. */
export function readReceipt(item: Record<string, AttributeValue>): Receipt {
  const { matched = [], others = [], ...receipt } = receiptSchema.parse(item);
  // zod leaves out what is missing, but its types say `undefined`.
  return { ...receipt, matched, others } as Receipt;
}
