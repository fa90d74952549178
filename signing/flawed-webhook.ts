import { isUtf8 } from 'node:buffer';
import { type SignatureScheme, uncoveredBody } from '../lambdas/ingest/signature/scheme.ts';
import { fail, parseJson, type Result, succeed } from '../lambdas/result.ts';
import { setMembers } from '../lib/mapping/examples/example.ts';
import { changeItems, changeMailgun, type Signed, signWebhook, type ToSign } from './sign-webhook.ts';

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

/**
 * Changes one value of a body, which stays in its format: of JSON the first text or number, of any other format the end.
 * @param kept pointers to what stays as it is: times and ids that are read before the signature is judged
 */
export function changeValue(rawBody: Uint8Array, kept: readonly (string | undefined)[]): Uint8Array {
  const text = Buffer.from(rawBody).toString('utf8');
  const body = isUtf8(rawBody) ? parseJson(text) : undefined;
  if (typeof body !== 'object' || body === null) return Buffer.concat([rawBody, Buffer.from('!')]);
  const added = [Array.isArray(body) ? '/0' : '/changed', ''] as const;
  const [pointer, value] = leavesOf(body).find(([one]) => !kept.includes(one)) ?? added;
  const changed = typeof value === 'number' ? Number(value === 0) : `${value}!`;
  return Buffer.from(setMembers(text, { [pointer]: changed }));
}

function leavesOf(value: unknown, pointer = ''): readonly (readonly [pointer: string, value: unknown])[] {
  if (typeof value === 'string' || typeof value === 'number') return [[pointer, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) =>
    leavesOf(member, `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`),
  );
}

/** Removes the signatures, by plug-in. */
const UNSIGN: Readonly<Record<string, (rawBody: Uint8Array) => Result<Uint8Array, string>>> = {
  'adyen-standard': (rawBody) =>
    changeItems(rawBody, ({ additionalData: { hmacSignature, ...rest }, ...item }) => ({
      ...item,
      additionalData: rest,
    })),
  mailgun: (rawBody) => changeMailgun(rawBody, ({ signature, ...body }) => body),
};

/** Changes a member that is signed, by plug-in: most of such a body is not signed. */
const TAMPER: Readonly<Record<string, (rawBody: Uint8Array) => Result<Uint8Array, string>>> = {
  'adyen-standard': (rawBody) =>
    changeItems(rawBody, (item) => ({ ...item, merchantReference: `${item.merchantReference ?? ''}!` })),
  mailgun: (rawBody) =>
    changeMailgun(rawBody, ({ signature, ...body }) => ({
      ...body,
      signature: { ...signature, token: `${signature?.token ?? ''}!` },
    })),
};
