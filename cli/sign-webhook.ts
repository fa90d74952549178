import { computeSignature } from '../lambdas/ingest/compute-signature.ts';
import type { SignatureScheme } from '../lambdas/ingest/signature-scheme.ts';

/** The headers with which a vendor would sign this body now. */
export function signWebhook(
  scheme: SignatureScheme,
  { secret, rawBody, now }: { readonly secret: string; readonly rawBody: Uint8Array; readonly now: Date },
): Readonly<Record<string, string>> {
  const timestamp = Math.floor(now.getTime() / 1000).toString();
  const signature = computeSignature(scheme, { secret, timestamp, rawBody }).toString(scheme.encoding);
  const value = scheme.form.replace('{timestamp}', timestamp).replace('{signature}', signature);
  return { [scheme.signature.header]: value };
}
