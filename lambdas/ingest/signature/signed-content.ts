import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { fail, type Result, succeed } from '../../result.ts';
import { bodyFormatOf, follow, parseBody } from '../../webhook-body.ts';
import type { Content, SignedRequest, VerificationFailure } from './verification.ts';

/** A piece of what is signed, in the order of the template. */
export type ContentToken =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'header' | 'query' | 'member'; readonly text: string; readonly name: string }
  | { readonly kind: (typeof NAMES)[number]; readonly text: string }
  | { readonly kind: 'unknown'; readonly text: string };

const NAMES = [
  'body',
  'body-sha256',
  'timestamp',
  'id',
  'method',
  'url',
  'decoded-url',
  'path',
  'secret',
] as const;

/** The tokens of a content template, as a person writes them. */
export const TOKENS: readonly string[] = NAMES.map((name) => `{${name}}`);

/** What the tokens of a content template stand for. */
type Parts = Pick<SignedRequest, 'method' | 'url' | 'query' | 'headers' | 'rawBody'> & {
  readonly timestamp: string;
  readonly id: string;
};

type ContentTemplate = {
  readonly tokens: readonly ContentToken[];
  /** Names what the template needs and the request does not have. */
  readonly explainMissing: (request: SignedRequest) => VerificationFailure | undefined;
  /** Names what would let one signature fit several requests: a part that may have begun or ended elsewhere. */
  readonly explainAmbiguous: (parts: Parts) => VerificationFailure | undefined;
  /** Writes what is signed: what ingest expects, and what `adapter send` signs. */
  readonly write: (parts: Parts, secret: string) => Content;
};

/** Reads a template such as `{id}.{timestamp}.{body}` once, for all requests of its source. */
export function compileTemplate(template: string): ContentTemplate {
  const tokens = tokensOf(template);
  const open = openPartsOf(tokens);
  const needed = tokens.filter((token) => isOpen(token) && token.kind !== 'id');
  return {
    tokens,
    explainMissing: (request) => {
      for (const token of needed) {
        const missing = explainMissing(token, request);
        if (missing !== undefined) return missing;
      }
      return undefined;
    },
    explainAmbiguous: (parts) => {
      const part = open.find((one) => !isBounded(one, parts))?.token.text;
      const form = 'text that shows where it ends (beside a body of JSON: without brackets and spaces)';
      return part === undefined ? undefined : { code: 'ambiguous-content', part, form };
    },
    write: (parts, secret) => writeContent(tokens, parts, secret),
  };
}

/** The tokens of a template; text between them is signed as it is. */
export function tokensOf(template: string): readonly ContentToken[] {
  return template.split(/(\{[^{}]*\})/).flatMap((text) => (text === '' ? [] : [readToken(text)]));
}

function readToken(text: string): ContentToken {
  if (!/^\{[^{}]*\}$/.test(text)) return { kind: 'literal', text };
  const name = text.slice(1, -1);
  const [, header, query, member] =
    /^header:([A-Za-z0-9!#$%&'*+.^_`|~-]+)$|^query:(.+)$|^body:((?:\/(?:[^~/*]|~[01])+)+)$/.exec(name) ?? [];
  if (header !== undefined) return { kind: 'header', text, name: header.toLowerCase() };
  if (query !== undefined) return { kind: 'query', text, name: query };
  if (member !== undefined) return { kind: 'member', text, name: member };
  const kind = NAMES.find((known) => known === name);
  return { kind: kind ?? 'unknown', text };
}

function explainMissing(token: ContentToken, request: SignedRequest): VerificationFailure | undefined {
  switch (token.kind) {
    case 'header':
      return request.headers.has(token.name) ? undefined : { code: 'missing-header', header: token.name };
    case 'query': {
      const parameter = token.name;
      return queryValue(request, parameter) === ''
        ? { code: 'missing-query-parameter', parameter }
        : undefined;
    }
    case 'member': {
      const member = readMembers(token.name, request);
      return member.ok ? undefined : member.failure;
    }
    default:
      return request.url === undefined ? { code: 'public-url-missing' } : undefined;
  }
}

function queryValue({ query }: Pick<SignedRequest, 'query'>, name: string): string {
  return new URLSearchParams(query).get(name) ?? '';
}

function memberValue(parts: Parts, pointer: string): string {
  const member = readMembers(pointer, parts);
  return member.ok ? (member.value[0] ?? '') : '';
}

/** A part whose text the sender chooses, at any length: where it ends has to be told from the signed text alone. */
type OpenPart = {
  readonly token: ContentToken;
  /** The text between it and the side of the body. */
  readonly separator: string | undefined;
  /** Whether no other such part stands between it and the body. */
  readonly isBesideBody: boolean;
  /** Whether it is what is left once all other parts are told: no body, which has any length, stands beside it. */
  readonly isRest: boolean;
};

/**
 * The URL, the id, and what is named of headers, query and body in a template. Timestamps, methods and the body's hash are of one
 * length each. Where the body is not signed, its place is the end.
 */
export function openPartsOf(tokens: readonly ContentToken[]): readonly OpenPart[] {
  const body = bodyPlaceOf(tokens);
  return tokens.flatMap((token, at) => {
    if (!isOpen(token)) return [];
    const inward = at < body ? tokens.slice(at + 1, body) : tokens.slice(body + 1, at).reverse();
    const separator = inward[0]?.kind === 'literal' ? inward[0].text : undefined;
    const hasBody = tokens[body]?.kind === 'body';
    // Beside a hash, only one can be what is left.
    const isNearest = !inward.some(isOpen) && (hasBody || at < body || !tokens.slice(0, body).some(isOpen));
    return [{ token, separator, isBesideBody: isNearest, isRest: isNearest && !hasBody }];
  });
}

function bodyPlaceOf(tokens: readonly ContentToken[]): number {
  const body = tokens.findIndex(({ kind }) => kind === 'body');
  const hash = tokens.findIndex(({ kind }) => kind === 'body-sha256');
  return [body, hash].find((at) => at >= 0) ?? tokens.length;
}

function isOpen({ kind }: ContentToken): boolean {
  return OPEN_KINDS.includes(kind);
}

const OPEN_KINDS: readonly ContentToken['kind'][] = [
  'id',
  'header',
  'query',
  'member',
  'url',
  'decoded-url',
  'path',
];

/**
 * Whether a part ends where its separator begins, or, beside a body of JSON, where the first bracket does. What is left beside
 * a hash, or where no body is signed, can end in one place only.
 */
function isBounded({ token, separator, isBesideBody, isRest }: OpenPart, parts: Parts): boolean {
  if (isRest) return true;
  const text = String(writeToken(token, parts, ''));
  if (separator !== undefined && !text.includes(separator)) return true;
  return isBesideBody && !/[{}[\]\s]/.test(text) && isBracketed(parts.rawBody);
}

function isBracketed(rawBody: Uint8Array): boolean {
  const bytes = Buffer.from(rawBody.buffer, rawBody.byteOffset, rawBody.byteLength);
  const [start, end] = [bytes.toString('latin1', 0, 64), bytes.subarray(-64).toString('latin1')];
  return /^\s*[{[]/.test(start) && /[}\]]\s*$/.test(end);
}

/** Joins texts that follow each other: with a small body, each further piece slows a digest down. */
function writeContent(tokens: readonly ContentToken[], parts: Parts, secret: string): Content {
  const content: (string | Uint8Array)[] = [];
  let text = '';
  for (const token of tokens) {
    const written = writeToken(token, parts, secret);
    if (typeof written === 'string') {
      text += written;
      continue;
    }
    if (text !== '') content.push(text);
    text = '';
    content.push(written);
  }
  if (text !== '') content.push(text);
  return content;
}

function writeToken(token: ContentToken, parts: Parts, secret: string): string | Uint8Array {
  switch (token.kind) {
    case 'body':
      return parts.rawBody;
    case 'body-sha256':
      return createHash('sha256').update(parts.rawBody).digest('hex');
    case 'timestamp':
    case 'id':
    case 'method':
      return parts[token.kind];
    case 'url':
      return parts.url ?? '';
    case 'decoded-url':
      return decodeUrl(parts.url ?? '');
    case 'path':
      return withoutQuery(parts.url ?? '').replace(/^https?:\/\/[^/]*/, '');
    case 'query':
      return queryValue(parts, token.name);
    case 'member':
      return memberValue(parts, token.name);
    case 'secret':
      return secret;
    case 'header':
      return parts.headers.get(token.name) ?? '';
    case 'literal':
    case 'unknown':
      return token.text;
  }
}

/**
 * HubSpot decodes these escapes of a URL, and no others, before it signs.
 * Source: developers.hubspot.com, "Validating requests", v3, the table of URL-encoded characters.
 */
function decodeUrl(url: string): string {
  return url.replaceAll(/%(3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)/gi, (escaped) => decodeURIComponent(escaped));
}

/** A URL without its query. A regular expression would take minutes for a query of nothing but `?`. */
export function withoutQuery(url: string): string {
  const at = url.indexOf('?');
  return at === -1 ? url : url.slice(0, at);
}

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
