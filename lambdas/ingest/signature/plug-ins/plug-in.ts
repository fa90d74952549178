import type { SignatureMethod } from '../verification.ts';

/**
 * A way of signing for which the options are not enough. All of them are HMACs; they differ in what is signed. They read a
 * body before it is verified: in time that grows with its length, and no further than a limit.
 */
export type PlugIn = Pick<SignatureMethod, 'encoding' | 'readSigned' | 'identify'> & {
  readonly algorithm: 'sha256' | 'sha1';
  readonly secretEncoding: 'utf8' | 'hex';
};
