import type { LedgerEntry, PastAttempt } from '../lambdas/deliver/ledger/entry.ts';
import type { EventMapping } from '../lambdas/map/mapping.ts';
import { definitionOf, idsOf } from '../lib/mapping/contract.ts';
import type { MappingFile } from '../lib/mapping/file.ts';

/** Something that happened, and when. */
export type StoryLine = { readonly at: Date; readonly what: string; readonly more: readonly string[] };

/** The events of a source's mapping as it is now, as far as a story needs them. */
export type MappedTypes = readonly (Pick<EventMapping, 'name' | 'on'> & {
  readonly definition?: NamedDefinition;
})[];

/** The definition that an event names in its mapping: its ids, and a value that each parameter may have. */
type NamedDefinition = {
  readonly name: string;
  readonly ids: readonly string[];
  readonly examples: Readonly<Record<string, string>>;
};

/** The events of a mapping file, with what its contract has of them. */
export function mappedTypesOf({ events, contract }: MappingFile): MappedTypes {
  return events.map((event) => {
    const { name, on, definition: written = '' } = event;
    const definition = definitionOf(event, contract);
    if (definition === undefined) return { name, on };
    const examples = Object.entries(definition.parameters).flatMap(([parameter, { example }]) =>
      example === undefined ? [] : [[parameter, example] as const],
    );
    const ids = idsOf(definition).map(({ id }) => id);
    return { name, on, definition: { name: written, ids, examples: Object.fromEntries(examples) } };
  });
}

/** The calls of an event, each with what it was about and what came of it. */
export function linesOfCalls(
  entry: LedgerEntry,
  definition: NamedDefinition | undefined,
): readonly StoryLine[] {
  const { history = [] } = entry;
  return history.map((attempt, index) =>
    lineOfAttempt(entry, attempt, {
      before: history[index - 1],
      isLast: index === history.length - 1,
      definition,
    }),
  );
}

/** Where an attempt stands among those of an entry, and the definition that the entry's event names now. */
type AttemptPlace = {
  readonly before: PastAttempt | undefined;
  readonly isLast: boolean;
  readonly definition: NamedDefinition | undefined;
};

function lineOfAttempt(
  entry: LedgerEntry,
  attempt: PastAttempt,
  { before, isLast, definition }: AttemptPlace,
): StoryLine {
  const { event, answer, transactionId } = entry;
  const { at, code, status, answerCode } = attempt;
  const http =
    status === undefined
      ? 'no answer'
      : `HTTP ${status}${answerCode === undefined ? '' : `, code ${answerCode}`}`;
  const said = isLast ? answer?.description : attempt.description;
  const description = said === undefined ? [] : [`Webex Campaign said: "${said}"`];
  return {
    at,
    what: `${event}: called Webex Campaign: ${code === 'delivered' ? 'accepted' : code} (${http})`,
    more: [
      ...(isLast
        ? formatLastCall(entry, attempt, definition)
        : formatEarlierCall(attempt, before, definition)),
      ...description,
      ...(isLast && transactionId !== undefined ? [`transaction id ${transactionId}`] : []),
    ],
  };
}

/** What was called. An entry of 0.1.0 has the parameters of the latest mapping only: an earlier call may have had others. */
function formatLastCall(
  { eventId: latest, parameters }: LedgerEntry,
  attempt: PastAttempt,
  definition: NamedDefinition | undefined,
): readonly string[] {
  const eventId = attempt.eventId ?? latest;
  if (eventId === undefined) return [];
  const event = formatId(eventId, definition);
  return [eventId === latest ? `${event}; ${formatParameters(parameters, definition?.examples)}` : event];
}

/** An id by the name of its definition, where the mapping names it still. */
function formatId(id: string, definition: NamedDefinition | undefined): string {
  return definition?.ids.includes(id) ? `event ${definition.name} (${id})` : `event ${id}`;
}

/**
 * The event id where it differs from that of the call before, and the parameters, which the ledger keeps where the next call
 * had others. Attempts of entries from old versions have neither.
 */
function formatEarlierCall(
  { eventId, parameters }: PastAttempt,
  before: PastAttempt | undefined,
  definition: NamedDefinition | undefined,
): readonly string[] {
  const event = eventId === undefined || eventId === before?.eventId ? [] : [formatId(eventId, definition)];
  const sent = parameters === undefined ? [] : [formatParameters(parameters, definition?.examples)];
  const parts = [...event, ...sent];
  return parts.length === 0 ? [] : [parts.join('; ')];
}

/** The ledger keeps no values: the examples are those of the contract. */
function formatParameters(
  parameters: Readonly<Record<string, number>> = {},
  examples: NamedDefinition['examples'] = {},
): string {
  const sizes = Object.entries(parameters).map(([name, bytes]) => {
    const like = Object.hasOwn(examples, name) ? `, as in "${examples[name]}"` : '';
    return `${name} (${bytes} bytes${like})`;
  });
  return sizes.length === 0 ? 'no parameters' : `parameters ${sizes.join(', ')}`;
}
