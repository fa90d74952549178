import { createHash } from 'node:crypto';
import { readFields } from '../lambdas/form.ts';
import { writePart } from '../lambdas/ingest/signature/header.ts';
import { computeDigest, decodeSecret } from '../lambdas/ingest/signature/keys.ts';
import { BODY_HASH, writeTwilioForm } from '../lambdas/ingest/signature/plug-ins/twilio.ts';
import { writeSorted } from '../lambdas/ingest/signature/plug-ins/unverified-body.ts';
import { compileTemplate } from '../lambdas/ingest/signature/signed-content.ts';
import type { Content } from '../lambdas/ingest/signature/verification.ts';
import { methodOf } from '../lambdas/ingest/signature/verify.ts';
import type { Extractor, SignatureScheme, SignedScheme } from '../lambdas/ingest/source.ts';
import { fail, type Result, succeed } from '../lambdas/result.ts';
import { bodyFormatOf } from '../lambdas/webhook-body.ts';
import { signAdyenBody, signMailgunBody } from './signed-body.ts';

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
  if (scheme.kind === 'custom') return signAsPlugIn(scheme, toSign);
  const headers =
    scheme.kind === 'sharedSecret'
      ? carrySecret(scheme.sharedSecret, toSign.secret)
      : signByOptions(scheme, toSign);
  return headers.ok ? succeed({ headers: headers.value, query: '', rawBody: toSign.rawBody }) : headers;
}

function signByOptions(scheme: SignedScheme, toSign: ToSign): Result<Headers, string> {
  const key = decodeSecret(scheme, toSign.secret);
  if (key === undefined) return fail(`The signing secret cannot be read as ${scheme.kind} wants it.`);
  if (key.type === 'public')
    return fail(`Only the vendor can sign by ${scheme.kind}: it has the private key.`);

  const timestamp = scheme.timestamp === undefined ? '' : WRITERS[scheme.timestamp.format](toSign.at);
  const { rawBody, url, id, secret } = toSign;
  const template = compileTemplate(scheme.content);
  if (template.tokens.some(({ kind }) => kind === 'header')) {
    return fail('A header of the vendor is signed, and what stands in it is not known here.');
  }
  const parts = { method: 'POST', url, headers: new Map<string, string>(), rawBody, timestamp, id };
  const content = template.write(parts, secret);
  const signature = computeDigest(scheme, content, key).toString(scheme.encoding);
  return writeHeaders(scheme, { timestamp, id: toSign.id, signature });
}

const WRITERS: Readonly<Record<NonNullable<SignedScheme['timestamp']>['format'], (at: Date) => string>> = {
  unix: (at) => String(Math.floor(at.getTime() / 1000)),
  'unix-ms': (at) => String(at.getTime()),
  iso8601: (at) => at.toISOString(),
  'http-date': (at) => at.toUTCString(),
};

/** The parts of one header come in the order timestamp, id, signature. */
function writeHeaders(
  { timestamp, id, signature }: SignedScheme,
  values: { readonly timestamp: string; readonly id: string; readonly signature: string },
): Result<Headers, string> {
  const parts: readonly (readonly [Extractor | undefined, string])[] = [
    [timestamp, values.timestamp],
    [id, values.id],
    [signature, values.signature],
  ];
  const headers: Record<string, string> = {};
  for (const [extractor, value] of parts) {
    if (extractor === undefined) continue;
    const { header, split = '', pick = '' } = extractor;
    const part = writePart(extractor, value);
    if (part === undefined) return fail(`How ${header} is written cannot be told from the pattern ${pick}.`);
    headers[header] = headers[header] === undefined ? part : `${headers[header]}${split}${part}`;
  }
  return succeed(headers);
}

function carrySecret(
  options: Extract<SignatureScheme, { kind: 'sharedSecret' }>['sharedSecret'],
  secret: string,
): Result<Headers, string> {
  if (options.in === 'header') return succeed({ [options.name]: secret });
  if (options.in === 'basic') {
    return succeed({ authorization: `Basic ${Buffer.from(secret).toString('base64')}` });
  }
  return fail(`The secret travels in the URL: post to …?${options.name}=<secret> yourself.`);
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
