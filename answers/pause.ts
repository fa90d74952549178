import { PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { text, time, writeAttributes, writeExpiry } from '../lambdas/adapters/ledger-item.ts';
import { expiryOf, ledgerTableName } from '../lambdas/deliver/ledger/entry.ts';
import { ALL_SOURCES, PAUSES } from '../lambdas/deliver/pauses.ts';
import type { Account } from './project.ts';

type LedgerAccount = Pick<Account, 'dynamoDb' | 'stackName'>;

/** That a person has stopped the delivery of one source, or of all. */
export type Pause = {
  /** `*` for all. */
  readonly source: string;
  readonly by: string;
  readonly since: Date;
  readonly reason?: string;
};

const pauseSchema = z.object({
  event: text,
  by: text,
  since: time,
  reason: z.optional(text),
  resumedAt: z.optional(time),
});

/** All pauses that are on. */
export async function readPauses({ dynamoDb, stackName }: LedgerAccount): Promise<readonly Pause[]> {
  const { Items = [] } = await dynamoDb.send(
    new QueryCommand({
      TableName: ledgerTableName(stackName),
      KeyConditionExpression: 'webhook = :webhook',
      ExpressionAttributeValues: { ':webhook': { S: PAUSES } },
      ConsistentRead: true,
    }),
  );
  return Items.map((item) => pauseSchema.parse(item)).flatMap(({ event, resumedAt, reason, ...pause }) =>
    resumedAt === undefined
      ? [{ ...pause, source: event.slice(1), ...(reason !== undefined && { reason }) }]
      : [],
  );
}

/** Stops the delivery of a source, or of all: every worker knows it within five seconds. Its webhooks wait on the buffer. */
export function pause(account: LedgerAccount, { source, ...facts }: Pause): Promise<void> {
  // Without an end: whoever forgets it is told by the alarm, and no delivery begins by itself.
  return write(account, { webhook: PAUSES, event: `#${source}`, ...facts });
}

/** Lets the delivery of what was paused go on. The item stays for a while, for those who ask who it was. */
export async function resume(
  account: LedgerAccount,
  { source, ...facts }: Pause,
  { by, at }: { readonly by: string; readonly at: Date },
): Promise<void> {
  const end = { resumedAt: at, resumedBy: by, expiresAt: writeExpiry(expiryOf(at)) };
  await write(account, { webhook: PAUSES, event: `#${source}`, ...facts, ...end });
}

async function write(
  { dynamoDb, stackName }: LedgerAccount,
  attributes: Parameters<typeof writeAttributes>[0],
): Promise<void> {
  await dynamoDb.send(
    new PutItemCommand({ TableName: ledgerTableName(stackName), Item: writeAttributes(attributes) }),
  );
}

/** The pause that holds a source, if one does: that of all, or its own. */
export function pauseOf(pauses: readonly Pause[], source: string): Pause | undefined {
  return pauses.find((one) => one.source === source || one.source === ALL_SOURCES);
}

/** A pause in a sentence, for a story and for the status. */
export function formatPause({ source, by, since, reason }: Pause): string {
  const what = source === ALL_SOURCES ? 'All sources are' : `${source} is`;
  const why = reason === undefined ? '' : `: "${reason}"`;
  return `${what} paused since ${since.toISOString()} by ${by}${why}`;
}
