import type { Message } from '@aws-sdk/client-sqs';
import { decodeBufferedWebhook } from '../../lambdas/buffer/message.ts';
import { readNote } from '../../lambdas/dead-letter/note.ts';
import { type LedgerKey, ledgerKey } from '../../lambdas/deliver/ledger/entry.ts';
import { identifyWebhook } from '../../lambdas/ingest/identity.ts';
import {
  type CompiledMapping,
  compileMapping,
  eventsOf as pendingEventsOf,
} from '../../lambdas/map/webhook.ts';
import { type BodyFormat, parseBody } from '../../lambdas/webhook-body.ts';
import type { MappingFile } from '../../lib/mapping/file.ts';
import { resolveMapping } from '../../lib/mapping/schema.ts';
import { LOCAL_STAGE } from '../../lib/stages/synthesize.ts';
import { type SigningTerms, signPlanned } from '../plan/build-webhook.ts';
import { eventsOf, type PlannedWebhook } from '../plan/plan.ts';
import type { LedgerItem, StackAccess } from '../play/stack-access.ts';

/** A mapping that ran at some time of the rehearsal, ready to say how the ledger names its events. */
type NamedMapping = { readonly file: MappingFile; readonly compiled: CompiledMapping };

/** What the ledger calls planned webhooks and their events. */
export type LedgerNames = {
  /** Source and deduplication id of every request that a webhook was sent in, by its place in the plan. */
  readonly requests: readonly ReadonlySet<string>[];
  /** The ledger's name of each planned event, by its identity in the plan. */
  readonly events: ReadonlyMap<string, string>;
};

export function nameMappings(files: readonly MappingFile[]): readonly NamedMapping[] {
  return files.map((file) => ({ file, compiled: compileMapping(resolveMapping(file, LOCAL_STAGE)) }));
}

/** An entry's name, the same whatever its event was called in the middle of the run. */
function nameOf({ webhook, event }: LedgerKey): string {
  return `${webhook} ${event.replace(/^welcomed\b/, 'greeted')}`;
}

/** Webhooks with the bodies that they were sent in; the first is the one that the plan's events are counted by. */
type SentWebhook = { readonly webhook: PlannedWebhook; readonly bodies: readonly Uint8Array[] };

/** Finds the names of all planned webhooks. */
export async function nameInLedger(
  sent: readonly SentWebhook[],
  mappings: readonly NamedMapping[],
  termsOf: (source: string) => SigningTerms,
): Promise<LedgerNames> {
  const requests: ReadonlySet<string>[] = [];
  const events = new Map<string, string>();
  for (const { webhook, bodies } of sent) {
    const mapping = mappings.find(({ file }) => file.source === webhook.source);
    const named = await Promise.all(
      (mapping === undefined ? [] : bodies).map((body) =>
        nameRequest(webhook, body, mapping as NamedMapping, termsOf(webhook.source)),
      ),
    );
    requests.push(new Set(named.map(({ request }) => request)));
    for (const { name, identity } of eventsOf(webhook)) {
      const found = named[0]?.events.get(name);
      if (found !== undefined) events.set(identity, found);
    }
  }
  return { requests, events };
}

type NamedRequest = { readonly request: string; readonly events: ReadonlyMap<string, string> };

async function nameRequest(
  webhook: PlannedWebhook,
  body: Uint8Array,
  mapping: NamedMapping,
  terms: SigningTerms,
): Promise<NamedRequest> {
  const { source } = webhook;
  const signed = signPlanned(webhook, body, mapping.file, terms);
  const headers = new Map(Object.entries(signed.headers).map(([name, value]) => [name.toLowerCase(), value]));
  const identity = identifyWebhook(mapping.file.profile, { headers, rawBody: signed.body });
  if (!identity.ok) return { request: `${source}#`, events: new Map() };
  const { deduplicationId, eventTypes, bodyFormat } = identity.value;
  const named = await nameEvents(
    {
      source,
      deduplicationId,
      eventTypes,
      bodyFormat,
      headers: Object.fromEntries(headers),
      rawBody: signed.body,
    },
    mapping.compiled,
  );
  return { request: `${source}#${deduplicationId}`, events: named };
}

type ReadWebhook = {
  readonly source: string;
  readonly deduplicationId: string;
  readonly eventTypes: readonly string[];
  readonly bodyFormat: BodyFormat;
  readonly headers: Readonly<Record<string, string>>;
  readonly rawBody: Uint8Array;
};

/** The ledger's names of a webhook's events, by name and item. */
async function nameEvents(
  webhook: ReadWebhook,
  compiled: CompiledMapping,
): Promise<ReadonlyMap<string, string>> {
  const { source, eventTypes, headers, rawBody, bodyFormat } = webhook;
  const body = parseBody(rawBody, bodyFormat, { form: compiled.form });
  if (!body.ok) return new Map();
  const receivedAt = new Date(0).toISOString();
  const pending = await pendingEventsOf(compiled, {
    source,
    eventTypes,
    headers,
    receivedAt,
    body: body.value,
  });
  return new Map(pending.map((event) => [writeItem(event), nameOf(ledgerKey(webhook, event))]));
}

/** An event and its item, as plans and dead letters name them. */
function writeItem({ name, item }: { readonly name: string; readonly item?: number }): string {
  return item === undefined ? name : `${name}#${item}`;
}

/** Finds the ledger's names of the events that a message's webhook has by any of these mappings. */
async function nameEventsOfMessage(
  message: { readonly body: string; readonly attributes: Readonly<Record<string, string>> },
  mappings: readonly NamedMapping[],
): Promise<ReadonlyMap<string, string>> {
  const decoded = decodeBufferedWebhook(message);
  if (!decoded.ok) return new Map();
  const own = mappings.filter(({ file }) => file.source === decoded.value.source);
  const named = await Promise.all(own.map(({ compiled }) => nameEvents(decoded.value, compiled)));
  return new Map(named.flatMap((one) => [...one]));
}

/** A failure of a dead letter that lay in its queue at the end; a dead letter without a note is one as well. */
export type FoundDeadLetter = {
  /** Source and deduplication id of its webhook; missing where it is no webhook. */
  readonly webhook?: string;
  /** The ledger's name of the event; missing where its note names none. */
  readonly event?: string;
  /** Missing where there is no note that can be read. */
  readonly code?: string;
  readonly detail?: string;
};

/** An entry of the ledger, as far as it is judged. */
export type FoundEntry = {
  /** The ledger's name of the event. */
  readonly name: string;
  readonly state: string;
  readonly code?: string;
  readonly revision: number;
};

/** What is left in queues and ledger at the end. */
export type Remains = {
  readonly deadLetters: readonly FoundDeadLetter[];
  /** By their names. An event that was renamed may have left several: the one that was written most often counts. */
  readonly entries: ReadonlyMap<string, FoundEntry>;
  /** Messages that are still on the buffer. */
  readonly waiting: number;
};

/** What stock is taken of, and what must not be found meanwhile. */
type StockSettings = {
  /** The ledger's names of the planned events: the ledger may hold many more, of earlier rounds. */
  readonly names: ReadonlySet<string>;
  /** All mappings that ran. */
  readonly mappings: readonly NamedMapping[];
  /** Whether a text holds what must stand nowhere; `leak` is called with the place where it does. */
  readonly isSecret: (text: string) => boolean;
  readonly leak: (where: string) => void;
};

/** Takes stock of what is left of the planned webhooks. */
export async function takeStock(
  stack: StackAccess,
  { names, mappings, isSecret, leak }: StockSettings,
): Promise<Remains> {
  const deadLetters: FoundDeadLetter[] = [];
  await stack.takeDeadLetters(async (message) => {
    if (isSecret(JSON.stringify(message.MessageAttributes ?? {}))) leak('dead-letter note');
    deadLetters.push(...(await readDeadLetter(message, mappings)));
  });
  const entries = new Map<string, FoundEntry>();
  await stack.eachLedgerEntry((items) => {
    if (isSecret(JSON.stringify(items))) leak('ledger');
    for (const entry of items.map(readEntry)) {
      const isLater = entry.revision > (entries.get(entry.name)?.revision ?? 0);
      if (names.has(entry.name) && isLater) entries.set(entry.name, entry);
    }
  });
  return { deadLetters, entries, waiting: await stack.bufferDepth() };
}

async function readDeadLetter(
  { Body = '', MessageAttributes = {} }: Message,
  mappings: readonly NamedMapping[],
): Promise<readonly FoundDeadLetter[]> {
  const attributes = Object.fromEntries(
    Object.entries(MessageAttributes).map(([name, { StringValue = '' }]) => [name, StringValue]),
  );
  const { source, 'deduplication-id': ids } = attributes;
  const id = ids?.split('\n')[0];
  const webhook = source === undefined || id === undefined ? undefined : `${source}#${id}`;
  const about = webhook === undefined ? {} : { webhook };
  const note = readNote(attributes);
  if (note === undefined) return [about];
  const names = await nameEventsOfMessage({ body: Body, attributes }, mappings);
  return note.failures.flatMap(({ code, detail, event, items }): readonly FoundDeadLetter[] => {
    const failure = { ...about, code, ...(detail !== undefined && { detail }) };
    if (event === undefined) return [failure];
    const written = (items ?? [undefined]).map((item) =>
      writeItem({ name: event, ...(item !== undefined && { item }) }),
    );
    return written.map((one) => ({ ...failure, event: names.get(one) ?? `${webhook} ${one}` }));
  });
}

function readEntry({ webhook, event, state, code, revision }: LedgerItem): FoundEntry {
  return {
    name: nameOf({ webhook: webhook?.S ?? '', event: event?.S ?? '' }),
    state: state?.S ?? '',
    ...(code?.S !== undefined && { code: code.S }),
    revision: Number(revision?.N ?? 0),
  };
}
