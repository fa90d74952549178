import type { Result } from '../../../result.ts';
import type { Claim, SignedRequest, VerificationFailure } from '../verification.ts';

/** A way of signing that the options cannot say. All of these are HMACs; what differs is where things stand. */
export type PlugIn = {
  readonly algorithm: 'sha256' | 'sha1';
  /** How a signature is written. */
  readonly encoding: 'hex' | 'base64';
  readonly secretEncoding: 'utf8' | 'hex';
  /** What the request says is signed. Every claim has to hold, under one and the same secret. */
  readonly readClaims: (request: SignedRequest) => Result<readonly Claim[], VerificationFailure>;
};
