import {
  type BufferedWebhook,
  type BufferMessage,
  decodeBufferedWebhook,
} from '../buffer/buffered-webhook.ts';
import type { DeadLetterCode, DeadLetterNote } from '../dead-letter/dead-letter-note.ts';
import { type CampaignEvent, type ContractBreach, writePayload } from '../map/campaign-event.ts';
import { type CompiledMapping, type MapFailure, type Mapped, mapWebhook } from '../map/map-webhook.ts';
import { parseJson } from '../map/parse-json.ts';
import { fail, type Result, succeed } from '../result.ts';
import type { SecretFailure } from '../secret.ts';
import type { Attempt } from './attempt.ts';
import { buildRequest, type EventRequest } from './build-request.ts';
import { type AnswerFacts, classifyAttempt, type RetryCode } from './classify-answer.ts';
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
} & (
  | { readonly outcome: 'delivered'; readonly transactionId: string; readonly answer: AnswerFacts }
  | { readonly outcome: 'skipped'; readonly code: 'when-not-met' }
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

/** What became of a webhook: its events' outcomes, in the order of the mapping. */
export type Delivery = {
  readonly webhook?: BufferedWebhook;
  readonly outcomes: readonly EventOutcome[];
};

/** One message's journey: read it, map it, and call Webex Campaign for each event. */
export async function deliverWebhook(
  message: BufferMessage,
  dependencies: DeliverDependencies,
): Promise<Delivery> {
  const decoded = decodeBufferedWebhook(message);
  if (!decoded.ok) {
    return { outcomes: [deadLetter('buffer', 'message-unreadable', decoded.failure.problems.join('; '))] };
  }

  const webhook = decoded.value;
  const mapped = await mapBufferedWebhook(webhook, dependencies.mappings);
  if (!mapped.ok) return { webhook, outcomes: [deadLetter('map', mapped.failure)] };

  const outcomes: EventOutcome[] = [];
  for (const event of mapped.value) outcomes.push(await deliverMapped(event, dependencies));
  return { webhook, outcomes };
}

async function mapBufferedWebhook(
  { source, eventType, rawBody }: BufferedWebhook,
  mappings: ReadonlyMap<string, CompiledMapping>,
): Promise<Result<readonly Mapped[], 'no-mapping' | 'body-not-json'>> {
  const mapping = mappings.get(source);
  if (mapping === undefined) return fail('no-mapping');

  let body: unknown;
  try {
    body = parseJson(new TextDecoder('utf-8', { fatal: true }).decode(rawBody));
  } catch {
    return fail('body-not-json');
  }
  const mapped = await mapWebhook(mapping, eventType, body);
  // Ingest buffers only what some mapping wants: this one was changed or removed while the webhook waited.
  return mapped.length === 0 ? fail('no-mapping') : succeed(mapped);
}

async function deliverMapped(mapped: Mapped, dependencies: DeliverDependencies): Promise<EventOutcome> {
  const event = mapped.name;
  switch (mapped.kind) {
    case 'skipped':
      return { event, outcome: 'skipped', code: mapped.code };
    case 'rejected':
      return { event, ...deadLetter('map', mapped.failure.code, describeMapFailure(mapped.failure)) };
    case 'event':
      return { event, ...(await deliverEvent(mapped.event, dependencies)) };
  }
}

async function deliverEvent(event: CampaignEvent, dependencies: DeliverDependencies): Promise<EventOutcome> {
  const payload = writePayload(event);
  if (!payload.ok) return deadLetter('map', payload.failure.code, describeBreach(payload.failure));

  const keys = await dependencies.webexKeys();
  if (!keys.ok) return { outcome: 'retry-later', code: keys.failure.code };

  const attempt = await dependencies.call(buildRequest(payload.value, keys.value.primary));
  const verdict = classifyAttempt(attempt, dependencies.now());
  if (verdict.outcome === 'dead-letter') return { stage: 'deliver', ...verdict };
  if (verdict.outcome === 'retry-later' && verdict.code === 'webex-credentials-refused') {
    dependencies.forgetWebexKeys();
  }
  return verdict;
}

function deadLetter(
  stage: DeadLetterNote['stage'],
  code: DeadLetterCode,
  detail?: string,
): Extract<EventOutcome, { outcome: 'dead-letter' }> {
  return { outcome: 'dead-letter', stage, code, ...(detail !== undefined && { detail }) };
}

/** Where in the mapping, and what kind of thing stood there; never the value itself. */
function describeMapFailure(failure: MapFailure): string {
  switch (failure.code) {
    case 'expression-failed':
      return `${failure.path}: JSONata ${failure.jsonataCode}`;
    case 'value-not-text':
      return `${failure.path}: ${failure.type}`;
    case 'event-key-missing':
      return failure.path;
  }
}

function describeBreach(breach: ContractBreach): string {
  return breach.code === 'too-many-parameters'
    ? `${breach.count} parameters; the limit is ${breach.limit}`
    : `${breach.bytes} bytes; the limit is ${breach.limitBytes}`;
}
