import { fail, type Result, succeed } from '../result.ts';
import { fits } from './check-claim.ts';
import { explainMismatch } from './explain-mismatch.ts';
import { verifySharedSecret } from './shared-secret.ts';
import { methodOf } from './signature-method.ts';
import type { SignatureScheme } from './signature-scheme.ts';
import type { SignedRequest, Verification, VerificationFailure } from './verification.ts';

/** Decides whether a request was signed with one of the secrets, and if not, why not. */
export function verifySignature(
  scheme: SignatureScheme,
  request: SignedRequest,
): Result<Verification, VerificationFailure> {
  if (scheme.kind === 'sharedSecret') return verifySharedSecret(scheme.sharedSecret, request);
  const method = methodOf(scheme);
  const claims = method.readClaims(request);
  if (!claims.ok) return claims;

  const { secrets } = request;
  const secretSlot = secrets.findIndex((secret) => {
    const key = method.decode(secret);
    return key !== undefined && claims.value.every((claim) => fits(method.crypto, claim, key, secret));
  });
  return secretSlot >= 0 ? succeed({ secretSlot }) : fail(explainMismatch(method, claims.value, request));
}
