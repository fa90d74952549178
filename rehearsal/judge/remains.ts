import type { Message } from '@aws-sdk/client-sqs';
import { readNote } from '../../lambdas/dead-letter/note.ts';
import { identifyWebhook } from '../../lambdas/ingest/identity.ts';
import type { MappingFile } from '../../lib/mapping/file.ts';
import { type SigningTerms, signPlanned } from '../plan/build-webhook.ts';
import type { PlannedWebhook } from '../plan/plan.ts';
import type { LedgerItem, StackAccess } from '../play/stack-access.ts';

/** A dead letter that lay in its queue at the end. */
export type FoundDeadLetter = {
  /** Source and deduplication id, as the ledger has them; missing where it is no webhook. */
  readonly webhook?: string;
  /** Name and item of the event; missing where its note names none. */
  readonly event?: string;
  /** Missing where there is no note that can be read. */
  readonly code?: string;
  readonly detail?: string;
};

/** An entry of the ledger, as far as it is judged. */
export type FoundEntry = {
  readonly webhook: string;
  readonly event: string;
  readonly state: string;
  readonly code?: string;
};

/** What is left in queues and ledger at the end. */
export type Remains = {
  readonly deadLetters: readonly FoundDeadLetter[];
  readonly entries: readonly FoundEntry[];
  /** Messages that are still on the buffer. */
  readonly waiting: number;
};

/**
 * Takes stock of what is left of these webhooks.
 * @param names what the ledger calls the webhooks
 * @param isSecret whether a text holds what must stand nowhere; `leak` is called with the place where it does
 */
export async function takeStock(
  stack: StackAccess,
  names: readonly string[],
  {
    isSecret,
    leak,
  }: { readonly isSecret: (text: string) => boolean; readonly leak: (where: string) => void },
): Promise<Remains> {
  const deadLetters: FoundDeadLetter[] = [];
  await stack.takeDeadLetters(async (message) => {
    if (isSecret(JSON.stringify(message.MessageAttributes ?? {}))) leak('dead-letter note');
    deadLetters.push(...readDeadLetter(message));
  });
  const entries: FoundEntry[] = [];
  const isNamed = new Set(names);
  // The ledger may hold many more, of earlier rounds.
  await stack.eachLedgerEntry((items) => {
    if (isSecret(JSON.stringify(items))) leak('ledger');
    entries.push(...items.map(readEntry).filter(({ webhook }) => isNamed.has(webhook)));
  });
  return { deadLetters, entries, waiting: await stack.bufferDepth() };
}

/** One for each event that the message is of. */
function readDeadLetter({ MessageAttributes = {} }: Message): readonly FoundDeadLetter[] {
  const attributes = Object.fromEntries(
    Object.entries(MessageAttributes).map(([name, { StringValue = '' }]) => [name, StringValue]),
  );
  const { source, 'deduplication-id': id } = attributes;
  const webhook = source !== undefined && id !== undefined && { webhook: `${source}#${id}` };
  const note = readNote(attributes);
  if (note === undefined) return [{ ...webhook }];
  return note.failures.flatMap(({ code, detail, event, items }) => {
    const names = event === undefined ? [undefined] : (items?.map((item) => `${event}#${item}`) ?? [event]);
    return names.map((name) => ({
      ...webhook,
      code,
      ...(detail !== undefined && { detail }),
      ...(name !== undefined && { event: name }),
    }));
  });
}

function readEntry(item: LedgerItem): FoundEntry {
  const {
    webhook = '',
    event = '',
    state = '',
    code,
  } = Object.fromEntries(Object.entries(item).map(([name, value]) => [name, value.S]));
  return { webhook, event, state, ...(code !== undefined && { code }) };
}

/** The key that the ledger has for a planned webhook: its mapping makes it from what is signed. */
export function ledgerNameOf(
  webhook: PlannedWebhook,
  mapping: MappingFile,
  { body, ...terms }: SigningTerms & { readonly body: Uint8Array },
): string {
  const signed = signPlanned(webhook, body, mapping, terms);
  const headers = new Map(Object.entries(signed.headers).map(([name, value]) => [name.toLowerCase(), value]));
  const identity = identifyWebhook(mapping.profile, { headers, rawBody: signed.body });
  return `${webhook.source}#${identity.ok ? identity.value.deduplicationId : ''}`;
}
