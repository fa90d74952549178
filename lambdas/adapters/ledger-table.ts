import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import type { LedgerFailure, LedgerStore } from '../deliver/claim-event.ts';
import type { LedgerEntry } from '../deliver/ledger-entry.ts';
import { fail, succeed } from '../result.ts';

/** A ledger that does not answer by then is not there: the SDK tries three times, within the function's time. */
const CONNECT_MILLISECONDS = 1_000;
const REQUEST_MILLISECONDS = 2_000;

/** The ledger in its DynamoDB table. */
export function createLedgerTable(TableName: string): LedgerStore {
  const client = new DynamoDBClient({
    maxAttempts: 3,
    requestHandler: {
      connectionTimeout: CONNECT_MILLISECONDS,
      requestTimeout: REQUEST_MILLISECONDS,
      throwOnRequestTimeout: true,
    },
  });
  return {
    read: async ({ webhook, event }) => {
      const Key = { webhook: { S: webhook }, event: { S: event } };
      try {
        const { Item } = await client.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
        return succeed(Item === undefined ? undefined : readItem(Item));
      } catch (error) {
        return fail(unavailable(error));
      }
    },
    write: async (entry) => {
      try {
        await client.send(new PutItemCommand({ TableName, Item: writeItem(entry), ...unlessChanged(entry) }));
        return succeed('written');
      } catch (error) {
        return error instanceof ConditionalCheckFailedException
          ? succeed('changed')
          : fail(unavailable(error));
      }
    },
  };
}

/** The first entry takes an empty place, every other follows the one that its writer has read. */
function unlessChanged({ revision }: LedgerEntry) {
  if (revision === 1) return { ConditionExpression: 'attribute_not_exists(webhook)' };
  return {
    ConditionExpression: 'revision = :before',
    ExpressionAttributeValues: { ':before': { N: String(revision - 1) } },
  };
}

/** The SDK's messages may quote the request. */
function unavailable(error: unknown): LedgerFailure {
  return { code: 'ledger-unavailable', cause: error instanceof Error ? error.name : 'unknown' };
}

/** Flat, as a person wants to read it in the console: texts, numbers, and times in ISO 8601 (all but the TTL's). */
function writeItem({ expiresAt, answer, ...entry }: LedgerEntry): Record<string, AttributeValue> {
  const { status: answerStatus, code: answerCode } = answer ?? {};
  const attributes = { ...entry, answerStatus, answerCode, expiresAt: Math.ceil(expiresAt.getTime() / 1000) };
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

const text = z.object({ S: z.string() }).transform(({ S }) => S);
const time = text.pipe(z.iso.datetime()).transform((iso) => new Date(iso));
const number = z.object({ N: z.coerce.number<string>() }).transform(({ N }) => N);

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
});

/** Throws if it is not what `writeItem` writes. */
function readItem(item: Record<string, AttributeValue>): LedgerEntry {
  const { answerStatus: status, answerCode: code, ...entry } = itemSchema.parse(item);
  const answer = status === undefined ? undefined : { status, ...(code !== undefined && { code }) };
  // zod leaves out what is missing, but its types say `undefined`.
  return { ...entry, ...(answer && { answer }) } as LedgerEntry;
}
