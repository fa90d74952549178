import { randomUUID } from 'node:crypto';
import {
  BatchGetItemCommand,
  type BatchGetItemCommandOutput,
  ConditionalCheckFailedException,
  type KeysAndAttributes,
  PutItemCommand,
  paginateQuery,
  paginateScan,
} from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import {
  type Item,
  isIdentifiedPage,
  readIdentifiedPage,
  readIntakeRecord,
  readItem,
  text,
  time,
  writeAttributes,
  writeExpiry,
  writeItem,
} from '../lambdas/adapters/ledger-item.ts';
import {
  expiryOf,
  type IdentifiedEvent,
  INTAKE_RECORD_PREFIX,
  type IntakeRecord,
  type LedgerEntry,
  type LedgerKey,
  ledgerKey,
  ledgerTableName,
} from '../lambdas/deliver/ledger/entry.ts';
import type { LetterFailure } from './dead-letters/letter-events.ts';
import type { Account } from './project.ts';

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

/** An event of a webhook. Its name has the item of the batch, however the ledger finds it: `paid#0`. */
type StoryEntry = LedgerEntry & {
  /** The id of its fact, where the ledger finds it by that. */
  readonly identity?: string;
};

/** All that the ledger has of one webhook, or of one event that is found by the id of its fact. */
export type LedgerStory = {
  /** The source, and after `#` the webhook's id, or after `:` the fact's. */
  readonly webhook: string;
  readonly entries: readonly StoryEntry[];
  /** One for each known delivery, in the order in which they were taken from the buffer. */
  readonly intakeRecords: readonly IntakeRecord[];
  readonly actions: readonly LedgerAction[];
};

type LedgerAccount = Pick<Account, 'dynamoDb' | 'stackName'>;

const ACTION_PREFIX = '#action#';

/** DynamoDB reads no more items at once. */
const MOST_AT_ONCE = 100;

/** The ledger's entries of events, as they are now, to be asked for by their keys; those that were moved, as they are there. */
export async function readEntries(
  account: LedgerAccount,
  keys: readonly LedgerKey[],
): Promise<(key: LedgerKey) => LedgerEntry | undefined> {
  const read = new Map<string, LedgerEntry | undefined>();
  let wanted = keys;
  while (wanted.length > 0) {
    const unique = [...new Map(wanted.map((key) => [textOf(key), key])).values()];
    for (const key of unique) read.set(textOf(key), undefined);
    const found: LedgerEntry[] = [];
    for (let start = 0; start < unique.length; start += MOST_AT_ONCE) {
      found.push(...(await readBatch(account, unique.slice(start, start + MOST_AT_ONCE))));
    }
    for (const entry of found) read.set(textOf(entry), entry);
    wanted = found.flatMap(({ movedTo }) => (movedTo && !read.has(textOf(movedTo)) ? [movedTo] : []));
  }
  return (key) => lastMoved(key, (one) => read.get(textOf(one)));
}

function textOf({ webhook, event }: LedgerKey): string {
  return JSON.stringify([webhook, event]);
}

/** What a key's entry has become where it was moved. An entry that is moved back replaces the one that led away. */
function lastMoved(
  key: LedgerKey,
  read: (key: LedgerKey) => LedgerEntry | undefined,
  passed: readonly string[] = [],
): LedgerEntry | undefined {
  const entry = read(key);
  if (entry?.movedTo === undefined) return entry;
  const { movedTo, ...left } = entry;
  // Two workers that move it to and fro at once may leave each key leading to the other.
  if (passed.includes(textOf(movedTo))) return left;
  return lastMoved(movedTo, read, [...passed, textOf(key)]) ?? left;
}

/** DynamoDB may leave some of the keys for another call. */
async function readBatch(
  { dynamoDb, stackName }: LedgerAccount,
  keys: readonly LedgerKey[],
): Promise<readonly LedgerEntry[]> {
  const TableName = ledgerTableName(stackName);
  const Keys = keys.map(({ webhook, event }) => ({ webhook: { S: webhook }, event: { S: event } }));
  const entries: LedgerEntry[] = [];
  let request: KeysAndAttributes | undefined = { Keys, ConsistentRead: true };
  while (request !== undefined) {
    const read: BatchGetItemCommandOutput = await dynamoDb.send(
      new BatchGetItemCommand({ RequestItems: { [TableName]: request } }),
    );
    entries.push(...(read.Responses?.[TableName] ?? []).map(readItem));
    request = read.UnprocessedKeys?.[TableName];
  }
  return entries;
}

/** How events of a source are called now, by the names that they had before. */
export type PresentNames = ReadonlyMap<string, string>;

/** Everything about a webhook, or about the event of a fact; `undefined` where the ledger does not know it. */
export async function readStory(
  account: LedgerAccount,
  webhook: string,
  presentNames: PresentNames = new Map(),
): Promise<LedgerStory | undefined> {
  const items = await queryItems(account, webhook);
  if (items.length === 0) return undefined;
  const isOf = (prefix: string) => (item: Item) => item.event?.S?.startsWith(prefix) === true;
  const own = items.filter((item) => !isOf('#')(item)).map(readItem);
  const records = items.filter(isOf(INTAKE_RECORD_PREFIX)).filter((item) => !isIdentifiedPage(item));
  const intakeRecords = [
    ...own.flatMap(({ intakeRecord }) => intakeRecord ?? []),
    ...records.map(readIntakeRecord),
  ];
  const identified = [
    ...intakeRecords.flatMap((record) => record.identified ?? []),
    ...items.filter(isIdentifiedPage).flatMap(readIdentifiedPage),
  ];
  const elsewhere = await readIdentified(account, webhook, identified);
  const moved = await followMoved(account, own);
  return {
    webhook,
    entries: latestOfEach([...moved, ...elsewhere], presentNames),
    intakeRecords: onePerDelivery(intakeRecords),
    actions: items.filter(isOf(ACTION_PREFIX)).map(readAction),
  };
}

/** Reads the events that a webhook's records list by the ids of their facts. */
async function readIdentified(
  account: LedgerAccount,
  webhook: string,
  identified: readonly IdentifiedEvent[],
): Promise<readonly StoryEntry[]> {
  const listed = identified.map((event) => ({
    event,
    key: ledgerKey({ source: sourceOf(webhook), deduplicationId: '' }, event),
  }));
  const entryOf = await readEntries(
    account,
    listed.map(({ key }) => key),
  );
  return listed.flatMap(({ event: { name, item, identity }, key }) => {
    const entry = entryOf(key);
    const place = item === undefined ? name : `${name}#${item}`;
    return entry === undefined ? [] : [{ ...entry, event: place, identity }];
  });
}

/** An entry that was moved to another key is told as it is there, by the name that it has here. */
async function followMoved(
  account: LedgerAccount,
  entries: readonly StoryEntry[],
): Promise<readonly StoryEntry[]> {
  const entryOf = await readEntries(
    account,
    entries.flatMap(({ movedTo }) => movedTo ?? []),
  );
  return entries.map((entry) => {
    const moved = entry.movedTo && entryOf(entry.movedTo);
    return moved === undefined ? entry : { ...moved, event: entry.event };
  });
}

/** The source of a webhook's key, or of a fact's. */
export function sourceOf(webhook: string): string {
  return /^[^#:]*/.exec(webhook)?.[0] ?? '';
}

/**
 * An event that was renamed, or was known by its webhook's id before, may have left entries under its former keys: the one
 * that was written most often is the latest.
 */
function latestOfEach(entries: readonly StoryEntry[], presentNames: PresentNames): readonly StoryEntry[] {
  const latest = new Map<string, StoryEntry>();
  for (const entry of entries) {
    const [name = '', ...item] = entry.event.split('#');
    const event = [presentNames.get(name) ?? name, ...item].join('#');
    const known = latest.get(event);
    if (known === undefined || known.revision < entry.revision) latest.set(event, { ...entry, event });
  }
  return [...latest.values()];
}

/** A delivery that was taken more than once may have left several records: the first says when it was taken. */
function onePerDelivery(intakeRecords: readonly IntakeRecord[]): readonly IntakeRecord[] {
  const inOrder = intakeRecords.toSorted((one, other) => one.takenAt.getTime() - other.takenAt.getTime());
  const ids = inOrder.map(({ webhookId }) => webhookId);
  return inOrder.filter(({ webhookId }, index) => ids.indexOf(webhookId) === index);
}

/** Writes down what a person did about the failures of a dead letter: an action for each event by its name. */
export async function recordActions(
  account: LedgerAccount,
  failures: readonly Pick<LetterFailure, 'code' | 'event'>[],
  action: Omit<LedgerAction, 'code' | 'about'>,
): Promise<void> {
  const codes = new Map(failures.map(({ event, code }) => [event, code]));
  for (const [about, code] of codes) {
    await recordAction(account, { ...action, code, ...(about !== undefined && { about }) });
  }
}

async function recordAction({ dynamoDb, stackName }: LedgerAccount, action: LedgerAction): Promise<void> {
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

/**
 * Writes an entry in the place of the one that was read, whose revision is one less; false where somebody has changed it
 * meanwhile.
 */
export async function replaceEntry(
  { dynamoDb, stackName }: LedgerAccount,
  entry: LedgerEntry,
): Promise<boolean> {
  const condition = {
    ConditionExpression: 'revision = :before',
    ExpressionAttributeValues: { ':before': { N: String(entry.revision - 1) } },
  };
  try {
    await dynamoDb.send(
      new PutItemCommand({ TableName: ledgerTableName(stackName), Item: writeItem(entry), ...condition }),
    );
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}

/** Parts of the table that are read at the same time. */
const SEGMENTS = 8;

/** Which items of the whole ledger are wanted: those that have one of the values in one of the attributes. */
type Wanted = { readonly attributes: readonly string[]; readonly values: readonly string[] };

/** Our own id of a delivery and Webex Campaign's of an event stand in these attributes; neither is in a key. */
const ID_ATTRIBUTES = ['webhookId', 'firstWebhookId', 'transactionId'] as const;

/**
 * Searches the whole ledger for webhooks by another id than the vendor's: our own of a delivery, or Webex Campaign's of an
 * event. There is no index for these, because every event would pay for it.
 * @param onProgress called with the number of items that were searched so far
 */
export async function scanWebhooks(
  account: LedgerAccount,
  id: string,
  onProgress: (count: number) => void,
): Promise<readonly string[]> {
  const items = await scanItems(account, { attributes: ID_ATTRIBUTES, values: [id] }, onProgress);
  return [...new Set(items.flatMap(({ webhook }) => webhook?.S ?? []))];
}

/**
 * Searches the whole ledger for the events of one customer, by the keyed hashes that her key may have. It has no index for
 * them either (docs/decisions/0039-find-her.md).
 */
export async function scanEntries(
  account: LedgerAccount,
  hashes: readonly string[],
  onProgress: (count: number) => void,
): Promise<readonly LedgerEntry[]> {
  const items = await scanItems(account, { attributes: ['eventKeyHash'], values: hashes }, onProgress);
  return items.map(readItem).filter(({ movedTo }) => movedTo === undefined);
}

async function scanItems(
  account: LedgerAccount,
  wanted: Wanted,
  onProgress: (count: number) => void,
): Promise<readonly Item[]> {
  let count = 0;
  const scanned = await Promise.all(
    Array.from({ length: SEGMENTS }, (_, segment) =>
      scanSegment(account, { ...wanted, segment }, (more) => {
        count += more;
        onProgress(count);
      }),
    ),
  );
  return scanned.flat();
}

async function scanSegment(
  { dynamoDb: client, stackName }: LedgerAccount,
  { attributes, values, segment }: Wanted & { readonly segment: number },
  onPage: (count: number) => void,
): Promise<readonly Item[]> {
  const names = values.map((_, index) => `:value${index}`);
  const pages = paginateScan(
    { client },
    {
      TableName: ledgerTableName(stackName),
      FilterExpression: attributes.map((name) => `${name} IN (${names.join(', ')})`).join(' OR '),
      ExpressionAttributeValues: Object.fromEntries(
        values.map((value, index) => [`:value${index}`, { S: value }]),
      ),
      Segment: segment,
      TotalSegments: SEGMENTS,
    },
  );
  const items: Item[] = [];
  for await (const { Items = [], ScannedCount = 0 } of pages) {
    items.push(...Items);
    onPage(ScannedCount);
  }
  return items;
}
