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

/** A ledger that does not answer by then is not there: the SDK tries three times, within the function's time. */
const CONNECT_MILLISECONDS = 1_000;
const REQUEST_MILLISECONDS = 2_000;

export type LedgerTable = LedgerStore & {
  /** Looks for nothing, so that the connection and all that leads to it is there when an event is to be claimed. */
  readonly connect: () => Promise<Result<unknown, LedgerFailure>>;
  /** Keeps the first intake record of a delivery; a later one of the same is none. */
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
      const ConditionExpression = 'attribute_not_exists(webhook)';
      try {
        await client.send(
          new PutItemCommand({
            TableName,
            Item: intakeRecordItem(webhook, intakeRecord),
            ConditionExpression,
          }),
        );
        return succeed(undefined);
      } catch (error) {
        return answerOrFailure(error, undefined);
      }
    },
  };
}

function createClient(): DynamoDBClient {
  const settings = {
    cacheMiddleware: true,
    maxAttempts: 3,
    requestHandler: {
      connectionTimeout: CONNECT_MILLISECONDS,
      requestTimeout: REQUEST_MILLISECONDS,
      throwOnRequestTimeout: true,
    },
  };
  return new DynamoDBClient(settings);
}

/** The first entry takes an empty place, every other follows the one that its writer has read. */
function unlessChanged({ revision }: LedgerEntry) {
  if (revision === 1) return { ConditionExpression: 'attribute_not_exists(webhook)' };
  return {
    ConditionExpression: 'revision = :before',
    ExpressionAttributeValues: { ':before': { N: String(revision - 1) } },
  };
}

/** An item that its condition kept out is an answer; any other error says that there is no ledger. */
function answerOrFailure<Answer>(error: unknown, keptOut: Answer): Result<Answer, LedgerFailure> {
  return error instanceof ConditionalCheckFailedException ? succeed(keptOut) : fail(unavailable(error));
}

/** The SDK's messages may quote the request. */
function unavailable(error: unknown): LedgerFailure {
  return { code: 'ledger-unavailable', cause: error instanceof Error ? error.name : 'unknown' };
}
