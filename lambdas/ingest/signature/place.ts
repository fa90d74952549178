import { fail, type Result, succeed } from '../../result.ts';
import { bodyFormatOf, follow, parseBody } from '../../webhook-body.ts';
import type { SignedRequest, VerificationFailure } from './verification.ts';

/** What a request carries beside its method: where signatures, times and secrets stand. */
export type Carrier = Pick<SignedRequest, 'headers' | 'query' | 'rawBody'>;

/** A header or several, a parameter of the query, or a member of the body. */
type Place = {
  readonly header?: string | readonly string[] | undefined;
  readonly query?: string | undefined;
  readonly body?: string | undefined;
};

/** How long a body may be that has to be parsed before its signature is verified, in bytes (decision 0030). */
const MAX_UNVERIFIED_BYTES = 256 * 1024;

type Read = Result<readonly string[], VerificationFailure>;

/** Reads what stands at a place: at least one text, and none of them empty. */
export function compilePlaceReader(place: Place): (carrier: Carrier) => Read {
  const { header, query, body } = place;
  if (query !== undefined)
    return (carrier) => orMissing(new URLSearchParams(carrier.query).getAll(query), place);
  if (body !== undefined) return (carrier) => readMembers(body, carrier);
  if (typeof header === 'string') {
    const missing = fail(missingAt(place));
    return ({ headers }) => {
      const value = headers.get(header);
      return value === undefined || value.trim() === '' ? missing : succeed([value]);
    };
  }
  return ({ headers }) =>
    orMissing(
      (header ?? []).map((name) => headers.get(name) ?? ''),
      place,
    );
}

function orMissing(found: readonly string[], place: Place): Read {
  const values = found.filter((value) => value.trim() !== '');
  return values.length > 0 ? succeed(values) : fail(missingAt(place));
}

/** The texts, numbers and booleans that a pointer leads to in a body that is not verified yet. */
export function readMembers(pointer: string, { headers, rawBody }: Omit<Carrier, 'query'>): Read {
  const body = readUnverified(rawBody, headers.get('content-type'));
  if (!body.ok) return body;
  const found = follow(body.value, pointer).map((value) =>
    value === null || value === undefined || typeof value === 'object' ? '' : String(value),
  );
  // Of a list, each item has to have it.
  return found.includes('') ? fail(missingAt({ body: pointer })) : orMissing(found, { body: pointer });
}

/** Signature, time and id may all stand in the body: it is parsed once. */
const parsed = new WeakMap<Uint8Array, Result<unknown, VerificationFailure>>();

function readUnverified(
  rawBody: Uint8Array,
  contentType: string | undefined,
): Result<unknown, VerificationFailure> {
  const known = parsed.get(rawBody);
  if (known !== undefined) return known;
  const read = parseUnverified(rawBody, contentType);
  parsed.set(rawBody, read);
  return read;
}

function parseUnverified(
  rawBody: Uint8Array,
  contentType: string | undefined,
): Result<unknown, VerificationFailure> {
  const bytes = rawBody.byteLength;
  if (bytes > MAX_UNVERIFIED_BYTES) {
    return fail({ code: 'unverified-body-too-large', bytes, limitBytes: MAX_UNVERIFIED_BYTES });
  }
  const body = parseBody(rawBody, bodyFormatOf(contentType, rawBody));
  return succeed(body.ok ? body.value : undefined);
}

function missingAt({ header, query, body }: Place): VerificationFailure {
  if (query !== undefined) return { code: 'missing-query-parameter', parameter: query };
  if (body !== undefined) return { code: 'missing-member', member: body };
  return { code: 'missing-header', header: nameOf(header) };
}

/** Names what cannot be read, and the form in which it was expected. */
export function malformedAt({ header, query, body }: Place, form: string): VerificationFailure {
  if (query !== undefined) return { code: 'malformed-query-parameter', parameter: query, form };
  if (body !== undefined) return { code: 'malformed-member', member: body, form };
  return { code: 'malformed-header', header: nameOf(header), form };
}

export function repeatedAt(place: Place, found: number): VerificationFailure {
  return place.header === undefined
    ? malformedAt(place, 'one value')
    : { code: 'repeated-header', header: nameOf(place.header), found };
}

function nameOf(header: Place['header']): string {
  return [header ?? []].flat().join(', ');
}
