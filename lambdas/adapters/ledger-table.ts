import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  type PutItemCommandInput,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import type { LedgerFailure, LedgerPage, LedgerRange, WebhookLedger } from '../deliver/ledger/entry.ts';
import { PAUSES } from '../deliver/pauses.ts';
import { fail, type Result, succeed } from '../result.ts';
import {
  type Item,
  identifiedItems,
  intakeRecordItem,
  isIdentifiedPage,
  readIdentifiedPage,
  readIntakeRecord,
  readItem,
  writeItem,
} from './ledger-item.ts';

/** After these times a try has failed. The SDK makes three, all within the function's time. */
const CONNECT_MILLISECONDS = 1_000;
const REQUEST_MILLISECONDS = 2_000;

/** The condition that no item has this key yet. */
const IS_NEW = 'attribute_not_exists(webhook)';

export type LedgerTable = WebhookLedger & {
  /** The names of all that a person has paused. The first read of a worker opens the connection. */
  readonly readPauses: () => Promise<Result<readonly string[], LedgerFailure>>;
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
  const put = createPut(client, TableName);
  return {
    read,
    readPauses: () => readPauses(client, TableName),
    write: (entry) => put({ Item: writeItem(entry), ...unlessChanged(entry.revision - 1) }, ENTRY),
    copy: (entry, over) => put({ Item: writeItem(entry), ...unlessChanged(over?.revision ?? 0) }, ENTRY),
    query: async (webhook, range) => {
      try {
        return succeed(
          readPage(await client.send(new QueryCommand({ TableName, ...writeRange(webhook, range) }))),
        );
      } catch (error) {
        return fail(unavailable(error));
      }
    },
    writeIntakeRecord: (webhook, intakeRecord) => {
      const Item = intakeRecordItem(webhook, intakeRecord);
      const condition = intakeRecord.progress === undefined && { ConditionExpression: IS_NEW };
      return put({ Item, ...condition }, DONE);
    },
    writeIdentified: async (webhook, intakeRecord, identified) => {
      for (const Item of identifiedItems(webhook, intakeRecord, identified)) {
        const written = await put({ Item }, DONE);
        if (!written.ok) return written;
      }
      return succeed(undefined);
    },
  };
}

/** What a person has paused and not resumed; a moment old at most. */
async function readPauses(
  client: DynamoDBClient,
  TableName: string,
): Promise<Result<readonly string[], LedgerFailure>> {
  const asked = { TableName, ...writeRange(PAUSES, {}), ConsistentRead: false };
  try {
    const { Items = [] } = await client.send(new QueryCommand(asked));
    const on = Items.filter(({ resumedAt }) => resumedAt === undefined);
    return succeed(on.map(({ event }) => (event?.S ?? '').slice(1)));
  } catch (error) {
    return fail(unavailable(error));
  }
}

/** Puts an item. A failed condition is an answer; any other error means that the ledger is unavailable. */
function createPut(client: DynamoDBClient, TableName: string) {
  return async <const Written, const KeptOut>(
    input: Omit<PutItemCommandInput, 'TableName'>,
    { written, keptOut }: { readonly written: Written; readonly keptOut: KeptOut },
  ): Promise<Result<Written | KeptOut, LedgerFailure>> => {
    try {
      await client.send(new PutItemCommand({ TableName, ...input }));
      return succeed(written);
    } catch (error) {
      return error instanceof ConditionalCheckFailedException ? succeed(keptOut) : fail(unavailable(error));
    }
  };
}

/** What a conditional write of an entry answers. */
const ENTRY = { written: 'written', keptOut: 'changed' } as const;

/** What every other write answers. */
const DONE = { written: undefined, keptOut: undefined };

function writeRange(webhook: string, { from, after, limit }: LedgerRange) {
  return {
    KeyConditionExpression:
      from === undefined ? 'webhook = :webhook' : 'webhook = :webhook AND event >= :from',
    ExpressionAttributeValues: {
      ':webhook': { S: webhook },
      ...(from !== undefined && { ':from': { S: from } }),
    },
    ...(after !== undefined && { ExclusiveStartKey: { webhook: { S: webhook }, event: { S: after } } }),
    ...(limit !== undefined && { Limit: limit }),
    ConsistentRead: true,
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
function unlessChanged(revision: number) {
  if (revision === 0) return { ConditionExpression: IS_NEW };
  return {
    ConditionExpression: 'revision = :before',
    ExpressionAttributeValues: { ':before': { N: String(revision) } },
  };
}

/** Only the error's name: the SDK's messages may quote the request. */
function unavailable(error: unknown): LedgerFailure {
  return { code: 'ledger-unavailable', cause: error instanceof Error ? error.name : 'unknown' };
}

/** What a query of one partition gives, as far as deliver knows it: what a person did about a dead letter is left out. */
function readPage({
  Items = [],
  LastEvaluatedKey,
}: {
  readonly Items?: Item[] | undefined;
  readonly LastEvaluatedKey?: Item | undefined;
}): LedgerPage {
  const isEntry = ({ event }: Item) => event?.S?.startsWith('#') === false;
  const records = Items.filter((item) => !isEntry(item) && 'takenAt' in item);
  const last = LastEvaluatedKey?.event?.S;
  return {
    entries: Items.filter(isEntry).map(readItem),
    intakeRecords: records.map(readIntakeRecord),
    identified: pagesIn(Items),
    ...(last !== undefined && { last }),
  };
}

function pagesIn(items: readonly Item[]): LedgerPage['identified'] {
  const pages = Map.groupBy(items.filter(isIdentifiedPage), ({ event }) =>
    (event?.S ?? '').replace(/#\d+$/, ''),
  );
  return new Map([...pages].map(([record, ofRecord]) => [record, ofRecord.flatMap(readIdentifiedPage)]));
}
