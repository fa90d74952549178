import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { ledgerKey } from '../lambdas/deliver/ledger/entry.ts';
import { reportProgress, startProgress } from '../lib/config/progress.ts';
import { foldersOf } from '../lib/mapping/folders.ts';
import { type DeadLetter, ledgerWebhookOf, readDeadLetters } from './dead-letters/dead-letter.ts';
import { eventsIn, failuresOf, type LetterEvent } from './dead-letters/letter-events.ts';
import { createPreviewer, previewedEvents } from './dead-letters/preview.ts';
import { openBuffer } from './dead-letters/queue.ts';
import { type LedgerStory, type PresentNames, readStory, scanWebhooks, sourceOf } from './ledger-items.ts';
import { type Account, findMapping, type Project } from './project.ts';

/** All that is known of one webhook: what the ledger has, and its dead letters. */
export type WebhookFacts = { readonly story: LedgerStory; readonly deadLetters: readonly DeadLetter[] };

/**
 * Finds a webhook by any id that a person can have: the vendor's (of any source of the project, or of the given one) of a
 * webhook or of one of its items, our own of a delivery, Webex Campaign's of an event, or a dead letter's. It asks for the
 * vendor's and the dead letter's first, two queries a source, and searches the whole ledger only where these find nothing.
 */
export async function findWebhook(
  account: Account,
  project: Project,
  { id, source }: { readonly id: string; readonly source?: string | undefined },
): Promise<readonly WebhookFacts[]> {
  const deadLetters = await readDeadLetters(account);
  const sources = source === undefined ? foldersOf(project.mappings) : [source];
  const named = deadLetters.filter((one) => isNamed(one, id)).map(ledgerWebhookOf);
  const search = { account, project, deadLetters };
  for (const names of [sources, sources.flatMap((one) => formerSourcesOf(project, one))]) {
    const found = await readFacts(search, [...named, ...names.flatMap((one) => keysOf(one, id))]);
    if (found.length > 0) return found;
  }
  reportProgress(`No vendor's id is ${id}: searching the whole ledger for it …`);
  const { update, end } = startProgress('Items of the ledger searched', undefined);
  const webhooks = await scanWebhooks(account, id, update).finally(end);
  return readFacts(search, webhooks);
}

/** An id of a vendor may be that of a webhook, or that of a fact. */
function keysOf(source: string, id: string): readonly string[] {
  const webhook = { source, deduplicationId: id };
  return [ledgerKey(webhook, { name: '' }).webhook, ledgerKey(webhook, { name: '', identity: id }).webhook];
}

function formerSourcesOf(project: Project, source: string): readonly string[] {
  const mapping = findMapping(project, source);
  return mapping.ok ? (mapping.value.formerly ?? []) : [];
}

/** What is searched. */
type Search = {
  readonly account: Account;
  readonly project: Project;
  readonly deadLetters: readonly DeadLetter[];
};

/** What is known of some webhooks and facts; one that is unknown is left out, and so is a fact of a webhook that is told. */
async function readFacts(search: Search, keys: readonly string[]): Promise<readonly WebhookFacts[]> {
  const found: WebhookFacts[] = [];
  const isOfFact = (key: string) => key.charAt(sourceOf(key).length) === ':';
  const [facts, webhooks] = [true, false].map((wanted) =>
    [...new Set(keys)].filter((key) => isOfFact(key) === wanted),
  );
  for (const key of webhooks ?? []) found.push(...(await readWebhook(search, key)));
  const told = new Set(
    found.flatMap(({ story }) =>
      story.entries.flatMap(({ webhook, identity }) => (identity === undefined ? [] : [webhook])),
    ),
  );
  for (const key of (facts ?? []).filter((one) => !told.has(one)))
    found.push(...(await readFact(search, key)));
  return found;
}

async function readWebhook(
  { account, project, deadLetters }: Search,
  webhook: string,
): Promise<readonly WebhookFacts[]> {
  const own = deadLetters.filter((one) => ledgerWebhookOf(one) === webhook);
  const story = await readStory(account, webhook, presentNamesOf(project, webhook));
  if (story === undefined && own.length === 0) return [];
  const empty = { webhook, entries: [], intakeRecords: [], actions: [] };
  return [{ story: story ?? empty, deadLetters: own }];
}

/** The dead letters of a fact's event are those of the webhook that it was last taken from. */
async function readFact(
  { account, project, deadLetters }: Search,
  fact: string,
): Promise<readonly WebhookFacts[]> {
  const story = await readStory(account, fact, presentNamesOf(project, fact));
  if (story === undefined) return [];
  const identity = fact.slice(sourceOf(fact).length + 1);
  const entries = story.entries.map((entry) => ({ ...entry, identity }));
  const ids = new Set(entries.map(({ webhookId }) => webhookId));
  const near = deadLetters.filter(({ webhookId = '' }) => ids.has(webhookId));
  const own: DeadLetter[] = [];
  for (const one of near) own.push(...(await keepFact(one, identity, { account, project })));
  return [{ story: { ...story, entries }, deadLetters: own }];
}

/** The dead letter as far as it is of this fact, its events named without items as the fact's entries are. */
async function keepFact(
  deadLetter: DeadLetter,
  identity: string,
  { account, project }: Pick<Search, 'account' | 'project'>,
): Promise<readonly DeadLetter[]> {
  const preview = await createPreviewer(project, { stackName: account.stackName })(deadLetter);
  const mapped = preview.ok ? previewedEvents(preview.value) : () => undefined;
  const isOfFact = (event: LetterEvent) => (event.failure.identity ?? mapped(event)?.identity) === identity;
  const failures = failuresOf(eventsIn(deadLetter.failures).filter(isOfFact));
  return failures.length === 0
    ? []
    : [{ ...deadLetter, failures: failures.map(({ items: _, ...failure }) => failure) }];
}

function presentNamesOf(project: Project, webhook: string): PresentNames {
  const mapping = findMapping(project, sourceOf(webhook));
  const events = mapping.ok ? mapping.value.events : [];
  return new Map(events.flatMap(({ name, formerly = [] }) => formerly.map((former) => [former, name])));
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
