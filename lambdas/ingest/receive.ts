import * as z from 'zod/mini';
import type { BodyTooLarge, BufferedWebhook } from '../buffer/message.ts';
import { fail, type Result, succeed } from '../result.ts';
import type { SecretFailure } from '../secret.ts';
import { matchesEventType } from '../webhook-body.ts';
import type { BufferFailure, IngestFailure } from './failure.ts';
import { answerHandshake, checkToken, findHandshake, type HandshakeAnswer } from './handshake.ts';
import { identifyWebhook } from './identity.ts';
import { type HttpApiEvent, readRequest, type WebhookRequest, withoutQuery } from './request.ts';
import type { Verification, VerificationFailure } from './signature/verification.ts';
import { verifySignature } from './signature/verify.ts';
import type { Handshake, Source } from './source.ts';

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
  | ({ readonly code: 'buffered' | 'ignored'; readonly webhook: BufferedWebhook } & SigningIndex)
  | { readonly code: 'handshake-answered'; readonly answer: HandshakeAnswer };

/** The outcome of a request, and its source; `source` is missing where no mapping folder has the name. */
export type Reception = { readonly source?: Source; readonly received: Result<Received, IngestFailure> };

/** Sources by their names, and by those that they had before: a vendor may still have the URL of one. */
export function byName(sources: readonly Source[]): ReadonlyMap<string, Source> {
  return new Map(
    sources.flatMap((source) => [source.source, ...(source.formerly ?? [])].map((name) => [name, source])),
  );
}

/** Takes a request in: reads it, verifies it, identifies it, and buffers it if a mapping wants it. */
export async function receiveWebhook(
  event: HttpApiEvent,
  receivedAt: Date,
  dependencies: ReceiveDependencies,
): Promise<Reception> {
  const request = readRequest(event);
  if (!request.ok) return { received: request };
  const source = dependencies.sources.get(request.value.source);
  if (source === undefined) return { received: fail({ code: 'unknown-source' }) };
  return { source, received: await receiveFrom(source, request.value, receivedAt, dependencies) };
}

async function receiveFrom(
  source: Source,
  request: WebhookRequest,
  receivedAt: Date,
  dependencies: ReceiveDependencies,
): Promise<Result<Received, IngestFailure>> {
  const { handshakes } = source.profile;
  const handshake = handshakes.length === 0 ? undefined : findHandshake(handshakes, request);
  if (handshake !== undefined && handshake.authenticate !== 'signature') {
    return answerUnsigned(source, request, handshake, dependencies);
  }
  const unusable = handshake === undefined ? explainUnusable(request) : undefined;
  if (unusable !== undefined) return fail(unusable);

  const verified = await verifyWebhook(source, request, receivedAt, dependencies);
  if (!verified.ok) return verified;
  if (handshake === undefined) return bufferIfWanted(source, request, verified.value, dependencies);
  const { secret } = verified.value;
  return succeed({ code: 'handshake-answered', answer: answerHandshake(handshake, request, secret) });
}

async function answerUnsigned(
  source: Source,
  request: WebhookRequest,
  handshake: Handshake,
  { signingSecrets }: ReceiveDependencies,
): Promise<Result<Received, IngestFailure>> {
  if (handshake.authenticate !== 'none') {
    const secrets = await signingSecrets.read(source.secret);
    if (!secrets.ok) return secrets;
    const token = checkToken(handshake, request, secrets.value, source.secret);
    if (!token.ok) return token;
  }
  return succeed({ code: 'handshake-answered', answer: answerHandshake(handshake, request, undefined) });
}

function explainUnusable({ method, rawBody }: WebhookRequest): IngestFailure | undefined {
  if (method !== 'POST') return { code: 'method-not-allowed', method };
  return rawBody.byteLength === 0 ? { code: 'body-empty' } : undefined;
}

/** Failures that a rotated secret would explain. */
const MAYBE_ROTATED: readonly VerificationFailure['code'][] = [
  'no-matching-secret',
  'secret-whitespace',
  'wrong-secret-kind',
  'secret-undecodable',
];

/**
 * Verifies a request with the secrets of its source. Where none of them matches, it reads them again, so that a rotation
 * takes effect at once. `reread` limits how often, since forgeries look the same.
 */
export async function verifyWebhook(
  source: Source,
  request: WebhookRequest,
  receivedAt: Date,
  { signingSecrets, publicUrl }: Pick<ReceiveDependencies, 'signingSecrets' | 'publicUrl'>,
): Promise<Result<Verified, SecretFailure | VerificationFailure>> {
  const secrets = await signingSecrets.read(source.secret);
  if (!secrets.ok) return secrets;
  // The last part of the URL may be a former name of the source.
  const url = senderUrl({ ...source, source: request.source }, publicUrl, request.query);
  const verify = (tried: readonly string[]): Result<Verified, VerificationFailure> => {
    const verified = verifySignature(source.profile.signature, {
      ...request,
      url,
      receivedAt,
      secrets: tried,
    });
    if (!verified.ok) return verified;
    const { secretIndex } = verified.value;
    return succeed({ secretIndex, secret: tried[secretIndex] ?? '', secretsKept: tried.length, receivedAt });
  };

  const first = verify(secrets.value.signingSecrets);
  if (first.ok || !MAYBE_ROTATED.includes(first.failure.code)) return first;
  const again = await signingSecrets.reread(source.secret);
  return again?.ok ? verify(again.value.signingSecrets) : first;
}

/** Identifies a verified webhook, and buffers it if a mapping wants one of its types. */
async function bufferIfWanted(
  source: Source,
  request: WebhookRequest,
  { secretIndex, secretsKept, receivedAt }: Verified,
  { putOnBuffer }: ReceiveDependencies,
): Promise<Result<Received, IngestFailure>> {
  const identity = identifyWebhook(source.profile, request);
  if (!identity.ok) return identity;
  const { eventTypes, deduplicationId, bodyFormat } = identity.value;
  const webhook = {
    webhookId: request.requestId,
    source: source.source,
    eventTypes,
    deduplicationId,
    receivedAt,
    secretIndex,
    bodyFormat,
    headers: pickHeaders(request, source.mappedHeaders),
    rawBody: request.rawBody,
  };
  const wanted = eventTypes.filter((eventType) =>
    source.eventTypes.some((pattern) => matchesEventType(pattern, eventType)),
  );
  if (wanted.length === 0) return succeed({ code: 'ignored', webhook, secretIndex, secretsKept });
  const kept = { ...webhook, eventTypes: wanted };
  const buffered = await putOnBuffer(kept);
  return buffered.ok ? succeed({ code: 'buffered', webhook: kept, secretIndex, secretsKept }) : buffered;
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
