import type { KeyObject } from 'node:crypto';
import type { Result } from '../result.ts';

/**
 * Every way in which a webhook can fail verification, with the facts that explain it. Never holds a secret, nor a
 * signature, received or computed.
 */
export type VerificationFailure = SenderFailure | SetupFailure;

/** The request is not what its sender would send. */
type SenderFailure =
  | { readonly code: 'missing-header'; readonly header: string }
  | { readonly code: 'missing-query-parameter'; readonly parameter: string }
  | { readonly code: 'missing-member'; readonly member: string }
  | { readonly code: 'malformed-header'; readonly header: string; readonly form: string }
  | { readonly code: 'malformed-member'; readonly member: string; readonly form: string }
  | { readonly code: 'repeated-header'; readonly header: string; readonly found: number }
  | { readonly code: 'timestamp-too-old'; readonly skewSeconds: number; readonly toleranceSeconds: number }
  | { readonly code: 'timestamp-in-future'; readonly skewSeconds: number; readonly toleranceSeconds: number }
  | { readonly code: 'body-hash-differs'; readonly parameter: string }
  | { readonly code: 'wrong-signature-length'; readonly expectedBytes: number; readonly foundBytes: number }
  | { readonly code: 'body-re-encoded'; readonly change: string }
  | { readonly code: 'no-matching-secret'; readonly secretsTried: number };

/** The request may well be good, but what we were told about its sender is wrong. */
type SetupFailure =
  | { readonly code: 'secret-whitespace'; readonly secretSlot: number }
  | {
      readonly code: 'wrong-secret-kind';
      readonly secretSlot: number;
      readonly configured: string;
      readonly matching: string;
    }
  | { readonly code: 'secret-undecodable'; readonly secretsTried: number; readonly expected: string }
  | { readonly code: 'public-url-missing' }
  | { readonly code: 'public-url-differs'; readonly change: string };

/** A webhook that verified; `secretSlot` tells which secret did it (0 is the newest), so that old ones can go. */
export type Verification = { readonly secretSlot: number };

/** A request whose signature is to be judged. */
export type SignedRequest = {
  readonly method: string;
  /** The URL as the sender called it, query included; missing where nobody has said what it is. */
  readonly url?: string | undefined;
  /** The query as received, without its `?`. */
  readonly query: string;
  /** Header values by lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  /** The exact bytes received: they are what is verified, never something parsed and written anew. */
  readonly rawBody: Uint8Array;
  readonly receivedAt: Date;
  /** The active secrets, newest first; never empty. */
  readonly secrets: readonly string[];
};

/** Text and bytes that are signed one after the other. */
export type Content = readonly (string | Uint8Array)[];

/**
 * What a request says is signed: any one of `signatures` has to fit any one of `contents`. Most schemes have one content;
 * Twilio has several spellings of a URL. The secret is part of the content for kind `hash` only.
 */
export type Claim = {
  readonly signatures: readonly Buffer[];
  readonly contents: readonly ((secret: string) => Content)[];
};

/** Which crypto a scheme uses: all of it that matters once the claims are read. */
export type Crypto = {
  readonly kind: 'hmac' | 'hash' | 'ecdsa' | 'rsa' | 'ed25519';
  readonly algorithm?: 'sha256' | 'sha1' | 'sha512';
};

/** One way of signing, whether knobs or a plug-in say it. */
export type SignatureMethod = {
  readonly crypto: Crypto;
  /** How a secret has to be stored, for a person. */
  readonly secretForm: string;
  /** How a signature is written. */
  readonly encoding: 'hex' | 'base64';
  readonly decode: (secret: string) => KeyObject | undefined;
  readonly readClaims: (request: SignedRequest) => Result<readonly Claim[], VerificationFailure>;
};
