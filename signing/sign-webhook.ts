import { createHash } from 'node:crypto';
import { readFields } from '../lambdas/form-body.ts';
import { writePart } from '../lambdas/ingest/signature/header.ts';
import { computeDigest, decodeSecret } from '../lambdas/ingest/signature/keys.ts';
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
import { bodyFormatOf } from '../lambdas/webhook-body.ts';
import { setBodyMember, signAdyenBody, signMailgunBody } from './signed-body.ts';

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
