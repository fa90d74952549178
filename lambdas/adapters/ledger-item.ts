import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import * as z from 'zod/mini';
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

export const text = z.pipe(
  z.object({ S: z.string() }),
  z.transform(({ S }) => S),
);
const isoTime = z.pipe(
  z.iso.datetime(),
  z.transform((iso) => new Date(iso)),
);
export const time = z.pipe(text, isoTime);
export const number = z.pipe(
  z.object({ N: z.coerce.number<string>() }),
  z.transform(({ N }) => N),
);

export const expiry = z.pipe(
  number,
  z.transform((seconds) => new Date(seconds * 1000)),
);

/** JSON within an attribute; what cannot be read is left out, as it is told to people alone. */
export function jsonText<Value>(schema: z.ZodMiniType<Value>) {
  return z.catch(z.optional(z.pipe(z.pipe(text, z.transform(parseJson)), schema)), undefined);
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

const attemptSchema = z.object({
  at: isoTime,
  code: z.string(),
  status: z.optional(z.number()),
  answerCode: z.optional(z.string()),
  eventId: z.optional(z.string()),
});

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
