import { createHmac } from 'node:crypto';
import { fail, type Result, succeed } from '../result.ts';
import { bodyFormatOf, follow, parseBody } from '../webhook-body.ts';
import { type AnswerToken, fillAnswer, hasHmac } from './answer-template.ts';
import type { IngestFailure, RequestHead, WebhookRequest } from './request.ts';
import { readSharedSecret } from './signature/shared-secret.ts';
import type { VerificationFailure } from './signature/verification.ts';
import type { Handshake } from './source.ts';

/**
 * How long a body may be that is parsed for a handshake before any signature is verified, in bytes. The longest documented
 * one, Zoom's, has some 150; WooCommerce's `webhook_id=N` has less than 40.
 */
export const MAX_HANDSHAKE_BYTES = 16_384;

/** The handshakes that a request may be, by its method, query and headers: all that can be told without its body. */
export function findCandidates(handshakes: readonly Handshake[], request: RequestHead): readonly Handshake[] {
  const sameMethod = handshakes.filter(({ match }) => match.method === request.method);
  if (sameMethod.length === 0) return sameMethod;
  const query = new URLSearchParams(request.query);
  return sameMethod.filter(
    ({ match }) =>
      isMatch(match.query, (name) => query.get(name) ?? undefined) &&
      isMatch(match.headers, (name) => withoutParameters(request.headers.get(name))),
  );
}

/**
 * The first of the candidates whose body matches. Before the signature is verified (`isVerified`), a body is parsed only
 * where a stranger may have the answer, and only up to `MAX_HANDSHAKE_BYTES`; without a look at it, none matches by it.
 */
export function findHandshake(
  candidates: readonly Handshake[],
  request: WebhookRequest,
  isVerified: boolean,
): Handshake | undefined {
  const isOpen = candidates.some(({ authenticate }) => authenticate !== 'signature');
  const mayParse = isVerified || (isOpen && request.rawBody.byteLength <= MAX_HANDSHAKE_BYTES);
  return candidates.find(
    ({ match }) => match.body === undefined || (mayParse && isMatch(match.body, readMembers(request))),
  );
}

/** Why a request cannot be told to be a handshake: its body would have to be parsed, and is too long. */
export function explainTooLong(
  candidates: readonly Handshake[],
  { rawBody }: WebhookRequest,
): VerificationFailure | undefined {
  const bytes = rawBody.byteLength;
  const needsBody = candidates.some(
    ({ match, authenticate }) => match.body !== undefined && authenticate !== 'signature',
  );
  if (!needsBody || bytes <= MAX_HANDSHAKE_BYTES) return undefined;
  return { code: 'unverified-body-too-large', bytes, limitBytes: MAX_HANDSHAKE_BYTES };
}

function isMatch(
  wanted: Readonly<Record<string, string>> | undefined,
  read: (name: string) => string | undefined,
): boolean {
  return Object.entries(wanted ?? {}).every(([name, value]) => {
    const found = read(name);
    return value === '*' ? found !== undefined && found !== '' : found === value;
  });
}

/** `application/json; charset=utf-8` matches by its media type alone. */
function withoutParameters(value: string | undefined): string | undefined {
  return value?.replace(/;.*/s, '').trim();
}

/** Reads texts, numbers and booleans of a request's body by their pointers. */
function readMembers({ rawBody, headers, form }: WebhookRequest): (pointer: string) => string | undefined {
  const body = parseBody(rawBody, bodyFormatOf(headers.get('content-type'), rawBody, form), { form });
  return (pointer) => {
    const value = body.ok ? follow(body.value, pointer)[0] : undefined;
    return value === undefined || typeof value === 'object' ? undefined : String(value);
  };
}

/** Compares a handshake's token with the one that is stored beside the signing secrets. */
type CheckToken = (stored: { readonly verifyToken?: string | undefined }) => Result<void, IngestFailure>;

/**
 * Reads a handshake's token from the query, where it has one, before any secret is read. That none is stored is no alarm:
 * strangers ask, too, and who sets up the webhook sees the answer at once.
 */
export function readToken(
  { authenticate }: Pick<Handshake, 'authenticate'>,
  request: WebhookRequest,
): Result<CheckToken, IngestFailure> {
  if (typeof authenticate === 'string') return succeed(() => succeed(undefined));
  const sent = readSharedSecret({ in: 'query', name: authenticate.token }, request);
  if (!sent.ok) return sent;
  return succeed(({ verifyToken }) => {
    if (verifyToken === undefined) return fail({ code: 'verify-token-not-stored' });
    const compared = sent.value([verifyToken]);
    return compared.ok ? succeed(undefined) : compared;
  });
}

// Few requests are handshakes: a function loads this file with its first one (`lib/bundle/bundle-function.ts`).

/** A handshake's answer, ready to be sent. */
export type HandshakeAnswer = Handshake['respond'];

/** What a person has to copy, by its name in the request. */
export type Shown = Readonly<Record<string, string>>;

/**
 * Fills in a handshake's answer.
 * @param key a signing secret, where there may be HMACs: the one that verified the request, or for a stranger the newest
 */
export function answerHandshake(
  { authenticate, respond }: Handshake,
  request: WebhookRequest,
  key: string | undefined,
): HandshakeAnswer {
  const read = compileReader(request);
  const write = (token: AnswerToken): string => {
    const value = read(token);
    if (token.as === 'text') return value;
    return authenticate === 'none' && !isChallenge(value) ? '' : hmac(value, key, token.as);
  };
  const isJson = /json/i.test(respond.contentType ?? '');
  const body = fillAnswer(respond.body, (token) =>
    isJson ? JSON.stringify(write(token)).slice(1, -1) : write(token),
  );
  if (respond.headers === undefined) return { ...respond, body };
  const headers = Object.entries(respond.headers).map(([name, text]) => [
    name,
    // A value of the sender's may end no line.
    fillAnswer(text, write).replaceAll(/[^ -~]/g, ''),
  ]);
  return { ...respond, headers: Object.fromEntries(headers), body };
}

function compileReader(request: WebhookRequest): (value: Pick<AnswerToken, 'from' | 'name'>) => string {
  const query = new URLSearchParams(request.query);
  const member = readMembers(request);
  return ({ from, name }) => {
    const readers = {
      query: () => query.get(name),
      header: () => request.headers.get(name),
      body: () => member(name),
    };
    return readers[from]() ?? '';
  };
}

/** Whether the secret of a source is needed for a handshake that is not signed. */
export function needsSecret({ authenticate, respond, show }: Handshake): boolean {
  if (typeof authenticate === 'object' || show !== undefined) return true;
  return [respond.body, ...Object.values(respond.headers ?? {})].some(hasHmac);
}

/** What a handshake brings for a person to copy; printable, and no longer than tokens and links are. */
export function readShown({ show }: Handshake, request: WebhookRequest): Shown | undefined {
  if (show === undefined) return undefined;
  const [place] = Object.entries(show) as [AnswerToken['from'], string][];
  if (place === undefined) return undefined;
  const [from, name] = place;
  const value = compileReader(request)({ from, name });
  return /^[!-~]{1,2000}$/.test(value) ? { [name]: value } : undefined;
}

/**
 * What a stranger may have signed: it can be no webhook, since no event type can stand in it (`source.ts` has the other half of
 * this rule).
 */
function isChallenge(value: string): boolean {
  return /^[\w+/-]{1,256}={0,2}$/.test(value);
}

function hmac(value: string, key: string | undefined, as: 'hmacHex' | 'hmacBase64'): string {
  if (key === undefined || key === '') return '';
  return createHmac('sha256', key)
    .update(value)
    .digest(as === 'hmacHex' ? 'hex' : 'base64');
}
