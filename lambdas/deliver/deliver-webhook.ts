import {
  type BufferedWebhook,
  type BufferMessage,
  decodeBufferedWebhook,
} from '../buffer/buffered-webhook.ts';
import type { DeadLetterCode, DeadLetterNote } from '../dead-letter/dead-letter-note.ts';
import { describeMapFailure } from '../map/map-failure.ts';
import { type CompiledMapping, type Mapped, mapWebhook } from '../map/map-webhook.ts';
import { fail, type Result, succeed } from '../result.ts';
import type { SecretFailure } from '../secret.ts';
import { parseBody } from '../webhook-body.ts';
import type { RetryCode } from './answer-meaning.ts';
import type { Attempt } from './attempt.ts';
import { buildRequest, type EventRequest } from './build-request.ts';
import { type AnswerFacts, classifyAttempt } from './classify-answer.ts';
import type { WebexKeys } from './webex-keys.ts';

/** What deliver needs of the outside world to work on one webhook. */
export type DeliverDependencies = {
  readonly mappings: ReadonlyMap<string, CompiledMapping>;
  readonly webexKeys: () => Promise<Result<WebexKeys, SecretFailure>>;
  /** Called when the key was refused, so that the next attempt reads it anew. */
  readonly forgetWebexKeys: () => void;
  readonly call: (request: EventRequest) => Promise<Attempt>;
  readonly now: () => Date;
};

/** What became of one event of a webhook. */
export type EventOutcome = {
  /** The event's name in the mapping; missing where it did not come to that. */
  readonly event?: string;
  /** Which item of a batch it is of, from 0. */
  readonly item?: number;
} & (
  | { readonly outcome: 'delivered'; readonly transactionId: string; readonly answer: AnswerFacts }
  | { readonly outcome: 'skipped'; readonly code: 'when-not-met' | 'no-items' }
  | {
      readonly outcome: 'retry-later';
      readonly code: RetryCode | SecretFailure['code'];
      readonly answer?: AnswerFacts;
      readonly retryAfterSeconds?: number;
    }
  | {
      readonly outcome: 'dead-letter';
      readonly stage: DeadLetterNote['stage'];
      readonly code: DeadLetterCode;
      readonly detail?: string;
      readonly answer?: AnswerFacts;
    }
);

type DeadLettered = Extract<EventOutcome, { outcome: 'dead-letter' }>;

/** A message of the buffer that can be worked on: its webhook, and what the mapping makes of it. */
export type OpenedWebhook = { readonly webhook: BufferedWebhook; readonly events: readonly Mapped[] };

/** Why a message cannot be worked on, with its webhook where there is one in it. */
export type Unopenable = { readonly webhook?: BufferedWebhook; readonly outcome: DeadLettered };

/** Reads a message and maps its webhook. */
export async function openWebhook(
  message: BufferMessage,
  mappings: DeliverDependencies['mappings'],
): Promise<Result<OpenedWebhook, Unopenable>> {
  const decoded = decodeBufferedWebhook(message);
  if (!decoded.ok) {
    return fail({ outcome: deadLetter('buffer', 'message-unreadable', decoded.failure.problems.join('; ')) });
  }
  const webhook = decoded.value;
  const mapping = mappings.get(webhook.source);
  if (mapping === undefined) return fail({ webhook, outcome: deadLetter('map', 'no-mapping') });
  const body = parseBody(webhook.rawBody, webhook.bodyFormat);
  if (!body.ok) return fail({ webhook, outcome: deadLetter('map', body.failure.code) });

  const events = await mapWebhook(mapping, {
    source: webhook.source,
    eventTypes: webhook.eventTypes,
    headers: webhook.headers,
    receivedAt: webhook.receivedAt.toISOString(),
    body: body.value,
  });
  // Ingest buffers only what some mapping wants: this one was changed or removed while the webhook waited.
  if (events.length === 0) return fail({ webhook, outcome: deadLetter('map', 'no-mapping') });
  return succeed({ webhook, events });
}

/** Delivers one of a webhook's events, or says why it is none. */
export async function deliverMapped(
  mapped: Mapped,
  dependencies: DeliverDependencies,
): Promise<EventOutcome> {
  const which = { event: mapped.name, ...(mapped.item !== undefined && { item: mapped.item }) };
  switch (mapped.kind) {
    case 'skipped':
      return { ...which, outcome: 'skipped', code: mapped.code };
    case 'rejected':
      return { ...which, ...deadLetter('map', mapped.failure.code, describeMapFailure(mapped.failure)) };
    case 'event':
      return { ...which, ...(await deliverPayload(mapped.payload, dependencies)) };
  }
}

async function deliverPayload(payload: string, dependencies: DeliverDependencies): Promise<EventOutcome> {
  const keys = await dependencies.webexKeys();
  if (!keys.ok) return { outcome: 'retry-later', code: keys.failure.code };

  const attempt = await dependencies.call(buildRequest(payload, keys.value.primary));
  const verdict = classifyAttempt(attempt, dependencies.now());
  if (verdict.outcome === 'unconfirmed') {
    const { answer } = verdict;
    return { ...deadLetter('deliver', verdict.code), ...(answer && { answer }) };
  }
  if (verdict.outcome === 'dead-letter') return { stage: 'deliver', ...verdict };
  if (verdict.outcome === 'retry-later' && verdict.code === 'webex-credentials-refused') {
    dependencies.forgetWebexKeys();
  }
  return verdict;
}

function deadLetter(stage: DeadLetterNote['stage'], code: DeadLetterCode, detail?: string): DeadLettered {
  return { outcome: 'dead-letter', stage, code, ...(detail !== undefined && { detail }) };
}
