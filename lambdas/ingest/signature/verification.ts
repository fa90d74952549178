import type { KeyObject } from 'node:crypto';
import type { Result } from '../../result.ts';

/**
 * Every way in which a webhook can fail verification, with the facts that explain it. Never holds a secret, nor a
 * signature, received or computed.
 */
export type VerificationFailure = SenderFailure | SetupFailure;

/** Its sender would not send such a request. */
type SenderFailure =
  | { readonly code: 'missing-header'; readonly header: string }
  | { readonly code: 'missing-query-parameter'; readonly parameter: string }
  | { readonly code: 'missing-member'; readonly member: string }
  | { readonly code: 'malformed-header'; readonly header: string; readonly form: string }
  | { readonly code: 'malformed-query-parameter'; readonly parameter: string; readonly form: string }
  | { readonly code: 'malformed-member'; readonly member: string; readonly form: string }
  | { readonly code: 'repeated-header'; readonly header: string; readonly found: number }
  | { readonly code: 'timestamp-too-old'; readonly skewSeconds: number; readonly toleranceSeconds: number }
  | { readonly code: 'timestamp-in-future'; readonly skewSeconds: number; readonly toleranceSeconds: number }
  | { readonly code: 'wrong-claim'; readonly claim: string; readonly expected: string }
  | { readonly code: 'body-hash-differs'; readonly parameter: string }
  | {
      readonly code: 'unverified-body-too-large';
      readonly bytes: number;
      readonly limitBytes: number;
    }
  | { readonly code: 'too-many-fields'; readonly limit: number }
  | { readonly code: 'ambiguous-content'; readonly part: string; readonly form: string }
  | { readonly code: 'wrong-signature-length'; readonly expectedBytes: number; readonly foundBytes: number }
  | { readonly code: 'body-re-encoded'; readonly change: string }
  /** Where the secret itself travels, nothing is signed. */
  | { readonly code: 'no-matching-secret'; readonly secretsTried: number; readonly isShared?: true };

/** The request may be good, but what the operator configured for its sender is wrong. */
type SetupFailure =
  | { readonly code: 'secret-whitespace'; readonly secretIndex: number }
  | {
      readonly code: 'wrong-secret-kind';
      readonly secretIndex: number;
      readonly configured: string;
      /** As what the secret would match; missing where it is a private key, which signs and verifies nothing here. */
      readonly matching?: string;
    }
  | { readonly code: 'secret-undecodable'; readonly secretsTried: number; readonly expected: string }
  /** The sender signs by a certificate that is not among the secrets. */
  | { readonly code: 'secret-certificate-missing'; readonly certificate: string }
  | { readonly code: 'public-url-missing' }
  | { readonly code: 'public-url-differs'; readonly change: string };

/** A webhook that verified. */
export type Verification = {
  /** By which secret (0 is the newest), so that operators know when an old one can go. */
  readonly secretIndex: number;
  /**
   * The id of what was signed, where a body can be written in several ways under one signature: the same for all of them.
   */
  readonly signedId?: string;
};

/** Tries secrets, newest first, on what was read of a request. */
export type MatchSecrets = (secrets: readonly string[]) => Result<Verification, VerificationFailure>;

/** A request whose signature is to be judged. */
export type SignedRequest = {
  readonly method: string;
  /** The URL as the sender called it, query included; missing where it is not configured. */
  readonly url?: string | undefined;
  /** The query as received, without its `?`. */
  readonly query: string;
  /** Header values by lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  /** The exact bytes received: these are verified, never something parsed and written anew. */
  readonly rawBody: Uint8Array;
  readonly receivedAt: Date;
};

/** Text and bytes that are signed one after the other. */
export type Content = readonly (string | Uint8Array)[];

/**
 * What a request says is signed: any one of `signatures` has to fit any one of `variants`. Most schemes have one variant;
 * Twilio has one for each spelling of a URL. The secret is part of the content for kind `hash` only.
 */
export type SignedContent = {
  readonly signatures: readonly Buffer[];
  readonly variants: readonly ((secret: string) => Content)[];
};

/** The crypto of a scheme: all that matters once the signed content is read. */
export type Crypto = {
  readonly kind: 'hmac' | 'hash' | 'ecdsa' | 'rsa' | 'ed25519';
  readonly algorithm?: 'sha256' | 'sha1' | 'sha512';
  /** Of ECDSA: `raw` is r and s, one after the other. */
  readonly signatureForm?: 'der' | 'raw';
};

/** One way of signing, by options or by a plug-in. */
export type SignatureMethod = {
  readonly crypto: Crypto;
  /** In which form a secret has to be stored, for a person. */
  readonly secretForm: string;
  /** How a signature is written. */
  readonly encoding: 'hex' | 'base64' | 'base64url';
  readonly decode: (secret: string) => KeyObject | undefined;
  /** Reads what the request says is signed; all of it has to fit, under one and the same secret. */
  readonly readSigned: (request: SignedRequest) => Result<readonly SignedContent[], VerificationFailure>;
  /** Makes `Verification.signedId` of the contents that were signed. */
  readonly identify?: ((signed: readonly Content[]) => string) | undefined;
  /** Why none of the secrets can be the one that a request names, where it names one. */
  readonly explainKeys?: (
    request: SignedRequest,
    secrets: readonly string[],
  ) => VerificationFailure | undefined;
};

/** A way of signing for which the options are not enough: an HMAC of other contents, or another method altogether. */
export type PlugIn = HmacPlugIn | SignatureMethod;

/**
 * These HMACs differ in what is signed. They read a body before it is verified: in time that grows with its length, and no
 * further than a limit.
 */
export type HmacPlugIn = Pick<SignatureMethod, 'encoding' | 'readSigned' | 'identify'> & {
  readonly algorithm: 'sha256' | 'sha1';
  readonly secretEncoding: 'utf8' | 'hex';
};

type Sentences = {
  readonly [Code in VerificationFailure['code']]: (
    failure: Extract<VerificationFailure, { code: Code }>,
  ) => string;
};

/** What is wrong and what to do about it, per code; a code without a sentence does not compile. */
const SENTENCES: Sentences = {
  'missing-header': ({ header }) =>
    `The header ${header} is missing or empty: without it no webhook is taken. Send it, and check that no proxy drops it.`,
  'missing-query-parameter': ({ parameter }) =>
    `The query parameter ${parameter} is missing or empty. Register the URL with it.`,
  'missing-member': ({ member }) =>
    `The body's ${member} is missing or empty: without it no webhook is taken. Switch it on at the sender.`,
  'malformed-header': ({ header, form }) =>
    `The header ${header} cannot be read. Expected it once, as ${form}. Check which signature scheme the sender uses.`,
  'malformed-query-parameter': ({ parameter, form }) =>
    `The query parameter ${parameter} cannot be read. Expected ${form}. Check which signature scheme the sender uses.`,
  'malformed-member': ({ member, form }) =>
    `The body's ${member} cannot be read. Expected ${form}. Check which kind of webhook the sender is set to.`,
  'repeated-header': ({ header, found }) =>
    `The header ${header} holds ${found} values where one is expected. Send it once.`,
  'timestamp-too-old': ({ skewSeconds, toleranceSeconds }) =>
    `The signature's timestamp is ${skewSeconds} s old; at most ${toleranceSeconds} s are tolerated. ` +
    "Sign again, or check the sender's clock.",
  'timestamp-in-future': ({ skewSeconds, toleranceSeconds }) =>
    `The signature's timestamp is ${skewSeconds} s in the future; at most ${toleranceSeconds} s are ` +
    "tolerated. Check the sender's clock.",
  'wrong-claim': ({ claim, expected }) =>
    `The token's claim ${claim} is missing or wrong. Expected ${expected}. Check which application the sender signs for.`,
  'body-hash-differs': ({ parameter }) =>
    `The body's SHA-256 is not the one in the query parameter ${parameter}: one of the two was changed on the way. ` +
    'Pass both on untouched.',
  'unverified-body-too-large': ({ bytes, limitBytes }) =>
    `The body has ${bytes} bytes. It has to be read before its signature can be verified, and is read up to ${limitBytes} bytes.`,
  'too-many-fields': ({ limit }) =>
    `The form has more than ${limit} fields. It has to be read before its signature can be verified, and is read up to that.`,
  'ambiguous-content': ({ part, form }) =>
    `Expected ${part} as ${form}: otherwise one signature would fit several requests. Check that no proxy rewrites it.`,
  'wrong-signature-length': ({ expectedBytes, foundBytes }) =>
    `The signature has ${foundBytes} bytes; this scheme's have ${expectedBytes}. It was cut, or another algorithm made it: ` +
    'check the scheme.',
  'body-re-encoded': ({ change }) =>
    `The signature fits the body ${change}: something has re-written the body after it was signed. ` +
    'Pass the raw bytes on, without parsing them.',
  'no-matching-secret': ({ secretsTried, isShared }) =>
    isShared
      ? `The token that was sent is another than those that are stored (${secretsTried} tried). Compare it with the sender’s.`
      : `The signature matches none of the active signing secrets (${secretsTried} tried). ` +
        'Either the secret differs or the body was changed after it was signed: compare the secret with the sender’s.',
  'secret-whitespace': ({ secretIndex }) =>
    `The request matches signing secret ${secretIndex} once the white space around it is cut off. ` +
    'The operator has to store it without.',
  'wrong-secret-kind': ({ secretIndex, configured, matching }) =>
    matching === undefined
      ? `Signing secret ${secretIndex} is a private key, where the sender's public key belongs (${configured}). ` +
        'The operator has to store the public key, and to treat the private one as known to others.'
      : `The signature matches signing secret ${secretIndex} read as ${matching}, but it is configured as ${configured}. ` +
        'The operator has to mend the secret or the scheme.',
  'secret-undecodable': ({ secretsTried, expected }) =>
    `No signing secret (${secretsTried} tried) can be read as ${expected}. The operator has to store one that can.`,
  'secret-certificate-missing': ({ certificate }) =>
    `The sender signs by the certificate ${certificate}, and no signing secret has it. The operator has to store it: ` +
    'adapter secrets rotate.',
  'public-url-missing': () =>
    'The signature covers the URL, and the URL that the sender calls is not configured. The operator has to configure publicUrl.',
  'public-url-differs': ({ change }) =>
    `The signature fits the configured URL with ${change}. The operator has to configure publicUrl as the sender has it.`,
};

/** Explains in sentences why a webhook did not verify. Names no secret and no signature. */
export function adviseOn(failure: VerificationFailure): string {
  return (SENTENCES[failure.code] as (failure: VerificationFailure) => string)(failure);
}
