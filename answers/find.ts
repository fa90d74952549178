import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { ledgerKey } from '../lambdas/deliver/ledger/entry.ts';
import { foldersOf } from '../lib/mapping/folders.ts';
import type { Account } from './account.ts';
import { type DeadLetter, ledgerWebhookOf, readLetters } from './dead-letter.ts';
import { openBuffer, readDeadLetters } from './dead-letter-queue.ts';
import { type LedgerStory, readStory, scanWebhooks } from './ledger-items.ts';
import { reportCount, reportEvery, reportProgress } from './progress.ts';
import type { Project } from './project.ts';

/** All that is known of one webhook: what the ledger has, and what of it lies in the dead-letter queue. */
export type WebhookFacts = { readonly story: LedgerStory; readonly letters: readonly DeadLetter[] };

/** The whole ledger takes a while: a page of each segment is some thousand items. */
const TELL_EVERY = 20_000;

/**
 * Finds a webhook by any id that a person can have: the vendor's (with any source of the project, or the given one), our
 * own of a delivery, Webex Campaign's of an event, or a dead letter's. The first and the last are a query a source; only
 * where they find nothing, the ledger is looked through.
 */
export async function findWebhook(
  account: Account,
  project: Project,
  { id, source }: { readonly id: string; readonly source?: string | undefined },
): Promise<readonly WebhookFacts[]> {
  const letters = readLetters(await readDeadLetters(account, reportCount()));
  const sources = source === undefined ? foldersOf(project.mappings) : [source];
  const named = letters.filter((letter) => isNamed(letter, id)).map(ledgerWebhookOf);
  const asVendors = sources.map(
    (one) => ledgerKey({ source: one, deduplicationId: id }, { name: '' }).webhook,
  );
  const found = await readFacts(account, [...named, ...asVendors], letters);
  if (found.length > 0) return found;
  reportProgress(`No vendor's id is ${id}: the whole ledger is looked through for it …`);
  const reportScanned = reportEvery(TELL_EVERY, (count) => `${count} items of the ledger looked through …`);
  return readFacts(account, await scanWebhooks(account, id, reportScanned), letters);
}

/** What there is of some webhooks; of those that nothing is known of, nothing. */
async function readFacts(
  account: Account,
  webhooks: readonly string[],
  letters: readonly DeadLetter[],
): Promise<readonly WebhookFacts[]> {
  const found: WebhookFacts[] = [];
  for (const webhook of new Set(webhooks)) {
    const own = letters.filter((letter) => ledgerWebhookOf(letter) === webhook);
    const story = await readStory(account, webhook);
    if (story !== undefined || own.length > 0) {
      found.push({ story: story ?? { webhook, entries: [], intakeRecords: [], actions: [] }, letters: own });
    }
  }
  return found;
}

/** How many webhooks wait on the buffer, of which nothing is known yet. */
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
