import * as z from 'zod/mini';
import { expiryOf } from '../deliver/ledger-entry.ts';
import { RECEIPT_PREFIX, type Receipt } from '../deliver/receipt.ts';
import {
  type Attributes,
  dropUndefined,
  type Item,
  jsonText,
  number,
  text,
  time,
  writeAttributes,
  writeExpiry,
} from './item-attributes.ts';

/** The delivery that an item is of; a receipt that an entry carries is of the same one, mostly. */
type Delivery = Pick<Receipt, 'webhookId' | 'receivedAt'>;

/** A receipt as an item of its own, beside the events of its webhook. */
export function writeReceipt(webhook: string, receipt: Receipt): Item {
  const { webhookId, receivedAt, takenAt } = receipt;
  return writeAttributes({
    webhook,
    event: `${RECEIPT_PREFIX}${webhookId}`,
    webhookId,
    receivedAt,
    ...factsOf(receipt),
    expiresAt: writeExpiry(expiryOf(takenAt)),
  });
}

/** A receipt within the item of an entry. Which delivery it is of is said only where the entry has gone on to another. */
export function writeCarriedReceipt(receipt: Receipt, entry: Delivery): Attributes {
  const { webhookId, receivedAt } = receipt;
  const isOther = webhookId !== entry.webhookId || receivedAt.getTime() !== entry.receivedAt.getTime();
  return { ...factsOf(receipt), ...(isOther && { firstWebhookId: webhookId, firstReceivedAt: receivedAt }) };
}

function factsOf({ takenAt, eventTypes, bytes, secretSlot, matched, others }: Receipt): Attributes {
  const counted = matched.map(({ made, rejected, ...event }) => ({
    ...event,
    ...(made > 0 && { made }),
    ...(rejected > 0 && { rejected }),
  }));
  return {
    takenAt,
    eventTypes: eventTypes.join('\n'),
    bytes,
    secretSlot,
    matched: JSON.stringify(counted),
    others,
  };
}

const matchedSchema = z.object({
  event: z.string(),
  made: z._default(z.int(), 0),
  rejected: z._default(z.int(), 0),
  skipped: z.optional(z.enum(['when-not-met', 'no-items'])),
  when: z.optional(z.string()),
});

const receiptSchema = z.object({
  webhookId: text,
  receivedAt: time,
  firstWebhookId: z.optional(text),
  firstReceivedAt: z.optional(time),
  takenAt: time,
  eventTypes: z.pipe(
    text,
    z.transform((types) => types.split('\n')),
  ),
  bytes: number,
  secretSlot: z.optional(number),
  matched: jsonText(z.array(matchedSchema)),
  others: z.catch(number, 0),
});

/** The receipt that an item has, be it one of its own or an entry. Throws if it is not what is written here. */
export function readReceipt(item: Item): Receipt {
  const { firstWebhookId, firstReceivedAt, ...facts } = receiptSchema.parse(item);
  return dropUndefined({
    ...facts,
    webhookId: firstWebhookId ?? facts.webhookId,
    receivedAt: firstReceivedAt ?? facts.receivedAt,
    matched: facts.matched ?? [],
  }) as Receipt;
}

/** The same of an entry, of which not every one has a receipt. */
export function readCarriedReceipt(item: Item): Receipt | undefined {
  return 'takenAt' in item ? readReceipt(item) : undefined;
}
