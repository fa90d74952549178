import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { ledgerKey } from '../lambdas/deliver/ledger/entry.ts';
import { foldersOf } from '../lib/mapping/folders.ts';
import type { Account } from './account.ts';
import { type DeadLetter, ledgerWebhookOf, readDeadLetters } from './dead-letter.ts';
import { openBuffer } from './dead-letter-queue.ts';
import { type LedgerStory, readStory, scanWebhooks } from './ledger-items.ts';
import { reportEvery, reportProgress } from './progress.ts';
import type { Project } from './project.ts';

/** All that is known of one webhook: what the ledger has, and its dead letters. */
export type WebhookFacts = { readonly story: LedgerStory; readonly deadLetters: readonly DeadLetter[] };

/** A page of each segment is some thousand items. */
const REPORT_EVERY = 20_000;

/**
 * Finds a webhook by any id that a person can have: the vendor's (of any source of the project, or of the given one), our own
 * of a delivery, Webex Campaign's of an event, or a dead letter's. It asks for the vendor's and the dead letter's first, a
 * query a source, and searches the whole ledger only where these find nothing.
 */
export async function findWebhook(
  account: Account,
  project: Project,
  { id, source }: { readonly id: string; readonly source?: string | undefined },
): Promise<readonly WebhookFacts[]> {
  const deadLetters = await readDeadLetters(account);
  const sources = source === undefined ? foldersOf(project.mappings) : [source];
  const named = deadLetters.filter((one) => isNamed(one, id)).map(ledgerWebhookOf);
  const asVendors = sources.map(
    (one) => ledgerKey({ source: one, deduplicationId: id }, { name: '' }).webhook,
  );
  const found = await readFacts(account, [...named, ...asVendors], deadLetters);
  if (found.length > 0) return found;
  reportProgress(`No vendor's id is ${id}: searching the whole ledger for it …`);
  const reportScanned = reportEvery(REPORT_EVERY, (count) => `${count} items of the ledger searched …`);
  return readFacts(account, await scanWebhooks(account, id, reportScanned), deadLetters);
}

/** What is known of some webhooks; one that is unknown is left out. */
async function readFacts(
  account: Account,
  webhooks: readonly string[],
  deadLetters: readonly DeadLetter[],
): Promise<readonly WebhookFacts[]> {
  const found: WebhookFacts[] = [];
  for (const webhook of new Set(webhooks)) {
    const own = deadLetters.filter((one) => ledgerWebhookOf(one) === webhook);
    const story = await readStory(account, webhook);
    if (story !== undefined || own.length > 0) {
      const empty = { webhook, entries: [], intakeRecords: [], actions: [] };
      found.push({ story: story ?? empty, deadLetters: own });
    }
  }
  return found;
}

/** How many webhooks wait on the buffer: the ledger does not know them yet. */
export async function countWaiting({ sqs, stackName }: Account): Promise<number> {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: await openBuffer(sqs, stackName),
      AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
    }),
  );
  return Object.values(Attributes).reduce((sum, count) => sum + Number(count), 0);
}

function isNamed({ messageId, webhookId, deduplicationId }: DeadLetter, id: string): boolean {
  return webhookId === id || deduplicationId === id || (id.length >= 8 && messageId.startsWith(id));
}
