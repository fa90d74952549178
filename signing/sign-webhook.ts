import { createHash } from 'node:crypto';
import * as z from 'zod';
import { readFields } from '../lambdas/form-body.ts';
import { writePart } from '../lambdas/ingest/signature/header.ts';
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
  return place(scheme.signature, signature, named.value);
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
  const { header, query, body, split = '', pick = '' } = extractor;
  const part = writePart(extractor, value);
  const name = [header ?? query ?? body].flat()[0] ?? '';
  if (part === undefined) return fail(`How ${name} is written cannot be told from the pattern ${pick}.`);
  if (body !== undefined) return placeInBody(body, part, signed);
  if (query !== undefined) return succeed({ ...signed, query: withParameter(signed.query, query, part) });
  const before = signed.headers[name];
  const written = before === undefined ? part : `${before}${split}${part}`;
  return succeed({ ...signed, headers: { ...signed.headers, [name]: written } });
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

/** How a webhook differs from what its vendor would send, so that ingest refuses it. */
export type Flaws = {
  /** The signed content is changed after signing. */
  readonly tamper?: boolean | undefined;
  /** The timestamp is older than the tolerance. */
  readonly stale?: boolean | undefined;
  /** There is no signature. */
  readonly unsigned?: boolean | undefined;
};

/** Signs a webhook as its vendor would, apart from its flaws; fails with a sentence for a person. */
export function signFlawed(scheme: SignatureScheme, toSign: ToSign, flaws: Flaws): Result<Signed, string> {
  const at = timeOf(scheme, toSign.at, flaws);
  if (!at.ok) return at;
  const signed =
    flaws.unsigned === true
      ? leaveUnsigned(scheme, toSign)
      : signWebhook(scheme, { ...toSign, at: at.value });
  if (flaws.tamper === true && 'unboundBody' in scheme && scheme.unboundBody) {
    return fail('A changed body verifies, too: the signature of this source does not cover it.');
  }
  return signed.ok && flaws.tamper === true ? tamperWith(scheme, signed.value) : signed;
}

function timeOf(scheme: SignatureScheme, at: Date, { stale }: Flaws): Result<Date, string> {
  if (stale !== true) return succeed(at);
  const limited = scheme.kind === 'jwt' ? scheme : 'timestamp' in scheme ? scheme.timestamp : undefined;
  const tolerance = limited?.toleranceSeconds;
  if (tolerance === undefined)
    return fail('A webhook of this source cannot be too old: its signature has no such limit.');
  return succeed(new Date(at.getTime() - (tolerance + 60) * 1000));
}

function leaveUnsigned(scheme: SignatureScheme, { rawBody }: ToSign): Result<Signed, string> {
  const unsign = scheme.kind === 'custom' ? UNSIGN[scheme.plugIn] : undefined;
  return withBody({ headers: {}, query: '', rawBody }, unsign?.(rawBody));
}

/** A byte after the body breaks most signatures. One inside the body breaks only by a change of what it covers. */
function tamperWith(scheme: SignatureScheme, signed: Signed): Result<Signed, string> {
  const tamper = scheme.kind === 'custom' ? TAMPER[scheme.plugIn] : undefined;
  return withBody(
    { ...signed, rawBody: Buffer.concat([signed.rawBody, Buffer.from('!')]) },
    tamper?.(signed.rawBody),
  );
}

function withBody(signed: Signed, body: Result<Uint8Array, string> | undefined): Result<Signed, string> {
  if (body === undefined) return succeed(signed);
  return body.ok ? succeed({ ...signed, rawBody: body.value }) : body;
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

/** Removes the signatures, by plug-in. */
const UNSIGN: Readonly<Record<string, (rawBody: Uint8Array) => Body>> = {
  'adyen-standard': (rawBody) =>
    changeItems(rawBody, ({ additionalData: { hmacSignature, ...rest }, ...item }) => ({
      ...item,
      additionalData: rest,
    })),
  mailgun: (rawBody) => changeMailgun(rawBody, ({ signature, ...body }) => body),
};

/** Changes a member that is signed, by plug-in: most of such a body is not signed. */
const TAMPER: Readonly<Record<string, (rawBody: Uint8Array) => Body>> = {
  'adyen-standard': (rawBody) =>
    changeItems(rawBody, (item) => ({ ...item, merchantReference: `${item.merchantReference ?? ''}!` })),
  mailgun: (rawBody) =>
    changeMailgun(rawBody, ({ signature, ...body }) => ({
      ...body,
      signature: { ...signature, token: `${signature?.token ?? ''}!` },
    })),
};

function changeItems(
  rawBody: Uint8Array,
  change: (item: z.infer<typeof itemSchema>) => object | undefined,
): Body {
  const body = adyenSchema.safeParse(read(rawBody));
  const items = body.data?.notificationItems.map((one) => change(one.NotificationRequestItem)) ?? [undefined];
  if (items.includes(undefined)) return fail('The body is no list of notificationItems as Adyen sends them.');
  const notificationItems = items.map((item) => ({ NotificationRequestItem: item }));
  return succeed(write({ ...body.data, notificationItems }));
}

function changeMailgun(rawBody: Uint8Array, change: (body: z.infer<typeof mailgunSchema>) => object): Body {
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
