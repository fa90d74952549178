import type { Buffer } from 'node:buffer';
import { createHmac } from 'node:crypto';
import type { SignatureScheme } from './signature-scheme.ts';

/** The signature of a body under a scheme, as bytes: what a sender writes and what ingest expects. */
export function computeSignature(
  scheme: SignatureScheme,
  parts: { readonly secret: string; readonly timestamp: string; readonly rawBody: Uint8Array },
): Buffer {
  const hmac = createHmac('sha256', parts.secret);
  for (const token of scheme.content) {
    if (token === '{body}') hmac.update(parts.rawBody);
    else hmac.update(token === '{timestamp}' ? parts.timestamp : token);
  }
  return hmac.digest();
}
