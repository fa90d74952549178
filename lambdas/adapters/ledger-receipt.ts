import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { RECEIPT_PREFIX, type Receipt } from '../deliver/receipt.ts';
import { FOUND_BY, writeAttributes, writeExpiry } from './ledger-item.ts';

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
