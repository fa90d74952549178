import { Buffer, isUtf8 } from 'node:buffer';
import type { KeyObject } from 'node:crypto';
import { parseJson } from '../../result.ts';
import { DIGEST_BYTES, decodeBytes, findSigned, isPrivateKey, secretKeyOf } from './keys.ts';
import { withoutQuery } from './signed-content.ts';
import type { SignatureMethod, SignedContent, SignedRequest, VerificationFailure } from './verification.ts';

/** What larger bodies were signed by or for is not searched for: a flood of large forgeries would cost too much time. */
const MAX_EXPLAINED_BYTES = 256 * 1024;

/**
 * Explains why a signature matches no secret, as far as that can be known. Every explanation but an unreadable secret and
 * the last two is proved: the signature matches after the change that it names. It never makes a request valid.
 */
export function explainMismatch(
  method: SignatureMethod,
  signed: readonly SignedContent[],
  request: KeyedRequest,
): VerificationFailure {
  const { secrets, rawBody } = request;
  // No change of a secret, a body or a URL gives a signature another length.
  const wrongLength = explainByLength(method, signed);
  const isExplained = wrongLength === undefined && rawBody.byteLength <= MAX_EXPLAINED_BYTES;
  return (
    explainPrivateKey(method, secrets) ??
    (isExplained ? explainBySecret(method, signed, secrets) : undefined) ??
    explainUndecodable(method, secrets) ??
    method.explainKeys?.(request, secrets) ??
    wrongLength ??
    (isExplained ? (explainByBody(method, request) ?? explainByUrl(method, request)) : undefined) ?? {
      code: 'no-matching-secret',
      secretsTried: secrets.length,
    }
  );
}

type KeyedRequest = SignedRequest & { readonly secrets: readonly string[] };

function matches(...tried: Parameters<typeof findSigned>): boolean {
  return findSigned(...tried) !== undefined;
}

function explainBySecret(
  method: SignatureMethod,
  signed: readonly SignedContent[],
  secrets: readonly string[],
): VerificationFailure | undefined {
  for (const [secretIndex, secret] of secrets.entries()) {
    const trimmed = secret.trim();
    if (trimmed !== secret && matches(method, signed, trimmed))
      return { code: 'secret-whitespace', secretIndex };
    if (method.crypto.kind !== 'hmac') continue;
    const other = otherReadings(trimmed).find(
      ([, key]) => key !== undefined && matches(method, signed, trimmed, key),
    );
    if (other === undefined) continue;
    return { code: 'wrong-secret-kind', secretIndex, configured: method.secretForm, matching: other[0] };
  }
  return undefined;
}

function explainPrivateKey(
  { crypto, secretForm }: SignatureMethod,
  secrets: readonly string[],
): VerificationFailure | undefined {
  const secretIndex = isOfPublicKeys(crypto) ? secrets.findIndex(isPrivateKey) : -1;
  return secretIndex < 0 ? undefined : { code: 'wrong-secret-kind', secretIndex, configured: secretForm };
}

function isOfPublicKeys({ kind }: SignatureMethod['crypto']): boolean {
  return kind !== 'hmac' && kind !== 'hash';
}

/** The other ways to read a stored secret: `whsec_…` alone means two things (providers.md, trap 2). */
function otherReadings(secret: string): readonly (readonly [string, KeyObject | undefined])[] {
  const [, prefix = '', rest = ''] = /^([a-z]{2,8}_)(.+)$/.exec(secret) ?? [];
  return [
    ['utf8', secretKeyOf(Buffer.from(secret))],
    [`utf8 after "${prefix}"`, secretKeyOf(Buffer.from(rest))],
    ['base64', secretKeyOf(decodeBytes(secret, 'base64'))],
    [`base64 after "${prefix}"`, secretKeyOf(decodeBytes(rest, 'base64'))],
    ['hex', secretKeyOf(decodeBytes(secret, 'hex'))],
  ];
}

function explainUndecodable(
  { decode, secretForm }: SignatureMethod,
  secrets: readonly string[],
): VerificationFailure | undefined {
  if (secrets.some((secret) => decode(secret) !== undefined)) return undefined;
  return { code: 'secret-undecodable', secretsTried: secrets.length, expected: secretForm };
}

function explainByBody(method: SignatureMethod, request: KeyedRequest): VerificationFailure | undefined {
  for (const [change, rawBody] of rewriteBody(request.rawBody)) {
    if (verifiesAs(method, { ...request, rawBody })) return { code: 'body-re-encoded', change };
  }
  return undefined;
}

const URL_CHANGES: readonly (readonly [string, (url: string) => string])[] = [
  ['https in the place of http', (url) => url.replace(/^http:/, 'https:')],
  ['http in the place of https', (url) => url.replace(/^https:/, 'http:')],
  ['a slash at the end', (url) => url.replace(/([^/])(\?|$)/, '$1/$2')],
  ['no slash at the end', (url) => url.replace(/\/(\?|$)/, '$1')],
  ['no query', withoutQuery],
];

function explainByUrl(method: SignatureMethod, request: KeyedRequest): VerificationFailure | undefined {
  const { url } = request;
  if (url === undefined) return undefined;
  const found = URL_CHANGES.find(
    ([, change]) => change(url) !== url && verifiesAs(method, { ...request, url: change(url) }),
  );
  return found === undefined ? undefined : { code: 'public-url-differs', change: found[0] };
}

function verifiesAs(method: SignatureMethod, request: KeyedRequest): boolean {
  const signed = method.readSigned(request);
  return signed.ok && request.secrets.some((secret) => matches(method, signed.value, secret));
}

/** A signature of another length was made by another algorithm, or cut. */
function explainByLength(
  { crypto: { kind, algorithm = 'sha256' } }: SignatureMethod,
  signed: readonly SignedContent[],
): VerificationFailure | undefined {
  if (isOfPublicKeys({ kind })) return undefined;
  const expectedBytes = DIGEST_BYTES[algorithm];
  const found = signed.flatMap(({ signatures }) => signatures.map(({ length }) => length));
  const [foundBytes = expectedBytes] = found;
  if (found.includes(expectedBytes)) return undefined;
  return { code: 'wrong-signature-length', expectedBytes, foundBytes };
}

/**
 * Undoes what frameworks and proxies are known to do to a body on its way: parse it and write it anew, or change its line
 * ends. Yields each body as it may have been when it was signed, with the name of the change.
 */
function* rewriteBody(rawBody: Uint8Array): Generator<readonly [change: string, body: Buffer]> {
  if (!isUtf8(rawBody)) return;
  const text = Buffer.from(rawBody).toString('utf8');
  for (const [change, rewrite] of TEXT_CHANGES) {
    const rewritten = rewrite(text);
    if (rewritten !== text) yield [change, Buffer.from(rewritten)];
  }
  const value = parseJson(text);
  if (value === undefined) return;
  for (const [change, write] of JSON_CHANGES) {
    const rewritten = writeShallow(value, write);
    if (rewritten !== undefined && rewritten !== text) yield [change, Buffer.from(rewritten)];
  }
}

const TEXT_CHANGES: readonly (readonly [name: string, rewrite: (text: string) => string])[] = [
  ['without its byte order mark', (text) => text.replace(/^\ufeff/, '')],
  ['without white space around it', (text) => text.trim()],
  ['with a line end after it', (text) => `${text}\n`],
  ['with a CRLF after it', (text) => `${text}\r\n`],
  ['with LF line ends', (text) => text.replaceAll('\r\n', '\n')],
  ['with CRLF line ends', (text) => text.replaceAll(/\r?\n/g, '\r\n')],
  ['with upper-case \\u escapes', (text) => text.replaceAll(/\\u[0-9a-f]{4}/gi, upperCaseEscape)],
];

const JSON_CHANGES: readonly (readonly [name: string, write: (value: unknown) => string])[] = [
  ['as JSON without spaces', (value) => JSON.stringify(value)],
  ['as JSON indented by two', (value) => JSON.stringify(value, null, 2)],
  ['as JSON with a space after , and :', writeSpaced],
  ['as JSON in ASCII', (value) => escapeUnicode(JSON.stringify(value))],
  ['as JSON in ASCII with a space after , and :', (value) => escapeUnicode(writeSpaced(value))],
  ['as JSON with escaped slashes', (value) => JSON.stringify(value).replaceAll('/', '\\/')],
  [
    'as JSON in ASCII with escaped slashes',
    (value) => escapeUnicode(JSON.stringify(value)).replaceAll('/', '\\/'),
  ],
];

/** `undefined` for a value that is nested deeper than the stack goes. */
function writeShallow(value: unknown, write: (value: unknown) => string): string | undefined {
  try {
    return write(value);
  } catch {
    return undefined;
  }
}

/** As Python writes JSON: `{"a": 1, "b": [2, 3]}`. */
function writeSpaced(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(writeSpaced).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(
    ([name, member]) => `${JSON.stringify(name)}: ${writeSpaced(member)}`,
  );
  return `{${members.join(', ')}}`;
}

function escapeUnicode(json: string): string {
  return json.replaceAll(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function upperCaseEscape(escaped: string): string {
  return `\\u${escaped.slice(2).toUpperCase()}`;
}
