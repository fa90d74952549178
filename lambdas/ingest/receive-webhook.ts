import type { BodyTooLarge, BufferedWebhook } from '../buffer/buffered-webhook.ts';
import { fail, type Result, succeed } from '../result.ts';
import type { SecretFailure } from '../secret.ts';
import { identifyWebhook } from './identify-webhook.ts';
import type { BufferFailure, IngestFailure } from './ingest-failure.ts';
import { type HttpApiEvent, readRequest } from './read-request.ts';
import type { SigningSecrets } from './signing-secrets.ts';
import { PROFILES, type Source } from './source.ts';
import { verifySignature } from './verify-signature.ts';

/** What ingest needs of the outside world. */
export type ReceiveDependencies = {
  readonly sources: ReadonlyMap<string, Source>;
  readonly signingSecrets: (secretName: string) => Promise<Result<SigningSecrets, SecretFailure>>;
  readonly putOnBuffer: (webhook: BufferedWebhook) => Promise<Result<void, BodyTooLarge | BufferFailure>>;
};

/** A webhook that was verified: `buffered` if some mapping wants it, else `ignored`. */
export type Received = {
  readonly code: 'buffered' | 'ignored';
  readonly webhook: BufferedWebhook;
  readonly secretSlot: number;
};

/** One request's journey: read it, verify it, identify it, buffer it if it is wanted. */
export async function receiveWebhook(
  event: HttpApiEvent,
  receivedAt: Date,
  { sources, signingSecrets, putOnBuffer }: ReceiveDependencies,
): Promise<Result<Received, IngestFailure>> {
  const request = readRequest(event);
  if (!request.ok) return request;

  const source = sources.get(request.value.source);
  if (source === undefined) return fail({ code: 'unknown-source' });
  const profile = PROFILES[source.verify];

  const secrets = await signingSecrets(source.secret);
  if (!secrets.ok) return secrets;
  const { headers, rawBody } = request.value;
  const verified = verifySignature(profile.signature, {
    headers,
    rawBody,
    receivedAt,
    secrets: secrets.value.signingSecrets,
  });
  if (!verified.ok) return verified;

  const identity = identifyWebhook(profile, request.value);
  if (!identity.ok) return identity;

  const webhook = { source: source.source, ...identity.value, receivedAt, rawBody };
  const { secretSlot } = verified.value;
  if (!source.eventTypes.includes(webhook.eventType))
    return succeed({ code: 'ignored', webhook, secretSlot });

  const buffered = await putOnBuffer(webhook);
  return buffered.ok ? succeed({ code: 'buffered', webhook, secretSlot }) : buffered;
}
