import { createHash, randomBytes } from 'node:crypto';
import { type AST, RegExpParser, visitRegExpAST } from '@eslint-community/regexpp';
import * as z from 'zod';
import { readFields } from '../lambdas/form-body.ts';
import { compilePartsReader, writePart } from '../lambdas/ingest/signature/header.ts';
import { computeDigest, decodeSecret } from '../lambdas/ingest/signature/keys.ts';
import { signedTextOf } from '../lambdas/ingest/signature/plug-ins/adyen-standard.ts';
import { BODY_HASH, writeTwilioForm } from '../lambdas/ingest/signature/plug-ins/twilio.ts';
import { writeSorted } from '../lambdas/ingest/signature/plug-ins/unverified-body.ts';
import type {
  Extractor,
  JwtScheme,
  SignatureScheme,
  SignedScheme,
} from '../lambdas/ingest/signature/scheme.ts';
import { compileTemplate } from '../lambdas/ingest/signature/signed-content.ts';
import type { Content } from '../lambdas/ingest/signature/verification.ts';
import { methodOf } from '../lambdas/ingest/signature/verify.ts';
import { fail, type Result, succeed } from '../lambdas/result.ts';
import { bodyFormatOf, follow, parseBody } from '../lambdas/webhook-body.ts';
import { docsPage } from '../lib/config/terminal.ts';

/** A webhook to be signed. */
export type ToSign = {
  readonly secret: string;
  readonly url: string;
  readonly rawBody: Uint8Array;
  /** The format of the body; some vendors sign a form in another way than JSON. */
  readonly contentType?: string | undefined;
  /** The timestamp of the signature. */
  readonly at: Date;
  /** The delivery's id, for schemes that sign one. */
  readonly id: string;
};

type CustomScheme = Extract<SignatureScheme, { kind: 'custom' }>;

type Headers = Readonly<Record<string, string>>;

/** A webhook as its vendor would send it: the signature is in the headers, the query or the body. */
export type Signed = {
  readonly headers: Headers;
  /** What is added to the URL's query, without its `?`. */
  readonly query: string;
  readonly rawBody: Uint8Array;
};

/** Signs a POST of this body as its vendor would; fails with a sentence where only the vendor can sign. */
export function signWebhook(scheme: SignatureScheme, toSign: ToSign): Result<Signed, string> {
  const unsigned = { headers: {}, query: '', rawBody: toSign.rawBody };
  switch (scheme.kind) {
    case 'custom':
      return signAsPlugIn(scheme, toSign);
    case 'sharedSecret':
      return carrySecret(scheme.sharedSecret, toSign.secret, unsigned);
    case 'jwt':
      return signAsJwt(scheme, toSign, unsigned);
    default:
      return signByOptions(scheme, toSign, unsigned);
  }
}

function signByOptions(scheme: SignedScheme, toSign: ToSign, unsigned: Signed): Result<Signed, string> {
  const key = decodeSecret(scheme, toSign.secret);
  if (key === undefined) return fail(`The signing secret cannot be read as ${scheme.kind} wants it.`);
  if (key.type === 'public')
    return fail(`Only the vendor can sign by ${scheme.kind}: it has the private key.`);

  const timestamp = scheme.timestamp === undefined ? '' : WRITERS[scheme.timestamp.format](toSign.at);
  const { id } = toSign;
  const template = compileTemplate(scheme.content);
  if (template.tokens.some(({ kind }) => kind === 'header')) {
    return fail('A header of the vendor is signed, and what stands in it is not known here.');
  }
  // The parts of one header come in the order timestamp, id, signature.
  const timed = scheme.timestamp ? place(scheme.timestamp, timestamp, unsigned) : succeed(unsigned);
  const named = timed.ok && scheme.id ? place(scheme.id, id, timed.value) : timed;
  if (!named.ok) return named;
  const content = template.write({ ...partsOf(toSign, named.value), timestamp, id }, toSign.secret);
  const signature = computeDigest(scheme, content, key).toString(scheme.encoding);
  return placeSignature(scheme, signature, named.value);
}

/** A pattern may want the digits of hex in capitals. */
function placeSignature(
  { signature: extractor, encoding }: SignedScheme,
  signature: string,
  signed: Signed,
): Result<Signed, string> {
  const placed = place(extractor, signature, signed);
  if (placed.ok || encoding !== 'hex') return placed;
  const inCapitals = place(extractor, signature.toUpperCase(), signed);
  return inCapitals.ok ? inCapitals : placed;
}

/** What is signed of a request, times and ids apart. */
function partsOf({ url, contentType }: ToSign, { query, rawBody }: Signed) {
  const headers = new Map(contentType === undefined ? [] : [['content-type', contentType]]);
  const whole = query === '' ? url : `${url}${url.includes('?') ? '&' : '?'}${query}`;
  return { method: 'POST', url: whole, query: whole.split('?')[1] ?? '', headers, rawBody };
}

/** A JSON Web Token with what its source is checked for; only by a secret that both have. */
function signAsJwt(scheme: JwtScheme, toSign: ToSign, unsigned: Signed): Result<Signed, string> {
  const { crypto, decode, secretForm } = methodOf(scheme);
  const key = decode(toSign.secret);
  if (key === undefined) return fail(`The signing secret cannot be read as ${secretForm}.`);
  if (key.type === 'public') return fail('Only the vendor can sign by jwt: it has the private key.');
  const iat = Math.floor(toSign.at.getTime() / 1000);
  const { issuer: iss, audience: aud, bodyHash } = scheme;
  const hash = bodyHash && {
    [bodyHash.claim]: createHash('sha256').update(toSign.rawBody).digest(bodyHash.encoding),
  };
  const parts = [
    { alg: scheme.algorithm, typ: 'JWT' },
    { iat, jti: toSign.id, iss, aud, ...hash },
  ];
  const signed = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const signature = computeDigest(crypto, [signed], key).toString('base64url');
  return place(scheme.token, `${signed}.${signature}`, unsigned);
}

const WRITERS: Readonly<Record<NonNullable<SignedScheme['timestamp']>['format'], (at: Date) => string>> = {
  unix: (at) => String(Math.floor(at.getTime() / 1000)),
  'unix-ms': (at) => String(at.getTime()),
  iso8601: (at) => at.toISOString(),
  'http-date': (at) => at.toUTCString(),
};

/** Puts a value where an extractor finds it. */
function place(extractor: Extractor, value: string, signed: Signed): Result<Signed, string> {
  const { header, query, body, split = '' } = extractor;
  const part = writePart(extractor, value) ?? writeMatching(extractor, value);
  const name = [header ?? query ?? body].flat()[0] ?? '';
  if (part === undefined) return fail(formatUnwritable(name, extractor));
  if (body !== undefined) return placeInBody(body, part, signed);
  if (query !== undefined) return succeed({ ...signed, query: withParameter(signed.query, query, part) });
  const before = signed.headers[name];
  const written = before === undefined ? part : `${before}${split}${part}`;
  return succeed({ ...signed, headers: { ...signed.headers, [name]: written } });
}

function formatUnwritable(name: string, { pick = '' }: Extractor): string {
  return (
    `How ${name} is written cannot be told from the pattern ${pick}. Use fixed text, classes such as [0-9]+ ` +
    `and one group that takes the value; or sign with openssl and send with curl, as section 4 of ${docsPage('add-a-source.md')} shows.`
  );
}

/** What is written where a pattern takes any of several characters, the plainest first. */
const PLAIN = [...'1aA-_/.:=+~ '];

/** Writes a text of which a pattern with character classes and counts picks the value; `undefined` where it picks another. */
function writeMatching(extractor: Extractor, value: string): string | undefined {
  const pattern = new RegExpParser().parsePattern(extractor.pick ?? '');
  const groups: AST.CapturingGroup[] = [];
  visitRegExpAST(pattern, { onCapturingGroupEnter: (group) => groups.push(group) });
  const part = writeNode(pattern, { group: groups[0], value, split: extractor.split });
  const [found, ...more] = compilePartsReader(extractor)(part);
  return found === value && more.length === 0 ? part : undefined;
}

/** What the first group of a pattern has to take. */
type Wanted = {
  readonly group: AST.CapturingGroup | undefined;
  readonly value: string;
  readonly split: string | undefined;
};

function writeNode(node: AST.Node, wanted: Wanted): string {
  const { group, value, split } = wanted;
  const hasGroup = (one: AST.Node) => group !== undefined && one.start <= group.start && group.end <= one.end;
  if (node === group) return value;
  switch (node.type) {
    case 'Pattern':
    case 'Group':
    case 'CapturingGroup': {
      const chosen = node.alternatives.find(hasGroup) ?? node.alternatives[0];
      return chosen === undefined ? '' : writeNode(chosen, wanted);
    }
    case 'Alternative':
      return node.elements.map((element) => writeNode(element, wanted)).join('');
    case 'Quantifier':
      return writeNode(node.element, wanted).repeat(Math.max(node.min, hasGroup(node) ? 1 : 0));
    case 'Character':
      return String.fromCodePoint(node.value);
    case 'CharacterSet':
    case 'CharacterClass':
      return PLAIN.find((one) => one !== split && new RegExp(`^${node.raw}$`).test(one)) ?? '';
    default:
      return '';
  }
}

function withParameter(query: string, name: string, value: string): string {
  const parameter = new URLSearchParams({ [name]: value }).toString();
  return query === '' ? parameter : `${query}&${parameter}`;
}

function placeInBody(pointer: string, value: string, signed: Signed): Result<Signed, string> {
  const rawBody = setBodyMember(signed.rawBody, pointer, value);
  return rawBody.ok ? succeed({ ...signed, rawBody: rawBody.value }) : rawBody;
}

function carrySecret(
  options: Extract<SignatureScheme, { kind: 'sharedSecret' }>['sharedSecret'],
  secret: string,
  unsigned: Signed,
): Result<Signed, string> {
  switch (options.in) {
    case 'header':
      return place({ header: options.name }, secret, unsigned);
    case 'basic':
      return place({ header: 'authorization' }, `Basic ${Buffer.from(secret).toString('base64')}`, unsigned);
    case 'body':
      return placeInBody(options.pointer, secret, unsigned);
    case 'query':
      return fail(`The secret travels in the URL: post to …?${options.name}=<secret> yourself.`);
  }
}

/** Signs as a plug-in verifies. Some signatures are in the body, and Twilio's of JSON needs a query parameter. */
function signAsPlugIn(scheme: CustomScheme, toSign: ToSign): Result<Signed, string> {
  const { crypto, encoding, decode, secretForm } = methodOf(scheme);
  const key = decode(toSign.secret);
  if (key === undefined) return fail(`The signing secret cannot be read as ${secretForm}.`);
  return SIGNERS[scheme.plugIn](toSign, (...content) =>
    computeDigest(crypto, content, key).toString(encoding),
  );
}

/** Computes the signature of a content, as it is sent. */
type Write = (...content: Content) => string;

const SIGNERS: Readonly<
  Record<CustomScheme['plugIn'], (toSign: ToSign, write: Write) => Result<Signed, string>>
> = {
  twilio: (toSign, write) => succeed(signAsTwilio(toSign, write)),
  mandrill: ({ url, rawBody }, write) => {
    const signature = write(url, writeSorted(readFields(rawBody)));
    return succeed({ headers: { 'X-Mandrill-Signature': signature }, query: '', rawBody });
  },
  'adyen-standard': ({ rawBody }, write) => inBody(signAdyenBody(rawBody, write)),
  paypal: () => fail('Only PayPal can sign: it has the private key.'),
  mailgun: ({ rawBody, at, id }, write) => {
    const timestamp = String(Math.floor(at.getTime() / 1000));
    return inBody(signMailgunBody(rawBody, { timestamp, token: id, signature: write(timestamp, id) }));
  },
};

function signAsTwilio({ url, rawBody, contentType }: ToSign, write: Write): Signed {
  const sign = (...content: Content) => ({ 'X-Twilio-Signature': write(...content) });
  if (contentType === undefined || bodyFormatOf(contentType, rawBody) === 'form') {
    return { headers: sign(url, writeTwilioForm(readFields(rawBody))), query: '', rawBody };
  }
  const query = `${BODY_HASH}=${createHash('sha256').update(rawBody).digest('hex')}`;
  return { headers: sign(`${url}${url.includes('?') ? '&' : '?'}${query}`), query, rawBody };
}

function inBody(body: Result<Uint8Array, string>): Result<Signed, string> {
  return body.ok ? succeed({ headers: {}, query: '', rawBody: body.value }) : body;
}

// Adyen and Mailgun put their signatures into the body, which is therefore re-written when it is signed or tampered with.
const itemSchema = z.looseObject({ additionalData: z.looseObject({}).default({}) });
const adyenSchema = z.looseObject({
  notificationItems: z.array(z.looseObject({ NotificationRequestItem: itemSchema })).min(1),
});
const mailgunSchema = z.looseObject({ signature: z.looseObject({}).optional() });

type Body = Result<Uint8Array, string>;

/** Signs each item of an Adyen standard webhook. */
function signAdyenBody(rawBody: Uint8Array, write: (text: string) => string): Body {
  return changeItems(rawBody, (item) => {
    const text = signedTextOf(item);
    if (text === undefined) return undefined;
    return { ...item, additionalData: { ...item.additionalData, hmacSignature: write(text) } };
  });
}

/** Puts Mailgun's signature into a body. */
function signMailgunBody(
  rawBody: Uint8Array,
  signature: { readonly timestamp: string; readonly token: string; readonly signature: string },
): Body {
  return changeMailgun(rawBody, (body) => ({ ...body, signature }));
}

/** Sets a member of a body, in every item that its pointer leads to; what is on the way has to be there. */
function setBodyMember(rawBody: Uint8Array, pointer: string, value: string): Body {
  const body = read(rawBody);
  const at = pointer.lastIndexOf('/');
  const owners = follow(body, pointer.slice(0, at)).filter(
    (owner) => typeof owner === 'object' && owner !== null,
  );
  const name = pointer
    .slice(at + 1)
    .replaceAll('~1', '/')
    .replaceAll('~0', '~');
  for (const owner of owners) (owner as Record<string, unknown>)[name] = value;
  return owners.length > 0 ? succeed(write(body as object)) : fail(`The body has no place for ${pointer}.`);
}

/** Changes each item of an Adyen standard webhook. */
export function changeItems(
  rawBody: Uint8Array,
  change: (item: z.infer<typeof itemSchema>) => object | undefined,
): Body {
  const body = adyenSchema.safeParse(read(rawBody));
  const items = body.data?.notificationItems.map((one) => change(one.NotificationRequestItem)) ?? [undefined];
  if (items.includes(undefined)) return fail('The body is no list of notificationItems as Adyen sends them.');
  const notificationItems = items.map((item) => ({ NotificationRequestItem: item }));
  return succeed(write({ ...body.data, notificationItems }));
}

/** Changes the body of a Mailgun webhook. */
export function changeMailgun(
  rawBody: Uint8Array,
  change: (body: z.infer<typeof mailgunSchema>) => object,
): Body {
  const body = mailgunSchema.safeParse(read(rawBody));
  return body.success ? succeed(write(change(body.data))) : fail('The body is no JSON object.');
}

function read(rawBody: Uint8Array): unknown {
  const body = parseBody(rawBody, 'json');
  return body.ok ? body.value : undefined;
}

function write(body: object): Uint8Array {
  return Buffer.from(JSON.stringify(body));
}

/** The forms in which vendors give out their secrets. */
const FORMS: readonly ((bytes: Buffer) => string)[] = [
  (bytes) => `whsec_${bytes.toString('base64')}`,
  (bytes) => bytes.toString('hex'),
  (bytes) => bytes.toString('base64'),
];

const PRIVATE_KEY_KINDS: readonly string[] = ['ecdsa', 'rsa', 'ed25519'];

/** Makes a signing secret that a signature takes; fails with a sentence where only the vendor can sign. */
export function makeSigningSecret(scheme: SignatureScheme): Result<string, string> {
  if (PRIVATE_KEY_KINDS.includes(scheme.kind))
    return fail(`Only the vendor can sign by ${scheme.kind}: it has the private key.`);
  let reason = '';
  for (const form of FORMS) {
    const secret = form(randomBytes(24));
    const url = 'http://127.0.0.1/webhooks/source';
    const signed = signWebhook(scheme, {
      secret,
      url,
      rawBody: Buffer.from('{}'),
      at: new Date(),
      id: 'id',
    });
    if (signed.ok) return succeed(secret);
    reason = signed.failure;
  }
  return fail(reason);
}
