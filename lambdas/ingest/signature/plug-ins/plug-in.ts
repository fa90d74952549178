import type { SignatureMethod } from '../verification.ts';

/** A way of signing for which the options are not enough: an HMAC of other contents, or another method altogether. */
export type PlugIn = HmacPlugIn | SignatureMethod;

/**
 * These HMACs differ in what is signed. They read a
 * body before it is verified: in time that grows with its length, and no further than a limit.
 */
export type HmacPlugIn = Pick<SignatureMethod, 'encoding' | 'readSigned' | 'identify'> & {
  readonly algorithm: 'sha256' | 'sha1';
  readonly secretEncoding: 'utf8' | 'hex';
};
