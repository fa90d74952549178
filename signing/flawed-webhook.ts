import { type SignatureScheme, uncoveredBody } from '../lambdas/ingest/signature/scheme.ts';
import { fail, type Result, succeed } from '../lambdas/result.ts';
import { type Signed, signWebhook, type ToSign } from './sign-webhook.ts';
import { changeValue, TAMPER, UNSIGN } from './signed-body.ts';

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
  const isUnsigned = flaws.unsigned === true;
  const signed = isUnsigned
    ? leaveUnsigned(scheme, toSign)
    : signWebhook(scheme, { ...toSign, at: at.value });
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

function tamperWith(scheme: SignatureScheme, signed: Signed): Result<Signed, string> {
  const tamper = scheme.kind === 'custom' ? TAMPER[scheme.plugIn] : undefined;
  if (tamper !== undefined) return withBody(signed, tamper(signed.rawBody));
  const why = uncoveredBody(scheme);
  if (why !== undefined) return fail(`A changed body is accepted: ${why}.`);
  const kept = 'content' in scheme ? [scheme.timestamp?.body, scheme.id?.body] : [];
  return succeed({ ...signed, rawBody: changeValue(signed.rawBody, kept) });
}

function withBody(signed: Signed, body: Result<Uint8Array, string> | undefined): Result<Signed, string> {
  if (body === undefined) return succeed(signed);
  return body.ok ? succeed({ ...signed, rawBody: body.value }) : body;
}
