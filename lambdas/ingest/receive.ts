import * as z from 'zod/mini';
import type { BodyTooLarge, BufferedWebhook } from '../buffer/message.ts';
import { fail, type Result, succeed } from '../result.ts';
import type { SecretFailure } from '../secret.ts';
import { matchesEventType } from '../webhook-body.ts';
import { explainTooLong, findCandidates, findHandshake, readToken } from './handshake.ts';
import {
  answerHandshake,
  type HandshakeAnswer,
  needsSecret,
  readShown,
  type Shown,
} from './handshake-answer.ts';
import { identifyWebhook } from './identity.ts';
import type { BufferFailure, IngestFailure } from './request.ts';
import {
  type HttpApiEvent,
  isPacked,
  type RequestHead,
  readHead,
  readRawBody,
  type WebhookRequest,
} from './request.ts';
import { withoutQuery } from './signature/signed-content.ts';
import type { Verification, VerificationFailure } from './signature/verification.ts';
import { readSignature } from './signature/verify.ts';
import type { Handshake, Source } from './source.ts';
import { unpackBody } from './unpack.ts';

/** What ingest needs from the outside world. */
export type ReceiveDependencies = {
  readonly sources: ReadonlyMap<string, Source>;
  /** The front of all webhook URLs, as senders know it: `https://host`, no slash at the end. */
  readonly publicUrl: string;
  readonly signingSecrets: {
    readonly read: (name: string) => Promise<Result<SigningSecrets, SecretFailure>>;
    /** Reads the secret again, as it may have been rotated; `undefined` where that was done a moment ago. */
    readonly reread: (name: string) => Promise<Result<SigningSecrets, SecretFailure> | undefined>;
  };
  readonly putOnBuffer: (webhook: BufferedWebhook) => Promise<Result<void, BodyTooLarge | BufferFailure>>;
};

/** A request that its source has signed: when it came, which secret signed it, and how many secrets are kept. */
type Verified = Verification & {
  readonly secret: string;
  readonly secretsKept: number;
  readonly receivedAt: Date;
};

/** Which of how many secrets signed a webhook. */
type SigningIndex = Pick<Verified, 'secretIndex' | 'secretsKept'>;

/** A verified webhook that was `buffered`, or `ignored` because no mapping wants it; or a handshake and its answer. */
export type Received =
  | ({
      readonly code: 'buffered' | 'ignored';
      readonly webhook: BufferedWebhook;
      readonly apiVersion?: string;
    } & SigningIndex)
  | {
      readonly code: 'handshake-answered';
      readonly answer: HandshakeAnswer;
      /** What a person has to copy, for the log. */
      readonly shown?: Shown;
    };

/** The outcome of a request, and its source; `source` is missing where no mapping folder has the name. */
export type Reception = { readonly source?: Source; readonly received: Result<Received, IngestFailure> };

/** Sources by their names, and by those that they had before: a vendor may still have the URL of one. */
export function byName(sources: readonly Source[]): ReadonlyMap<string, Source> {
  return new Map(
    sources.flatMap((source) => [source.source, ...(source.formerly ?? [])].map((name) => [name, source])),
  );
}

/**
 * Takes a request in: reads it, verifies it, identifies it, and buffers it if a mapping wants it. What can be judged by
 * method, headers and query is judged by them: strangers send bodies of any size (docs/decisions/0030).
 */
export async function receiveWebhook(
  event: HttpApiEvent,
  receivedAt: Date,
  dependencies: ReceiveDependencies,
): Promise<Reception> {
  const head = readHead(event);
  if (!head.ok) return { received: head };
  const source = dependencies.sources.get(head.value.source);
  if (source === undefined) return { received: fail({ code: 'unknown-source' }) };
  const candidates = findCandidates(source.profile.handshakes, head.value);
  const request = { ...head.value, form: source.profile.form };
  const asked = readAsked(event, request, candidates);
  if (!asked.ok) return { source, received: asked };
  return { source, received: await receiveFrom(source, asked.value, receivedAt, dependencies) };
}

/** A whole request, and the handshakes that it may be. */
type Asked = { readonly request: WebhookRequest; readonly candidates: readonly Handshake[] };

/** Fails where a request is neither a handshake nor a POST with a body. */
function readAsked(
  event: HttpApiEvent,
  head: RequestHead & Pick<WebhookRequest, 'form'>,
  candidates: readonly Handshake[],
): Result<Asked, IngestFailure> {
  const { method } = head;
  if (method !== 'POST' && candidates.length === 0) return fail({ code: 'method-not-allowed', method });
  const rawBody = readRawBody(event);
  if (!rawBody.ok) return rawBody;
  const needsNoBody = candidates.some(({ match }) => match.body === undefined);
  if (rawBody.value.byteLength === 0 && !needsNoBody) return fail({ code: 'body-empty' });
  return succeed({ request: { ...head, rawBody: rawBody.value }, candidates });
}

async function receiveFrom(
  source: Source,
  { request, candidates }: Asked,
  receivedAt: Date,
  dependencies: ReceiveDependencies,
): Promise<Result<Received, IngestFailure>> {
  const open = findHandshake(candidates, request, false);
  if (open !== undefined && open.authenticate !== 'signature') {
    return answerUnsigned(source, request, open, dependencies);
  }
  const verified = await verifyWebhook(source, request, receivedAt, dependencies);
  if (!verified.ok) {
    const tooLong = verified.failure.code === 'missing-header' && explainTooLong(candidates, request);
    return tooLong ? fail(tooLong) : verified;
  }
  const unpacked = isPacked(request) ? unpackBody(request) : succeed(request);
  return unpacked.ok
    ? receiveVerified(source, { request: unpacked.value, candidates }, verified.value, dependencies)
    : unpacked;
}

async function receiveVerified(
  source: Source,
  { request, candidates }: Asked,
  verified: Verified,
  dependencies: ReceiveDependencies,
): Promise<Result<Received, IngestFailure>> {
  const handshake = findHandshake(candidates, request, true);
  if (handshake === undefined) return bufferIfWanted(source, request, verified, dependencies);
  return succeed(answered(handshake, request, { key: verified.secret, isShown: true }));
}

function answered(
  handshake: Handshake,
  request: WebhookRequest,
  { key, isShown }: { readonly key: string | undefined; readonly isShown: boolean },
): Extract<Received, { code: 'handshake-answered' }> {
  const shown = isShown ? readShown(handshake, request) : undefined;
  const answer = answerHandshake(handshake, request, key);
  return { code: 'handshake-answered', answer, ...(shown && { shown }) };
}

async function answerUnsigned(
  source: Source,
  request: WebhookRequest,
  handshake: Handshake,
  { signingSecrets }: ReceiveDependencies,
): Promise<Result<Received, IngestFailure>> {
  const check = readToken(handshake, request);
  if (!check.ok) return check;
  if (!needsSecret(handshake)) {
    return succeed(answered(handshake, request, { key: undefined, isShown: false }));
  }
  const secrets = await signingSecrets.read(source.secret);
  if (!secrets.ok) return answerBeforeSetUp(handshake, request, secrets.failure);
  const token = check.value(secrets.value);
  if (!token.ok) return token;
  const isShown = handshake.authenticate !== 'none';
  return succeed(answered(handshake, request, { key: secrets.value.signingSecrets[0], isShown }));
}

/** What a vendor sends before there is a secret is for the person who sets it up. Later, a stranger may have sent it. */
function answerBeforeSetUp(
  handshake: Handshake,
  request: WebhookRequest,
  failure: SecretFailure,
): Result<Received, IngestFailure> {
  const isForSetUp =
    failure.code === 'secret-missing' && handshake.authenticate === 'none' && handshake.show !== undefined;
  if (!isForSetUp) return fail(failure);
  return succeed(answered(handshake, request, { key: undefined, isShown: true }));
}

/** Failures that a rotated secret would explain. */
const MAYBE_ROTATED: readonly VerificationFailure['code'][] = [
  'no-matching-secret',
  'secret-whitespace',
  'wrong-secret-kind',
  'secret-undecodable',
  'secret-certificate-missing',
];

/**
 * Verifies a request with the secrets of its source, which are read only for a request that is signed. Where none of them
 * matches, it reads them again, so that a rotation takes effect at once. `reread` limits how often, since forgeries look
 * the same.
 */
export async function verifyWebhook(
  source: Source,
  request: WebhookRequest,
  receivedAt: Date,
  { signingSecrets, publicUrl }: Pick<ReceiveDependencies, 'signingSecrets' | 'publicUrl'>,
): Promise<Result<Verified, SecretFailure | VerificationFailure>> {
  // The last part of the URL may be a former name of the source.
  const url = senderUrl({ ...source, source: request.source }, publicUrl, request.query);
  const match = readSignature(source.profile.signature, { ...request, url, receivedAt });
  if (!match.ok) return match;
  const secrets = await signingSecrets.read(source.secret);
  if (!secrets.ok) return secrets;
  const verify = (tried: readonly string[]): Result<Verified, VerificationFailure> => {
    const verified = match.value(tried);
    if (!verified.ok) return verified;
    const secret = tried[verified.value.secretIndex] ?? '';
    return succeed({ ...verified.value, secret, secretsKept: tried.length, receivedAt });
  };

  const known = secrets.value.signingSecrets;
  const first = verify(known);
  if (first.ok || !MAYBE_ROTATED.includes(first.failure.code)) return first;
  const again = await signingSecrets.reread(source.secret);
  const isRotated = again?.ok === true && again.value.signingSecrets.join('\n') !== known.join('\n');
  return isRotated ? verify(again.value.signingSecrets) : first;
}

/** Identifies a verified webhook, and buffers it if a mapping wants one of its types. */
async function bufferIfWanted(
  source: Source,
  request: WebhookRequest,
  { secretIndex, secretsKept, receivedAt, signedId }: Verified,
  { putOnBuffer }: ReceiveDependencies,
): Promise<Result<Received, IngestFailure>> {
  const identity = identifyWebhook(source.profile, request, signedId);
  if (!identity.ok) return identity;
  const { apiVersion, ...named } = identity.value;
  const { eventTypes } = named;
  const webhook = {
    webhookId: request.requestId,
    source: source.source,
    ...named,
    receivedAt,
    secretIndex,
    headers: pickHeaders(request, source.mappedHeaders),
    rawBody: request.rawBody,
  };
  const wanted = eventTypes.filter((eventType) =>
    source.eventTypes.some((pattern) => matchesEventType(pattern, eventType)),
  );
  if (wanted.length === 0) return succeed({ code: 'ignored', webhook, secretIndex, secretsKept });
  const kept = { ...webhook, eventTypes: wanted };
  const buffered = await putOnBuffer(kept);
  if (!buffered.ok) return buffered;
  const version = apiVersion === undefined ? {} : { apiVersion };
  return succeed({ code: 'buffered', webhook: kept, secretIndex, secretsKept, ...version });
}

function pickHeaders(
  { headers }: WebhookRequest,
  names: readonly string[],
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = headers.get(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** The URL as the sender called it: the configured one, with the query as it was received. */
export function senderUrl(
  { source, profile: { signature } }: Pick<Source, 'source' | 'profile'>,
  publicUrl: string,
  query: string,
): string {
  const configured = 'publicUrl' in signature ? signature.publicUrl : undefined;
  const url = withoutQuery(configured ?? `${publicUrl}/webhooks/${source}`);
  return query === '' ? url : `${url}?${query}`;
}

/**
 * The value of a source's secret: the active signing secrets, newest first. None may be empty, since anybody can sign with
 * an empty key.
 */
export const signingSecretsSchema = z.strictObject({
  signingSecrets: z.array(z.string().check(z.minLength(1))).check(z.minLength(1)),
  /** What the vendor sends in a handshake that asks for a token (Meta's `hub.verify_token`). */
  verifyToken: z.optional(z.string().check(z.minLength(1))),
});

export type SigningSecrets = z.infer<typeof signingSecretsSchema>;
