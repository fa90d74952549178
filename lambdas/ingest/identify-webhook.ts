import { fail, type Result, succeed } from '../result.ts';
import { type BodyFailure, type BodyFormat, bodyFormatOf, parseBody } from '../webhook-body.ts';
import type { IdentityFailure } from './ingest-failure.ts';
import type { Profile } from './profile.ts';
import { describeSelector, hashOf, type ReadableWebhook, readsRounded, select } from './selector.ts';
import type { Selector } from './selector-schema.ts';

/** What happened, and the id under which it is the same fact however often it is told. */
export type Identity = {
  /** More than one only where a webhook is a batch; each of them once. */
  readonly eventTypes: readonly string[];
  readonly deduplicationId: string;
  readonly bodyFormat: BodyFormat;
};

/** Reads types and id of a webhook whose signature is verified. */
export function identifyWebhook(
  profile: Pick<Profile, 'eventType' | 'deduplicationId'>,
  { headers, rawBody }: Pick<ReadableWebhook, 'headers' | 'rawBody'>,
): Result<Identity, IdentityFailure> {
  const bodyFormat = bodyFormatOf(headers.get('content-type'));
  const body = readBody(profile, rawBody, bodyFormat);
  if (!body.ok && body.failure.code === 'body-too-deep') return body;
  const webhook: ReadableWebhook = { headers, rawBody, body: body.ok ? body.value : undefined };

  const eventTypes = readEventTypes(profile.eventType, webhook);
  if (eventTypes.length === 0) {
    if (!body.ok && profile.eventType.some((selector) => 'body' in selector)) return body;
    const where = profile.eventType.slice(0, 1).map(describeSelector).join();
    return fail({ code: 'event-type-missing', where });
  }
  const deduplicationId = readDeduplicationId(profile.deduplicationId, webhook);
  return succeed({ eventTypes, deduplicationId, bodyFormat });
}

/** Digits that a double would round are kept only where a type or an id needs them: that takes a second look at the body. */
function readBody(
  { eventType, deduplicationId }: Pick<Profile, 'eventType' | 'deduplicationId'>,
  rawBody: Uint8Array,
  format: BodyFormat,
): Result<unknown, BodyFailure> {
  const body = parseBody(rawBody, format, 'rounded');
  const isRounded =
    body.ok && [...eventType, ...deduplicationId].some((one) => readsRounded(one, body.value));
  return isRounded ? parseBody(rawBody, format) : body;
}

/** Values of a batch belong together by their places; a single value goes with all of them. */
function readEventTypes([first, ...more]: readonly Selector[], webhook: ReadableWebhook): readonly string[] {
  const heads = first === undefined ? [] : select(first, webhook);
  if (heads.length === 0) return [];
  const columns = [heads, ...more.map((selector) => select(selector, webhook))];
  const rows = columns.reduce((longest, { length }) => Math.max(longest, length), 0);
  const types = Array.from({ length: rows }, (_, row) =>
    columns.flatMap((column) => (column.length === 1 ? column[0] : column[row]) ?? []).join('.'),
  );
  return [...new Set(types)].filter(isAttributeValue);
}

function readDeduplicationId(selectors: readonly Selector[], webhook: ReadableWebhook): string {
  const parts = selectors.map((selector) => select(selector, webhook).join(','));
  const id = parts.join(':');
  const isUsable = parts.length > 0 && !parts.includes('') && isAttributeValue(id);
  return isUsable ? id : hashOf(webhook.rawBody);
}

/** Type and id travel as SQS message attributes: short, and without control characters, which end a line of a list. */
function isAttributeValue(value: string): boolean {
  return /^[\u0020-\u007e\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]{1,256}$/u.test(value);
}
