import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { LedgerFailure, LedgerStore } from '../deliver/ledger/decision.ts';
import type { IntakeRecord, LedgerEntry } from '../deliver/ledger/entry.ts';
import { fail, type Result, succeed } from '../result.ts';
import { intakeRecordItem, readItem, writeItem } from './ledger-item.ts';

/** After these times a try has failed. The SDK makes three, all within the function's time. */
const CONNECT_MILLISECONDS = 1_000;
const REQUEST_MILLISECONDS = 2_000;

/** The condition that no item has this key yet. */
const IS_NEW = 'attribute_not_exists(webhook)';

export type LedgerTable = LedgerStore & {
  /** Opens the connection, by reading an entry that does not exist, before the first event needs it. */
  readonly connect: () => Promise<Result<unknown, LedgerFailure>>;
  /** Writes an intake record as an item of its own, unless its delivery has one already. */
  readonly writeIntakeRecord: (
    webhook: string,
    intakeRecord: IntakeRecord,
  ) => Promise<Result<void, LedgerFailure>>;
};

/** The ledger in its DynamoDB table. */
export function createLedgerTable(TableName: string): LedgerTable {
  const client = createClient();
  const read: LedgerTable['read'] = async ({ webhook, event }) => {
    const Key = { webhook: { S: webhook }, event: { S: event } };
    try {
      const { Item } = await client.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
      return succeed(Item === undefined ? undefined : readItem(Item));
    } catch (error) {
      return fail(unavailable(error));
    }
  };
  return {
    read,
    connect: () => read({ webhook: 'none', event: 'none' }),
    write: async (entry) => {
      try {
        await client.send(new PutItemCommand({ TableName, Item: writeItem(entry), ...unlessChanged(entry) }));
        return succeed('written');
      } catch (error) {
        return answerOrFailure(error, 'changed');
      }
    },
    writeIntakeRecord: async (webhook, intakeRecord) => {
      const Item = intakeRecordItem(webhook, intakeRecord);
      try {
        await client.send(new PutItemCommand({ TableName, Item, ConditionExpression: IS_NEW }));
        return succeed(undefined);
      } catch (error) {
        return answerOrFailure(error, undefined);
      }
    },
  };
}

function createClient(): DynamoDBClient {
  return new DynamoDBClient({
    cacheMiddleware: true,
    maxAttempts: 3,
    requestHandler: {
      connectionTimeout: CONNECT_MILLISECONDS,
      requestTimeout: REQUEST_MILLISECONDS,
      throwOnRequestTimeout: true,
    },
  });
}

/** The first entry needs an empty place; every other replaces the revision that its writer has read. */
function unlessChanged({ revision }: LedgerEntry) {
  if (revision === 1) return { ConditionExpression: IS_NEW };
  return {
    ConditionExpression: 'revision = :before',
    ExpressionAttributeValues: { ':before': { N: String(revision - 1) } },
  };
}

/** A failed condition is an answer; any other error means that the ledger is unavailable. */
function answerOrFailure<Answer>(error: unknown, keptOut: Answer): Result<Answer, LedgerFailure> {
  return error instanceof ConditionalCheckFailedException ? succeed(keptOut) : fail(unavailable(error));
}

/** Only the error's name: the SDK's messages may quote the request. */
function unavailable(error: unknown): LedgerFailure {
  return { code: 'ledger-unavailable', cause: error instanceof Error ? error.name : 'unknown' };
}
