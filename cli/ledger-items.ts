import { randomUUID } from 'node:crypto';
import { GetItemCommand, PutItemCommand, paginateQuery } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { type Item, text, time, writeAttributes, writeExpiry } from '../lambdas/adapters/item-attributes.ts';
import { readItem } from '../lambdas/adapters/ledger-item.ts';
import { readReceipt } from '../lambdas/adapters/ledger-receipt.ts';
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
  /** One of each delivery that is known, in the order in which they were taken from the buffer. */
  readonly receipts: readonly Receipt[];
  readonly actions: readonly LedgerAction[];
};

export type LedgerAccount = Pick<Account, 'dynamoDb' | 'stackName'>;

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
  const items = await queryItems(account, webhook);
  if (items.length === 0) return undefined;
  const isOf = (prefix: string) => (item: Item) => item.event?.S?.startsWith(prefix) === true;
  const entries = items.filter((item) => !isOf('#')(item)).map(readItem);
  return {
    webhook,
    entries,
    receipts: onePerDelivery([
      ...entries.flatMap(({ receipt }) => receipt ?? []),
      ...items.filter(isOf(RECEIPT_PREFIX)).map(readReceipt),
    ]),
    actions: items.filter(isOf(ACTION_PREFIX)).map(readAction),
  };
}

/** A delivery that came to the events more than once may have left more than one: the first tells when it was taken. */
function onePerDelivery(receipts: readonly Receipt[]): readonly Receipt[] {
  const inOrder = receipts.toSorted((one, other) => one.takenAt.getTime() - other.takenAt.getTime());
  const ids = inOrder.map(({ webhookId }) => webhookId);
  return inOrder.filter(({ webhookId }, index) => ids.indexOf(webhookId) === index);
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

async function queryItems(
  { dynamoDb: client, stackName }: LedgerAccount,
  webhook: string,
): Promise<readonly Item[]> {
  const pages = paginateQuery(
    { client },
    {
      TableName: ledgerTableName(stackName),
      KeyConditionExpression: 'webhook = :webhook',
      ExpressionAttributeValues: { ':webhook': { S: webhook } },
      ConsistentRead: true,
    },
  );
  const items: Item[] = [];
  for await (const { Items = [] } of pages) items.push(...Items);
  return items;
}
