import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import * as z from 'zod';
import { parseWebexSecret } from '../lambdas/deliver/event-api/keys.ts';
import { hashEventKey, type LedgerEntry } from '../lambdas/deliver/ledger/entry.ts';
import { normaliseEventKey } from '../lambdas/map/event.ts';
import type { EventKeyMapping } from '../lambdas/map/mapping.ts';
import { fail, parseJson, type Result, succeed } from '../lambdas/result.ts';
import { SEARCHES_A_MINUTE, type SearchAnswer, type SearchRefusal } from '../lambdas/search/search.ts';
import { startProgress } from '../lib/config/progress.ts';
import type { Preview } from '../lib/mapping/examples/example.ts';
import type { MappingFile } from '../lib/mapping/file.ts';
import { resolveMapping, secretNameOf } from '../lib/mapping/schema.ts';
import { KEYS_SECRET } from '../lib/stages/limits.ts';
import { type DeadLetter, eventNameOf, readDeadLetters } from './dead-letters/dead-letter.ts';
import { createPreviewer } from './dead-letters/preview.ts';
import { type LedgerAction, readStory, scanEntries, sourceOf } from './ledger-items.ts';
import type { Account, Project } from './project.ts';
import { endingOf, endingOfDeadLetter } from './story.ts';

/** How a customer can be named: the kinds of event keys that Webex Campaign knows. */
export const CUSTOMER_KINDS = ['email', 'msisdn', 'customer-id', 'device'] as const;

export type CustomerKind = (typeof CUSTOMER_KINDS)[number];

/** Whom a person asks about, as they typed it. */
export type CustomerName = { readonly key: string; readonly kind?: CustomerKind | undefined };

/** All event keys that a customer may have been messaged by: mappings write the same address or number differently. */
export type CustomerKeys = { readonly kind: CustomerKind; readonly eventKeys: readonly string[] };

/**
 * Reads a customer's key as the mappings do. The kind is guessed where it is clear. Fails with a sentence for a key that is
 * none of its kind.
 */
export async function readCustomer(
  { key, kind = guessKind(key) }: CustomerName,
  mappings: readonly MappingFile[],
): Promise<Result<CustomerKeys, string>> {
  if (kind === undefined)
    return fail(
      `What kind of key is it? Give --kind: ${CUSTOMER_KINDS.join(', ')}. (An address with "@" and a number with "+" need none.)`,
    );
  const forms = formsOf(kind, mappings);
  const written = await Promise.all(forms.map((form) => normaliseEventKey(form, key.trim())));
  const eventKeys = new Set(written.flatMap((one) => (one.ok ? [one.value] : [])));
  if (eventKeys.size === 0) return fail(NOT_OF_KIND[kind]);
  // Mappings that name no kind send a key as it stands in the webhook.
  return succeed({ kind, eventKeys: [...eventKeys.add(key.trim())] });
}

const NOT_OF_KIND: Readonly<Record<CustomerKind, string>> = {
  email: 'This is no e-mail address. Is the key of another --kind?',
  msisdn: 'This is no phone number. Give it with its country code: +49 170 1234567.',
  'customer-id': 'A customer id has no control characters.',
  device: 'A device id has no control characters.',
};

function guessKind(key: string): CustomerKind | undefined {
  if (key.includes('@')) return 'email';
  return /^\s*(?:tel:)?\+[\d\s().-]+$/.test(key) ? 'msisdn' : undefined;
}

/** How mappings may write keys of a kind: those of today, and those that the options allow, as they may have changed. */
function formsOf(kind: CustomerKind, mappings: readonly MappingFile[]): readonly EventKeyMapping[] {
  const value = '';
  switch (kind) {
    case 'email':
      return [true, false].map((lowerCase) => ({ kind, value, lowerCase }));
    case 'msisdn': {
      const regions = mappings.flatMap((file) =>
        resolveMapping(file, '').events.flatMap(({ 'event-key': key }) =>
          key.kind === 'msisdn' && key.defaultRegion !== undefined ? [key.defaultRegion] : [],
        ),
      );
      return [undefined, ...new Set(regions)].flatMap((region) =>
        [true, false].map((plus) => ({
          ...{ kind, value, plus },
          ...(region !== undefined && { defaultRegion: region }),
        })),
      );
    }
    case 'customer-id':
    case 'device':
      return [{ kind, value }];
  }
}

/**
 * The keyed hashes by which the ledger knows a customer. On AWS a function gives them, so that nobody needs the keys; the
 * secret of the local run can be read by anybody. Fails with a sentence.
 */
async function hashesOf(
  account: Account,
  eventKeys: readonly string[],
): Promise<Result<readonly string[], string>> {
  if (account.url !== undefined) return hashHere(account, eventKeys);
  const { searchFunction } = account;
  if (searchFunction === undefined) return fail(NO_SEARCH);
  const by = await whoAsks();
  const hashes: string[] = [];
  for (const eventKey of eventKeys) {
    const answer = await askSearch(searchFunction, { eventKey, by });
    if ('code' in answer) return fail(REFUSALS[answer.code]);
    hashes.push(answer.eventKeyHash);
  }
  return succeed(hashes);
}

const NO_SEARCH =
  'The function that finds customers was not found: CloudFormation does not show it to you (grantSearch lets you), or the stack is of version 0.1.0 and has none.';

const REFUSALS: Readonly<Record<SearchRefusal['code'], string>> = {
  'search-invalid':
    'The search function does not understand this command: they are of different versions. Use the version that is deployed.',
  'search-limited': `There were more than ${SEARCHES_A_MINUTE} searches in this minute. Wait for a minute, and try again.`,
  'search-uncounted': 'The search could not be counted, so that it is not made. Try again in a moment.',
  'hash-key-missing':
    'The secret of the API keys has no "hashKey", so that the ledger knows no customers. "secrets rotate" makes one.',
  'secret-missing': 'The API keys are not set, so that nobody was messaged yet.',
  'secret-invalid': 'The secret of the API keys cannot be read. "secrets status" says what is wrong.',
  'secret-unreadable':
    'Secrets Manager did not give the API keys to the search function. Try again in a moment.',
};

async function hashHere(
  { secretsManager, stackName }: Account,
  eventKeys: readonly string[],
): Promise<Result<readonly string[], string>> {
  const SecretId = secretNameOf(stackName, KEYS_SECRET);
  const { SecretString = '' } = await secretsManager.send(new GetSecretValueCommand({ SecretId }));
  const secret = parseWebexSecret(SecretId, SecretString);
  if (!secret.ok) return fail(REFUSALS[secret.failure.code]);
  const { hashKey } = secret.value;
  if (hashKey === undefined) return fail(REFUSALS['hash-key-missing']);
  return succeed(eventKeys.map((eventKey) => hashEventKey(eventKey, hashKey)));
}

const answerSchema = z.union([
  z.strictObject({ eventKeyHash: z.string() }),
  z.object({ code: z.enum(Object.keys(REFUSALS) as [keyof typeof REFUSALS]) }),
]);

async function askSearch(
  FunctionName: string,
  request: { readonly eventKey: string; readonly by: string },
): Promise<SearchAnswer> {
  const { Payload } = await new LambdaClient({}).send(
    new InvokeCommand({ FunctionName, Payload: Buffer.from(JSON.stringify(request)) }),
  );
  const text = Buffer.from(Payload ?? []).toString('utf8');
  return answerSchema.safeParse(parseJson(text)).data ?? { code: 'search-invalid' };
}

/** The caller's identity, for the function's log. CloudTrail has it for certain. */
async function whoAsks(): Promise<string> {
  const { Arn = 'unknown' } = await new STSClient({}).send(new GetCallerIdentityCommand({}));
  return Arn;
}

/** A dead letter with an event of a customer's. */
type CustomerLetter = {
  readonly deadLetter: DeadLetter;
  /** Whether all of its events are hers; a batch may be of many people. */
  readonly isHersAlone: boolean;
};

/** All that is known of a customer: of her events, and of the dead letters that are hers. */
export type CustomerFacts = {
  readonly keys: CustomerKeys;
  /** Newest first. */
  readonly entries: readonly LedgerEntry[];
  /** What people did about dead letters, by webhook. */
  readonly actions: ReadonlyMap<string, readonly LedgerAction[]>;
  readonly letters: readonly CustomerLetter[];
  /** Dead letters of which nobody can tell whose they are: their webhooks cannot be mapped now. */
  readonly unread: readonly DeadLetter[];
};

/**
 * Finds all of a customer's events of the last 30 days. The ledger has no index by customer and is searched as a whole, which
 * shows its progress; dead letters are mapped, to see whose they are. Fails with a sentence.
 */
export async function findCustomer(
  account: Account,
  project: Project,
  keys: CustomerKeys,
): Promise<Result<CustomerFacts, string>> {
  const hashes = await hashesOf(account, keys.eventKeys);
  if (!hashes.ok) return hashes;
  const { update, end } = startProgress('Items of the ledger searched', undefined);
  const scanned = await scanEntries(account, hashes.value, update).finally(end);
  const entries = scanned.toSorted((one, other) => other.receivedAt.getTime() - one.receivedAt.getTime());
  const read = await readLetters(account, project, keys);
  return succeed({ keys, entries, actions: await readActions(account, entries), ...read });
}

async function readLetters(
  account: Account,
  project: Project,
  { eventKeys }: CustomerKeys,
): Promise<Pick<CustomerFacts, 'letters' | 'unread'>> {
  const preview = createPreviewer(project, account);
  const letters: CustomerLetter[] = [];
  const unread: DeadLetter[] = [];
  for (const deadLetter of await readDeadLetters(account)) {
    const mapped = await preview(deadLetter);
    const whose = mapped.ok ? whoseAre(mapped.value.preview, eventKeys) : 'unknown';
    if (whose === 'unknown') unread.push(deadLetter);
    else if (whose !== 'others') letters.push({ deadLetter, isHersAlone: whose === 'hers' });
  }
  return { letters, unread };
}

/** Whose the events of a webhook are, by the mapping as it is now. */
export function whoseAre(
  preview: Preview,
  eventKeys: readonly string[],
): 'hers' | 'hers-too' | 'others' | 'unknown' {
  if (preview.outcome !== 'mapped') return 'unknown';
  const due = preview.events.filter(({ kind }) => kind !== 'skipped');
  const hers = due.filter((one) => one.kind === 'event' && eventKeys.includes(one.event.eventKey));
  if (hers.length > 0) return hers.length === due.length ? 'hers' : 'hers-too';
  return due.length === 0 || due.some(({ kind }) => kind === 'rejected') ? 'unknown' : 'others';
}

/** What people did about the dead letters of some events' webhooks. */
async function readActions(
  account: Account,
  entries: readonly LedgerEntry[],
): Promise<CustomerFacts['actions']> {
  const webhooks = [...new Set(entries.map(({ webhook }) => webhook))];
  const stories = await Promise.all(webhooks.map((webhook) => readStory(account, webhook)));
  return new Map(stories.flatMap((story) => (story === undefined ? [] : [[story.webhook, story.actions]])));
}

/** One event of a customer's, and how it stands. */
export type CustomerEvent = {
  readonly receivedAt: Date;
  readonly source: string;
  readonly event: string;
  readonly state: LedgerEntry['state'] | 'dead-letter';
  readonly code?: string;
  /** In one sentence. */
  readonly verdict: string;
  /** The id by which `explain` tells the whole story. */
  readonly id: string;
};

/** Her events, newest first, each with its verdict. */
export function customerEvents({ entries, actions, letters }: CustomerFacts): readonly CustomerEvent[] {
  const deadLetters = letters.map(({ deadLetter }) => deadLetter);
  const known = new Set(entries.map(({ webhookId }) => webhookId));
  const events = [
    ...entries.map((entry) => eventOfEntry(entry, { actions, deadLetters })),
    // What failed before it was claimed is in no ledger.
    ...deadLetters.filter(({ webhookId = '' }) => !known.has(webhookId)).map(eventOfLetter),
  ];
  return events.toSorted((one, other) => other.receivedAt.getTime() - one.receivedAt.getTime());
}

function eventOfEntry(
  entry: LedgerEntry,
  { actions, deadLetters }: Pick<CustomerFacts, 'actions'> & { readonly deadLetters: readonly DeadLetter[] },
): CustomerEvent {
  const { webhook, webhookId, receivedAt, event, state, code } = entry;
  const own = deadLetters.filter((one) => one.webhookId === webhookId);
  const { title } = endingOf(entry, { story: { actions: actions.get(webhook) ?? [] }, deadLetters: own });
  const source = sourceOf(webhook);
  return {
    ...{ receivedAt, source, event, state, verdict: title, id: webhook.slice(source.length + 1) },
    ...(code !== undefined && { code }),
  };
}

function eventOfLetter(deadLetter: DeadLetter): CustomerEvent {
  const { source = 'unknown', deduplicationId, messageId, receivedAt, since, code } = deadLetter;
  return {
    receivedAt: receivedAt === undefined ? since : new Date(receivedAt),
    ...{ source, state: 'dead-letter', code, verdict: endingOfDeadLetter(deadLetter).title },
    event: eventNameOf(deadLetter) ?? 'unknown',
    id: deduplicationId ?? messageId,
  };
}
