import { paginateScan } from '@aws-sdk/client-dynamodb';
import { ledgerTableName } from '../lambdas/deliver/ledger-entry.ts';
import type { LedgerAccount } from './ledger-items.ts';

/** Parts of the table that are read at the same time. */
const SEGMENTS = 8;

/** Where our own id of a delivery and Webex Campaign's of an event stand; neither is in a key. */
const ID_ATTRIBUTES = ['webhookId', 'firstWebhookId', 'transactionId'] as const;

/**
 * Looks through the whole ledger for the webhooks that go by another id than the vendor's: our own of a delivery, or Webex
 * Campaign's of an event. No index leads there, as each event would pay for it.
 * @param tellCount told how many items were looked at so far
 */
export async function scanWebhooks(
  account: LedgerAccount,
  id: string,
  tellCount: (count: number) => void,
): Promise<readonly string[]> {
  let count = 0;
  const scanned = await Promise.all(
    Array.from({ length: SEGMENTS }, (_, segment) =>
      scanSegment(account, { id, segment }, (more) => {
        count += more;
        tellCount(count);
      }),
    ),
  );
  return [...new Set(scanned.flat())];
}

async function scanSegment(
  { dynamoDb: client, stackName }: LedgerAccount,
  { id, segment }: { readonly id: string; readonly segment: number },
  tellMore: (count: number) => void,
): Promise<readonly string[]> {
  const pages = paginateScan(
    { client },
    {
      TableName: ledgerTableName(stackName),
      FilterExpression: ID_ATTRIBUTES.map((name) => `${name} = :id`).join(' OR '),
      ExpressionAttributeValues: { ':id': { S: id } },
      ProjectionExpression: 'webhook',
      Segment: segment,
      TotalSegments: SEGMENTS,
    },
  );
  const webhooks: string[] = [];
  for await (const { Items = [], ScannedCount = 0 } of pages) {
    webhooks.push(...Items.flatMap(({ webhook }) => webhook?.S ?? []));
    tellMore(ScannedCount);
  }
  return webhooks;
}
