import type { BufferedWebhook } from '../../buffer/message.ts';
import { type CompiledMapping, isOn, type Mapped } from '../../map/webhook.ts';

/** What became of one event of the mapping when it was applied to a webhook. */
type MatchedEvent = {
  readonly event: string;
  /** How many campaign events it made; more than one only where it has items. */
  readonly made: number;
  /** How many it could not make, each dead-lettered with its reason. */
  readonly rejected: number;
  /** Why it made none, though it is on the webhook's type. */
  readonly skipped?: 'when-not-met' | 'no-items';
  /** The condition that was not met, as the mapping has it. */
  readonly when?: string;
};

/** That a delivery of a webhook was taken from the buffer, and how it was matched: what nobody can find out later. */
export type IntakeRecord = {
  readonly webhookId: string;
  readonly receivedAt: Date;
  /** When it was taken from the buffer for the first time. */
  readonly takenAt: Date;
  readonly eventTypes: readonly string[];
  /** Of the body. */
  readonly bytes: number;
  readonly secretIndex?: number;
  readonly matched: readonly MatchedEvent[];
  /** How many other events the mapping had, on other types: a number, so that an intake record does not grow with a mapping. */
  readonly others: number;
};

/** An intake record that lies beside the events of its webhook has a name that begins so, as no event's does. */
export const RECEIPT_PREFIX = '#received#';

/** An expression may be long; its beginning says which it is. */
const MAX_WHEN_CHARACTERS = 200;

/** The intake record of a webhook: codes, counts and the mapping author's own words, never a value of the payload. */
export function intakeRecordOf(
  webhook: BufferedWebhook,
  { mapping, events }: { readonly mapping: CompiledMapping; readonly events: readonly Mapped[] },
  now: Date,
): IntakeRecord {
  const { webhookId, receivedAt, eventTypes, secretIndex, rawBody } = webhook;
  const matched = mapping.filter((event) => isOn(event.mapping, eventTypes));
  return {
    webhookId,
    receivedAt,
    takenAt: now,
    eventTypes,
    bytes: rawBody.byteLength,
    ...(secretIndex !== undefined && { secretIndex }),
    matched: matched.map((event) => formatMatch(event, events)),
    others: mapping.length - matched.length,
  };
}

function formatMatch(
  { mapping: { name, when } }: CompiledMapping[number],
  events: readonly Mapped[],
): MatchedEvent {
  const ours = events.filter((mapped) => mapped.name === name);
  const made = ours.filter(({ kind }) => kind === 'event').length;
  const rejected = ours.filter(({ kind }) => kind === 'rejected').length;
  const skipped = ours.find((mapped) => mapped.kind === 'skipped');
  if (made + rejected > 0 || skipped?.kind !== 'skipped') return { event: name, made, rejected };
  return {
    event: name,
    made,
    rejected,
    skipped: skipped.code,
    ...(skipped.code === 'when-not-met' && when && { when: when.slice(0, MAX_WHEN_CHARACTERS) }),
  };
}
