import type { SignatureMethod } from '../verification.ts';

/** A way of signing for which the options are not enough. All of them are HMACs; they differ in what is signed. */
export type PlugIn = Pick<SignatureMethod, 'encoding' | 'readSigned'> & {
  readonly algorithm: 'sha256' | 'sha1';
  readonly secretEncoding: 'utf8' | 'hex';
};
