import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import type { LedgerEntry } from '../deliver/ledger-entry.ts';

/** The attribute by which items are found that are asked for by another id than the vendor's (`lib/deliver/ledger.ts`). */
export const FOUND_BY = 'foundBy';

/** The index over it. */
export const FOUND_BY_INDEX = 'found-by';

/** Flat, as a person wants to read it in the console: texts, numbers, and times in ISO 8601 (all but the TTL's). */
export function writeItem({
  expiresAt,
  answer,
  parameters,
  history,
  ...entry
}: LedgerEntry): Record<string, AttributeValue> {
  return writeAttributes({
    ...entry,
    answerStatus: answer?.status,
    answerCode: answer?.code,
    answerDescription: answer?.description,
    parameters: parameters && JSON.stringify(parameters),
    history: history && JSON.stringify(history),
    [FOUND_BY]: entry.transactionId,
    expiresAt: writeExpiry(expiresAt),
  });
}

/** The attributes of an item; what is `undefined` is left out. */
export function writeAttributes(
  attributes: Readonly<Record<string, string | number | boolean | Date | undefined>>,
): Record<string, AttributeValue> {
  return Object.fromEntries(
    Object.entries(attributes).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, writeAttribute(value)]],
    ),
  );
}

function writeAttribute(value: string | number | boolean | Date): AttributeValue {
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'number') return { N: String(value) };
  return typeof value === 'boolean' ? { BOOL: value } : { S: value.toISOString() };
}

/** DynamoDB's time to live is in unix seconds. */
export function writeExpiry(expiresAt: Date): number {
  return Math.ceil(expiresAt.getTime() / 1000);
}

export const text = z.object({ S: z.string() }).transform(({ S }) => S);
export const time = text.pipe(z.iso.datetime()).transform((iso) => new Date(iso));
export const number = z.object({ N: z.coerce.number<string>() }).transform(({ N }) => N);

/** JSON within an attribute; what cannot be read is left out, as it is told to people alone. */
export function jsonText<Value>(schema: z.ZodType<Value>) {
  return text.transform(parseJson).pipe(schema).optional().catch(undefined);
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

const attemptSchema = z.object({
  at: z.iso.datetime().transform((iso) => new Date(iso)),
  code: z.string(),
  status: z.number().optional(),
  answerCode: z.string().optional(),
  eventId: z.string().optional(),
});

const itemSchema = z.object({
  webhook: text,
  event: text,
  revision: number,
  state: text.pipe(z.enum(['claimed', 'waiting', 'delivered', 'failed', 'unconfirmed', 'expired'])),
  owner: text,
  leaseUntil: time,
  attempts: number,
  webhookId: text,
  receivedAt: time,
  mappingVersion: text,
  expiresAt: number.transform((seconds) => new Date(seconds * 1000)),
  eventKeyHash: text.optional(),
  firstAttemptAt: time.optional(),
  lastAttemptAt: time.optional(),
  code: text.optional(),
  stage: text.optional(),
  detail: text.optional(),
  transactionId: text.optional(),
  deadLetteredAt: time.optional(),
  isUnsure: z
    .object({ BOOL: z.literal(true) })
    .transform(() => true as const)
    .optional(),
  answerStatus: number.optional(),
  answerCode: text.optional(),
  answerDescription: text.optional(),
  eventId: text.optional(),
  parameters: jsonText(z.record(z.string(), z.number())),
  history: jsonText(z.array(attemptSchema)),
});

/** Throws if it is not what `writeItem` writes. */
export function readItem(item: Record<string, AttributeValue>): LedgerEntry {
  const { answerStatus: status, answerCode: code, answerDescription, ...entry } = itemSchema.parse(item);
  const description = answerDescription === undefined ? {} : { description: answerDescription };
  const answer =
    status === undefined ? undefined : { status, ...(code !== undefined && { code }), ...description };
  // zod leaves out what is missing, but its types say `undefined`.
  return dropUndefined({ ...entry, ...(answer && { answer }) }) as LedgerEntry;
}

function dropUndefined(object: object): object {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
