import { type Result, succeed } from '../result.ts';
import type { SecretFailure } from '../secret.ts';
import type { WebhookRequest } from './read-request.ts';
import type { ReceiveDependencies } from './receive-webhook.ts';
import { senderUrl } from './sender-url.ts';
import type { Source } from './source.ts';
import type { Verification, VerificationFailure } from './verification.ts';
import { verifySignature } from './verify-signature.ts';

/** A request that its source has signed: when it came, which secret it was, and how many are kept. */
export type Verified = Verification & {
  readonly secret: string;
  readonly secretsKept: number;
  readonly receivedAt: Date;
};

/** Failures that another secret might turn into a success. */
const MAYBE_ROTATED: readonly VerificationFailure['code'][] = [
  'no-matching-secret',
  'secret-whitespace',
  'wrong-secret-kind',
  'secret-undecodable',
];

/**
 * Verifies a request with its source's secrets. Where none of them matches, they are read once more, so that a rotation
 * counts at once; how often is up to `reread`, as forgeries look just the same.
 */
export async function verifyWebhook(
  source: Source,
  request: WebhookRequest,
  receivedAt: Date,
  { signingSecrets, publicUrl }: Pick<ReceiveDependencies, 'signingSecrets' | 'publicUrl'>,
): Promise<Result<Verified, SecretFailure | VerificationFailure>> {
  const secrets = await signingSecrets.read(source.secret);
  if (!secrets.ok) return secrets;
  const url = senderUrl(source, publicUrl, request.query);
  const verify = (tried: readonly string[]): Result<Verified, VerificationFailure> => {
    const verified = verifySignature(source.profile.signature, {
      ...request,
      url,
      receivedAt,
      secrets: tried,
    });
    if (!verified.ok) return verified;
    const { secretSlot } = verified.value;
    return succeed({ secretSlot, secret: tried[secretSlot] ?? '', secretsKept: tried.length, receivedAt });
  };

  const first = verify(secrets.value.signingSecrets);
  if (first.ok || !MAYBE_ROTATED.includes(first.failure.code)) return first;
  const again = await signingSecrets.reread(source.secret);
  return again?.ok ? verify(again.value.signingSecrets) : first;
}
