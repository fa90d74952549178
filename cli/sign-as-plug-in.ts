import { createHash } from 'node:crypto';
import { computeDigest } from '../lambdas/ingest/check-claim.ts';
import { methodOf } from '../lambdas/ingest/signature-method.ts';
import { readForm, writeSorted } from '../lambdas/ingest/signature-plug-ins/form-parameters.ts';
import { BODY_HASH, writeTwilioForm } from '../lambdas/ingest/signature-plug-ins/twilio.ts';
import type { SignatureScheme } from '../lambdas/ingest/signature-scheme.ts';
import type { Content } from '../lambdas/ingest/verification.ts';
import { fail, type Result, succeed } from '../lambdas/result.ts';
import { bodyFormatOf } from '../lambdas/webhook-body.ts';
import type { Signed, ToSign } from './sign-webhook.ts';
import { signAdyenBody, signMailgunBody } from './signed-body.ts';

type CustomScheme = Extract<SignatureScheme, { kind: 'custom' }>;

/** Signs as a plug-in verifies. Some signatures lie in the body, and one (Twilio's of JSON) needs a parameter in the URL. */
export function signAsPlugIn(scheme: CustomScheme, toSign: ToSign): Result<Signed, string> {
  const { crypto, encoding, decode, secretForm } = methodOf(scheme);
  const key = decode(toSign.secret);
  if (key === undefined) return fail(`The signing secret cannot be read as ${secretForm}.`);
  return SIGNERS[scheme.plugIn](toSign, (...content) =>
    computeDigest(crypto, content, key).toString(encoding),
  );
}

/** Writes the signature of a content. */
type Write = (...content: Content) => string;

const SIGNERS: Readonly<
  Record<CustomScheme['plugIn'], (toSign: ToSign, write: Write) => Result<Signed, string>>
> = {
  twilio: (toSign, write) => succeed(signAsTwilio(toSign, write)),
  mandrill: ({ url, rawBody }, write) => {
    const signature = write(url, writeSorted(readForm(rawBody)));
    return succeed({ headers: { 'X-Mandrill-Signature': signature }, query: '', rawBody });
  },
  'adyen-standard': ({ rawBody }, write) => inBody(signAdyenBody(rawBody, write)),
  mailgun: ({ rawBody, at, id }, write) => {
    const timestamp = String(Math.floor(at.getTime() / 1000));
    return inBody(signMailgunBody(rawBody, { timestamp, token: id, signature: write(timestamp, id) }));
  },
};

function signAsTwilio({ url, rawBody, contentType }: ToSign, write: Write): Signed {
  const sign = (...content: Content) => ({ 'X-Twilio-Signature': write(...content) });
  if (contentType === undefined || bodyFormatOf(contentType) === 'form') {
    return { headers: sign(url, writeTwilioForm(rawBody)), query: '', rawBody };
  }
  const query = `${BODY_HASH}=${createHash('sha256').update(rawBody).digest('hex')}`;
  return { headers: sign(`${url}${url.includes('?') ? '&' : '?'}${query}`), query, rawBody };
}

function inBody(body: Result<Uint8Array, string>): Result<Signed, string> {
  return body.ok ? succeed({ headers: {}, query: '', rawBody: body.value }) : body;
}
