import type { SignatureScheme } from '../../../lambdas/ingest/signature/scheme.ts';

/**
 * A body with any bytes in it that a scheme lets be signed: where a URL stands beside the body, or a plain hash is taken of
 * it, only JSON can be told from what a forger would make of it.
 */
export function signableBody(scheme: SignatureScheme, bytes: Uint8Array): Uint8Array {
  const isFree = !('content' in scheme) || (scheme.kind !== 'hash' && !scheme.content.includes('url}{body}'));
  return isFree ? bytes : Buffer.from(JSON.stringify([Buffer.from(bytes).toString('latin1')]));
}
