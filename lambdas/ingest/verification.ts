/**
 * Every way in which a webhook can fail verification, with the facts that explain it. Never holds a secret, nor a
 * signature, received or computed.
 */
export type VerificationFailure =
  | { readonly code: 'missing-header'; readonly header: string }
  | { readonly code: 'malformed-header'; readonly header: string; readonly form: string }
  | { readonly code: 'repeated-header'; readonly header: string; readonly found: number }
  | { readonly code: 'timestamp-too-old'; readonly skewSeconds: number; readonly toleranceSeconds: number }
  | { readonly code: 'timestamp-in-future'; readonly skewSeconds: number; readonly toleranceSeconds: number }
  | { readonly code: 'no-matching-secret'; readonly secretsTried: number };

/** A webhook that verified; `secretSlot` tells which secret did it (0 is the newest), so that old ones can go. */
export type Verification = { readonly secretSlot: number };
