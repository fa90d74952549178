import { Buffer } from 'node:buffer';
import {
  createHash,
  createHmac,
  createPublicKey,
  createSecretKey,
  createVerify,
  type KeyObject,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import type { SignedScheme } from '../source.ts';
import type { Content, Crypto, SignedContent } from './verification.ts';

/** What a scheme says of its secrets. */
type SecretOptions = {
  readonly kind: SignedScheme['kind'];
  readonly secretEncoding?: 'utf8' | 'base64' | 'hex' | 'pem' | 'spki-base64';
  readonly secretPrefix?: string | undefined;
};

/** More secrets than a source has at a time, rotations included. */
const MOST_KEYS = 100;

/** Decodes secrets, each once: making a key takes longer than verifying with it. */
export function createKeyDecoder(options: SecretOptions): (secret: string) => KeyObject | undefined {
  const keys = new Map<string, KeyObject>();
  return (secret) => {
    const known = keys.get(secret);
    if (known !== undefined) return known;
    const key = decodeSecret(options, secret);
    if (keys.size >= MOST_KEYS) keys.clear();
    if (key !== undefined) keys.set(secret, key);
    return key;
  };
}

/**
 * Makes a key of a stored secret: a secret key for HMAC, a public key for the others. Returns `undefined` where the
 * secret is empty, or not written as the scheme says.
 */
export function decodeSecret(
  { kind, secretEncoding = 'utf8', secretPrefix }: SecretOptions,
  secret: string,
): KeyObject | undefined {
  const text = withoutPrefix(secret, secretPrefix);
  if (kind === 'ecdsa' || kind === 'rsa' || kind === 'ed25519')
    return readPublicKey(kind, secretEncoding, text);
  const isEncoded = secretEncoding === 'base64' || secretEncoding === 'hex';
  return secretKeyOf(isEncoded ? decodeBytes(text, secretEncoding) : Buffer.from(text));
}

/** The key of an HMAC. No bytes are no key. */
export function secretKeyOf(bytes: Buffer | undefined): KeyObject | undefined {
  return bytes === undefined || bytes.length === 0 ? undefined : createSecretKey(bytes);
}

function withoutPrefix(secret: string, prefix: string | undefined): string {
  return prefix !== undefined && secret.startsWith(prefix) ? secret.slice(prefix.length) : secret;
}

const KEY_TYPES = { ecdsa: 'ec', rsa: 'rsa', ed25519: 'ed25519' } as const;

function readPublicKey(
  kind: keyof typeof KEY_TYPES,
  secretEncoding: keyof typeof PUBLIC_KEYS,
  text: string,
): KeyObject | undefined {
  try {
    const key = PUBLIC_KEYS[secretEncoding](text);
    return key.asymmetricKeyType === KEY_TYPES[kind] ? key : undefined;
  } catch {
    // OpenSSL has many errors for a text that is no key.
    return undefined;
  }
}

const PUBLIC_KEYS = {
  utf8: createPublicKey,
  pem: createPublicKey,
  'spki-base64': (text: string) =>
    createPublicKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'spki' }),
  base64: (text: string) => rawEd25519(Buffer.from(text, 'base64')),
  hex: (text: string) => rawEd25519(Buffer.from(text, 'hex')),
};

function rawEd25519(bytes: Buffer): KeyObject {
  const x = bytes.toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}

const HEX = /^[0-9a-f]+$/i;

/**
 * The bytes that a text stands for, or `undefined` where it is not the one way to write them: `Buffer.from` alone skips
 * what it does not know, so that two texts would pass for one signature. Hex may be in either case.
 */
export function decodeBytes(text: string, encoding: 'hex' | 'base64'): Buffer | undefined {
  // Tested first: Node reads only the lower byte of each character as a digit.
  if (encoding === 'hex' && !HEX.test(text)) return undefined;
  const bytes = Buffer.from(text, encoding);
  const isCanonical =
    encoding === 'hex' ? bytes.length * 2 === text.length : bytes.toString(encoding) === text;
  return isCanonical && bytes.length > 0 ? bytes : undefined;
}

/**
 * Under a public key, each signature costs a pass over the content: a header full of them with a large body would take
 * minutes. A sender has one or two keys at a time.
 */
const MAX_PUBLIC_KEY_SIGNATURES = 8;

/** Whether one of the signatures fits one variant of the content under a key. Compares in constant time. */
export function fits(
  crypto: Crypto,
  { signatures, variants }: SignedContent,
  key: KeyObject,
  secret: string,
): boolean {
  return variants.some((write) => {
    const content = write(secret);
    if (key.type === 'public') {
      const tried = signatures.slice(0, MAX_PUBLIC_KEY_SIGNATURES);
      return tried.some((sent) => isSignedBy(crypto, sent, content, key));
    }
    const expected = computeDigest(crypto, content, key);
    return signatures.some((sent) => isSame(sent, expected));
  });
}

/** The length of every digest of an algorithm. */
export const DIGEST_BYTES = { sha1: 20, sha256: 32, sha512: 64 } as const;

/** The HMAC (or plain hash) of a content: what a sender writes and what ingest expects. */
export function computeDigest(
  { kind, algorithm = 'sha256' }: Crypto,
  content: Content,
  key: KeyObject,
): Buffer {
  const digest = kind === 'hash' ? createHash(algorithm) : createHmac(algorithm, key);
  for (const piece of content) digest.update(piece);
  // `digest()` allocates a buffer each time; a text of its bytes and a place in Node's pool cost less.
  return Buffer.from(digest.digest('binary'), 'binary');
}

function isSame(sent: Buffer, expected: Buffer): boolean {
  return sent.length === expected.length && timingSafeEqual(sent, expected);
}

function isSignedBy(
  { kind, algorithm = 'sha256' }: Crypto,
  sent: Buffer,
  content: Content,
  key: KeyObject,
): boolean {
  if (kind === 'ed25519') {
    return sent.length === 64 && verify(null, Buffer.concat(content.map(toBytes)), key, sent);
  }
  const verifier = createVerify(algorithm);
  for (const piece of content) verifier.update(piece);
  return verifier.verify(key, sent);
}

function toBytes(piece: string | Uint8Array): Uint8Array {
  return typeof piece === 'string' ? Buffer.from(piece) : piece;
}
