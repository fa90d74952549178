import { createHash } from 'node:crypto';
import { fail, type Result, succeed } from '../result.ts';
import { type BodyFailure, type BodyFormat, bodyFormatOf, parseBody } from '../webhook-body.ts';
import type { IdentityFailure } from './failure.ts';
import type { Profile, Selector } from './source.ts';

/** What happened, and an id that stays the same however often the vendor sends the fact. */
type Identity = {
  /** Each type once; several only where a webhook is a batch. */
  readonly eventTypes: readonly string[];
  readonly deduplicationId: string;
  /** The id that 0.1.0 gave the webhook, where it was another one: its ledger entries are kept under it. */
  readonly formerDeduplicationId?: string;
  readonly bodyFormat: BodyFormat;
};

/**
 * Reads the types and the id of a verified webhook.
 * @param signedId the id of what was signed, where there is one: it replaces the one that the body gives
 */
export function identifyWebhook(
  profile: Pick<Profile, 'eventType' | 'deduplicationId'>,
  { headers, rawBody }: Pick<ReadableWebhook, 'headers' | 'rawBody'>,
  signedId?: string,
): Result<Identity, IdentityFailure> {
  const bodyFormat = bodyFormatOf(headers.get('content-type'), rawBody);
  const body = readBody(profile, rawBody, bodyFormat);
  if (!body.ok && body.failure.code === 'body-too-deep') return body;
  const webhook: ReadableWebhook = { headers, rawBody, body: body.ok ? body.value : undefined };

  const eventTypes = readEventTypes(profile.eventType, webhook);
  if (eventTypes.length === 0) {
    if (!body.ok && profile.eventType.some((selector) => 'body' in selector)) return body;
    const where = profile.eventType.slice(0, 1).map(formatSelector).join();
    return fail({ code: 'event-type-missing', where });
  }
  const ofBody = readDeduplicationId(profile.deduplicationId, webhook);
  const deduplicationId = signedId ?? ofBody;
  const former = deduplicationId === ofBody ? {} : { formerDeduplicationId: ofBody };
  return succeed({ eventTypes, deduplicationId, ...former, bodyFormat });
}

/** Keeps digits that a double would round only where a type or an id needs them: that takes a second pass over the body. */
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

/** The values of a batch belong together by their position; a single value goes with all of them. */
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

/** Types and id travel as SQS message attributes: short, and without control characters, since line ends separate types. */
function isAttributeValue(value: string): boolean {
  return /^[\u0020-\u007e\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]{1,256}$/u.test(value);
}

/** A verified webhook and its parsed body. */
type ReadableWebhook = {
  readonly headers: ReadonlyMap<string, string>;
  readonly rawBody: Uint8Array;
  /** `undefined` where the body could not be parsed. */
  readonly body: unknown;
};

/** The values that a selector finds, as text; only texts, numbers and booleans count. */
function select(selector: Selector, { headers, body }: ReadableWebhook): readonly string[] {
  if ('header' in selector)
    return [headers.get(selector.header)?.trim() ?? ''].filter((value) => value !== '');
  for (const pointer of pointersOf(selector)) {
    const values = follow(body, pointer).flatMap(writeScalar);
    if (values.length > 0) return values;
  }
  return [];
}

/** Whether a selector leads to a number that a double may have rounded. */
function readsRounded(selector: Selector, body: unknown): boolean {
  if ('header' in selector) return false;
  return pointersOf(selector).some((pointer) =>
    follow(body, pointer).some((value) => typeof value === 'number' && !Number.isSafeInteger(value)),
  );
}

function pointersOf({ body }: Extract<Selector, { readonly body: unknown }>): readonly string[] {
  return typeof body === 'string' ? [body] : body;
}

/** SHA-256 of the body, in hex: the id of last resort. The signature always protects it. */
function hashOf(rawBody: Uint8Array): string {
  return createHash('sha256').update(rawBody).digest('hex');
}

/** Where a selector looks, for a person. */
function formatSelector(selector: Selector): string {
  if ('header' in selector) return `the header ${selector.header}`;
  return `the body's ${pointersOf(selector).join(' or ')}`;
}

/** Every value that a pointer leads to: at most one, unless the pointer has a `*`. */
export function follow(value: unknown, pointer: string): readonly unknown[] {
  const segments = pointer
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
  return segments.reduce<readonly unknown[]>(
    (values, segment) => values.flatMap((one) => step(one, segment)),
    [value],
  );
}

function step(value: unknown, segment: string): readonly unknown[] {
  if (Array.isArray(value)) {
    if (segment === '*') return value;
    return /^(0|[1-9]\d{0,9})$/.test(segment) && Number(segment) < value.length
      ? [value[Number(segment)]]
      : [];
  }
  const isMember = typeof value === 'object' && value !== null && Object.hasOwn(value, segment);
  return isMember ? [(value as Readonly<Record<string, unknown>>)[segment]] : [];
}

function writeScalar(value: unknown): readonly string[] {
  const isScalar = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  return isScalar && value !== '' ? [String(value)] : [];
}
