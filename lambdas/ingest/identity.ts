import { createHash } from 'node:crypto';
import { fail, type Result, succeed } from '../result.ts';
import {
  type BodyFailure,
  type BodyFormat,
  bodyFormatOf,
  contentOf,
  follow,
  parseBody,
} from '../webhook-body.ts';
import type { IdentityFailure } from './request.ts';
import type { EventTypeSelector, Profile, Selector } from './source.ts';

/** What happened, and an id that stays the same however often the vendor sends the fact. */
type Identity = {
  /** Each type once; several only where a webhook is a batch, and none where its list is empty. */
  readonly eventTypes: readonly string[];
  readonly deduplicationId: string;
  /** The id that 0.1.0 gave the webhook, where it was another one: its ledger entries are kept under it. */
  readonly formerDeduplicationId?: string;
  readonly bodyFormat: BodyFormat;
  /** The version of the vendor's API that the webhook is written in, where it names one that looks like a version. */
  readonly apiVersion?: string;
};

/**
 * Reads the types and the id of a verified webhook.
 * @param signedId the id of what was signed, where there is one: it replaces the one that the body gives
 */
export function identifyWebhook(
  profile: Pick<Profile, 'eventType' | 'deduplicationId' | 'form' | 'apiVersion'>,
  { headers, rawBody }: Pick<ReadableWebhook, 'headers' | 'rawBody'>,
  signedId?: string,
): Result<Identity, IdentityFailure> {
  const bodyFormat = bodyFormatOf(headers.get('content-type'), rawBody, profile.form);
  const body = readBody(profile, rawBody, bodyFormat);
  if (!body.ok && body.failure.code === 'body-too-deep') return body;
  const webhook: ReadableWebhook = { headers, rawBody, body: body.ok ? body.value : undefined };

  const eventTypes = readEventTypes(profile.eventType, webhook);
  if (eventTypes.length === 0 && !profile.eventType.some((one) => isEmptyBatch(one, webhook.body))) {
    if (!body.ok && profile.eventType.some((selector) => 'body' in selector)) return body;
    const where = profile.eventType.slice(0, 1).map(formatSelector).join();
    return fail({ code: 'event-type-missing', where });
  }
  const ids = readIds(profile, webhook, { bodyFormat, signedId });
  return succeed({ eventTypes, ...ids, bodyFormat, ...readApiVersion(profile, webhook) });
}

/** It goes to the log, and may stand in a header that nobody has signed: any other text is left out. */
function readApiVersion(
  { apiVersion: selector }: Pick<Profile, 'apiVersion'>,
  webhook: ReadableWebhook,
): Pick<Identity, 'apiVersion'> {
  const [apiVersion = ''] = selector ? locate(selector, webhook).values() : [];
  return /^(?=.{1,40}$)v?\d{1,8}([.-]\w+)*$/.test(apiVersion) ? { apiVersion } : {};
}

/** The id of a webhook, and the one that 0.1.0 gave it: what wraps a webhook did count then. */
function readIds(
  { deduplicationId: selectors, form }: Pick<Profile, 'deduplicationId' | 'form'>,
  webhook: ReadableWebhook,
  { bodyFormat, signedId }: { readonly bodyFormat: BodyFormat; readonly signedId: string | undefined },
): Pick<Identity, 'deduplicationId' | 'formerDeduplicationId'> {
  const { rawBody } = webhook;
  const content = contentOf(rawBody, bodyFormat, form);
  const ofContent = readDeduplicationId(selectors, { ...webhook, rawBody: content });
  const ofBody = content === rawBody ? ofContent : readDeduplicationId(selectors, webhook);
  const deduplicationId = signedId ?? ofContent;
  return { deduplicationId, ...(deduplicationId !== ofBody && { formerDeduplicationId: ofBody }) };
}

/** Keeps digits that a double would round only where a type or an id needs them: that takes a second pass over the body. */
function readBody(
  { eventType, deduplicationId, form }: Pick<Profile, 'eventType' | 'deduplicationId' | 'form'>,
  rawBody: Uint8Array,
  format: BodyFormat,
): Result<unknown, BodyFailure> {
  const body = parseBody(rawBody, format, { digits: 'rounded', form });
  const isRounded =
    body.ok && [...eventType, ...deduplicationId].some((one) => readsRounded(one, body.value));
  return isRounded ? parseBody(rawBody, format, { form }) : body;
}

/** A type for each item of a batch, each once. An item without the first member has none. */
function readEventTypes(
  selectors: readonly EventTypeSelector[],
  webhook: ReadableWebhook,
): readonly string[] {
  const columns = selectors.map((selector) => locate(selector, webhook));
  const places = placesIn(columns);
  const outer = new Set(places.flatMap(outerPlaces));
  const types = places
    .filter((place) => !outer.has(place))
    .flatMap((place) => {
      const parts = columns.map((column) =>
        [place, ...outerPlaces(place)].map((one) => column.get(one)).find((text) => text !== undefined),
      );
      return parts[0] === undefined ? [] : [parts.filter((part) => part !== undefined).join('.')];
    });
  return [...new Set(types)].filter(isAttributeValue);
}

function readDeduplicationId(selectors: readonly Selector[], webhook: ReadableWebhook): string {
  const columns = selectors.map((selector) => locate(selector, webhook));
  const places = placesIn(columns);
  const parts = columns.map((column) => {
    const depth = depthOf([...column.keys()][0] ?? '');
    // A member that an item lacks leaves its place empty, so that the others' keep theirs.
    return places.flatMap((place) => (depthOf(place) === depth ? [column.get(place) ?? ''] : [])).join(',');
  });
  const id = parts.join(':');
  const isUsable = !parts.some((part) => /^,*$/.test(part)) && isAttributeValue(id);
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

/**
 * What a selector finds, by place: the indexes of the items on the way, as `2/0/`; empty for what is no batch's. Of several
 * pointers, each item has the first that leads to a value. Only texts, numbers and booleans count.
 */
type Column = ReadonlyMap<string, string>;

function locate(selector: EventTypeSelector, { headers, body }: ReadableWebhook): Column {
  if ('constant' in selector) return new Map([['', selector.constant]]);
  if ('header' in selector) {
    const value = headers.get(selector.header)?.trim() ?? '';
    return new Map(value === '' ? [] : [['', value]]);
  }
  const pointers = pointersOf(selector);
  const first = pointers.find((pointer) => locateIn(body, pointer, '').length > 0) ?? '';
  const found = pointers
    .filter((pointer) => listOf(pointer) === listOf(first))
    .flatMap((pointer) => locateIn(body, pointer, ''));
  const column = new Map<string, string>();
  for (const [place, text] of found) if (!column.has(place)) column.set(place, text);
  return column;
}

/** Whether the lists that a selector leads into are there and without items: null is how some write an empty list. */
function isEmptyBatch(selector: EventTypeSelector, body: unknown): boolean {
  if (!('body' in selector)) return false;
  const lists = pointersOf(selector).flatMap((pointer) => listsOn(body, pointer));
  return (
    lists.length > 0 && lists.every((list) => list === null || (Array.isArray(list) && list.length === 0))
  );
}

/** The innermost lists on the way of a pointer; nothing for a pointer without `*`. */
function listsOn(value: unknown, pointer: string): readonly unknown[] {
  const batch = readFirstItems(pointer);
  if (batch === undefined) return [];
  return follow(value, batch.head).flatMap((list) => {
    const items = Array.isArray(list) && batch.rest.includes('*') ? list : [];
    return items.length === 0 ? [list] : items.flatMap((item) => listsOn(item, batch.rest));
  });
}

/** The list whose items a pointer leads into; empty if it leads into none. */
function listOf(pointer: string): string {
  const segments = pointer.split('/');
  return segments.slice(0, segments.lastIndexOf('*') + 1).join('/');
}

const FIRST_ITEMS = /^(.*?)\/\*(\/.*)?$/s;

/** The pointer to the first list on a pointer's way, and the pointer from its items on. */
function readFirstItems(pointer: string): { readonly head: string; readonly rest: string } | undefined {
  const [found, head = '', rest = ''] = FIRST_ITEMS.exec(pointer) ?? [];
  return found === undefined ? undefined : { head, rest };
}

function locateIn(value: unknown, pointer: string, place: string): readonly (readonly [string, string])[] {
  const batch = readFirstItems(pointer);
  const [items] = batch === undefined ? [] : follow(value, batch.head);
  if (batch === undefined || !Array.isArray(items)) {
    return follow(value, pointer).flatMap((one) => writeScalar(one).map((text) => [place, text] as const));
  }
  return items.flatMap((item, index) => locateIn(item, batch.rest, `${place}${index}/`));
}

function placesIn(columns: readonly Column[]): readonly string[] {
  return [...new Set(columns.flatMap((column) => [...column.keys()]))];
}

/** How many lists a place is within. */
function depthOf(place: string): number {
  return place.split('/').length - 1;
}

/** The items that an item is within, the nearest first, and last the webhook itself. */
function outerPlaces(place: string): readonly string[] {
  const indexes = place.split('/').slice(0, -1);
  return indexes.map((_, count) =>
    indexes
      .slice(0, indexes.length - 1 - count)
      .map((index) => `${index}/`)
      .join(''),
  );
}

/** Whether a selector leads to a number that a double may have rounded. */
function readsRounded(selector: EventTypeSelector, body: unknown): boolean {
  if (!('body' in selector)) return false;
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
function formatSelector(selector: EventTypeSelector): string {
  if ('constant' in selector) return `the constant ${selector.constant}`;
  if ('header' in selector) return `the header ${selector.header}`;
  return `the body's ${pointersOf(selector).join(' or ')}`;
}

function writeScalar(value: unknown): readonly string[] {
  const isScalar = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  return isScalar && value !== '' ? [String(value)] : [];
}
