import { randomUUID } from 'node:crypto';
import { type AttributeValue, GetItemCommand, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import {
  FOUND_BY,
  FOUND_BY_INDEX,
  readItem,
  text,
  time,
  writeAttributes,
  writeExpiry,
} from '../lambdas/adapters/ledger-item.ts';
import { readReceipt } from '../lambdas/adapters/read-receipt.ts';
import {
  expiryOf,
  type LedgerEntry,
  type LedgerKey,
  ledgerTableName,
} from '../lambdas/deliver/ledger-entry.ts';
import { RECEIPT_PREFIX, type Receipt } from '../lambdas/deliver/receipt.ts';
import type { Account } from './account.ts';

/** What a person did about a dead letter: kept beside the events of its webhook. */
export type LedgerAction = {
  readonly webhook: string;
  readonly action: 'replayed' | 'dropped';
  readonly at: Date;
  readonly by: string;
  readonly reason?: string;
  /** The code of the dead letter, and the event that it was about. */
  readonly code: string;
  readonly about?: string;
};

/** All that the ledger has of one webhook. */
export type LedgerStory = {
  readonly webhook: string;
  readonly entries: readonly LedgerEntry[];
  readonly receipts: readonly Receipt[];
  readonly actions: readonly LedgerAction[];
};

type LedgerAccount = Pick<Account, 'dynamoDb' | 'stackName'>;
type Item = Readonly<Record<string, AttributeValue>>;

const ACTION_PREFIX = '#action#';

/** The ledger's entry of an event, as it is now. */
export async function readEntry(
  { dynamoDb, stackName }: LedgerAccount,
  { webhook, event }: LedgerKey,
): Promise<LedgerEntry | undefined> {
  const Key = { webhook: { S: webhook }, event: { S: event } };
  const TableName = ledgerTableName(stackName);
  const { Item } = await dynamoDb.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
  return Item && readItem(Item);
}

/** Everything about a webhook; nothing where the ledger does not know it. */
export async function readStory(account: LedgerAccount, webhook: string): Promise<LedgerStory | undefined> {
  const items = await query(account, {
    KeyConditionExpression: 'webhook = :webhook',
    ExpressionAttributeValues: { ':webhook': { S: webhook } },
    ConsistentRead: true,
  });
  if (items.length === 0) return undefined;
  const isOf = (prefix: string) => (item: Item) => item.event?.S?.startsWith(prefix) === true;
  return {
    webhook,
    entries: items.filter((item) => !isOf('#')(item)).map(readItem),
    receipts: items.filter(isOf(RECEIPT_PREFIX)).map(readReceipt),
    actions: items.filter(isOf(ACTION_PREFIX)).map(readAction),
  };
}

/** The webhooks that go by another id: our own of a delivery, or Webex Campaign's of an event. */
export async function findWebhooks(account: LedgerAccount, id: string): Promise<readonly string[]> {
  const items = await query(account, {
    IndexName: FOUND_BY_INDEX,
    KeyConditionExpression: '#id = :id',
    ExpressionAttributeNames: { '#id': FOUND_BY },
    ExpressionAttributeValues: { ':id': { S: id } },
  });
  return [...new Set(items.flatMap(({ webhook }) => webhook?.S ?? []))];
}

/** Writes down what a person did, before anything is gone. */
export async function recordAction(
  { dynamoDb, stackName }: LedgerAccount,
  action: LedgerAction,
): Promise<void> {
  const event = `${ACTION_PREFIX}${action.at.toISOString()}#${randomUUID().slice(0, 8)}`;
  const expiresAt = writeExpiry(expiryOf(action.at));
  await dynamoDb.send(
    new PutItemCommand({
      TableName: ledgerTableName(stackName),
      Item: writeAttributes({ ...action, event, expiresAt }),
    }),
  );
}

const actionSchema = z.object({
  webhook: text,
  action: z.pipe(text, z.enum(['replayed', 'dropped'])),
  at: time,
  by: text,
  reason: z.optional(text),
  code: text,
  about: z.optional(text),
});

function readAction(item: Item): LedgerAction {
  // zod leaves out what is missing, but its types say `undefined`.
  return actionSchema.parse(item) as LedgerAction;
}

async function query(
  { dynamoDb, stackName }: LedgerAccount,
  condition: Omit<ConstructorParameters<typeof QueryCommand>[0], 'TableName'>,
): Promise<readonly Record<string, AttributeValue>[]> {
  const items: Record<string, AttributeValue>[] = [];
  let from: Record<string, AttributeValue> | undefined;
  do {
    const page = await dynamoDb.send(
      new QueryCommand({
        TableName: ledgerTableName(stackName),
        ...condition,
        ...(from && { ExclusiveStartKey: from }),
      }),
    );
    items.push(...(page.Items ?? []));
    from = page.LastEvaluatedKey;
  } while (from !== undefined);
  return items;
}
