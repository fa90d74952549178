import type { BufferedWebhook } from '../../buffer/message.ts';
import { type CompiledMapping, isOn, type Mapped, type PendingEvent } from '../../map/webhook.ts';
import type { IntakeRecord } from './entry.ts';

type MatchedEvent = IntakeRecord['matched'][number];

/** Counts what each event of the mapping has made of a webhook. */
export type Tally = {
  /** Counts what came of an event, once for each. */
  readonly count: (mapped: MappedKind) => void;
  readonly of: (name: string) => Readonly<Counts>;
};

/** What counts of a mapped event. */
type MappedKind = Pick<Mapped, 'name' | 'kind'> & { readonly code?: 'when-not-met' | 'no-items' };

type Counts = { made: number; rejected: number; skipped?: 'when-not-met' | 'no-items' };

/**
 * Begins to count. An event counts as made until it turns out to be rejected or skipped.
 * @param before what earlier receives have counted
 */
export function createTally(events: readonly PendingEvent[], before: readonly MatchedEvent[] = []): Tally {
  const counts = new Map<string, Counts>(before.map(({ event, ...counted }) => [event, { ...counted }]));
  const isKnown = before.length > 0;
  const countsOf = (name: string) => {
    const known = counts.get(name) ?? { made: 0, rejected: 0 };
    counts.set(name, known);
    return known;
  };
  for (const { name } of isKnown ? [] : events) countsOf(name).made += 1;
  return {
    count: (mapped) => {
      if (mapped.kind === 'event') return;
      const known = countsOf(mapped.name);
      known.made -= 1;
      if (mapped.kind === 'rejected') known.rejected += 1;
      else if (mapped.code !== undefined) known.skipped = mapped.code;
    },
    of: (name) => counts.get(name) ?? { made: 0, rejected: 0 },
  };
}

/** An expression may be long; its beginning says which it is. */
const MAX_WHEN_CHARACTERS = 200;

/** DynamoDB takes items of 409,600 bytes. What a batch of any size has many of is kept far below that. */
const MAX_TYPES_CHARACTERS = 8_000;
const MAX_MATCHED = 200;

/** The intake record of a webhook: codes, counts and the mapping author's own words, never a value of the payload. */
export function intakeRecordOf(
  webhook: BufferedWebhook,
  { mapping, tally }: { readonly mapping: CompiledMapping['events']; readonly tally: Tally },
  now: Date,
): IntakeRecord {
  const { webhookId, receivedAt, secretIndex, rawBody } = webhook;
  const eventTypes = cutTypes(webhook.eventTypes);
  const moreTypes = webhook.eventTypes.length - eventTypes.length;
  const matched = mapping.filter((event) => isOn(event.mapping, webhook.eventTypes));
  return {
    webhookId,
    receivedAt,
    takenAt: now,
    eventTypes,
    ...(moreTypes > 0 && { moreTypes }),
    bytes: rawBody.byteLength,
    ...(secretIndex !== undefined && { secretIndex }),
    matched: matched.slice(0, MAX_MATCHED).map(({ mapping: event }) => matchOf(event, tally)),
    others: mapping.length - matched.length,
    ...(matched.length > MAX_MATCHED && { moreMatched: matched.length - MAX_MATCHED }),
  };
}

/** As many types as fit, at least one. */
function cutTypes(eventTypes: readonly string[]): readonly string[] {
  let characters = 0;
  const end = eventTypes.findIndex((eventType) => {
    characters += eventType.length + 1;
    return characters > MAX_TYPES_CHARACTERS;
  });
  return end < 0 ? eventTypes : eventTypes.slice(0, Math.max(1, end));
}

function matchOf(
  { name, when }: { readonly name: string; readonly when?: string | undefined },
  tally: Tally,
): MatchedEvent {
  const { made, rejected, skipped } = tally.of(name);
  if (made + rejected > 0 || skipped === undefined) return { event: name, made, rejected };
  return {
    event: name,
    made,
    rejected,
    skipped,
    ...(skipped === 'when-not-met' && when && { when: when.slice(0, MAX_WHEN_CHARACTERS) }),
  };
}
