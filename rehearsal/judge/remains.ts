import type { Message } from '@aws-sdk/client-sqs';
import { readNote } from '../../lambdas/dead-letter/note.ts';
import type { LedgerItem, StackAccess } from '../play/stack-access.ts';
import { type NamedMapping, nameEventsOfMessage, nameOf, writeItem } from './ledger-names.ts';

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
