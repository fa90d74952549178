import { Buffer } from 'node:buffer';
import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  type KeyObject,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import type { SignedScheme } from './scheme.ts';
import type { Content, Crypto, SignatureMethod, SignedContent } from './verification.ts';

/** What a scheme says of its secrets. */
type SecretOptions = {
  readonly kind: SignedScheme['kind'];
  readonly secretEncoding?: 'utf8' | 'base64' | 'base64url' | 'hex' | 'pem' | 'spki-base64';
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
  const isEncoded = ['base64', 'base64url', 'hex'].includes(secretEncoding);
  return secretKeyOf(isEncoded ? decodeBytes(text, secretEncoding as Encoding) : Buffer.from(text));
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
  if (isPrivateKey(text)) return undefined;
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
  base64url: (text: string) => rawEd25519(Buffer.from(text, 'base64')),
  hex: (text: string) => rawEd25519(Buffer.from(text, 'hex')),
};

function rawEd25519(bytes: Buffer): KeyObject {
  const x = bytes.toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}

/**
 * Whether a text is a private key, of which Node would derive the public one in silence: PEM, DER in base64, the `whsk_` of
 * Standard Webhooks, or the 64 bytes that libraries of Ed25519 keep. Its bare 32 bytes look like those of a public key.
 */
export function isPrivateKey(text: string): boolean {
  if (/PRIVATE KEY-----|^whsk_/.test(text)) return true;
  if (text.includes('-----BEGIN')) return false;
  if (/^[0-9a-f]{128}$/i.test(text)) return true;
  const der = Buffer.from(text, 'base64');
  return der.length === 64 || PRIVATE_FORMS.some((type) => isPrivateDer(der, type));
}

const PRIVATE_FORMS = ['pkcs8', 'pkcs1', 'sec1'] as const;

function isPrivateDer(key: Buffer, type: (typeof PRIVATE_FORMS)[number]): boolean {
  try {
    return createPrivateKey({ key, format: 'der', type }).type === 'private';
  } catch {
    return false;
  }
}

const HEX = /^[0-9a-f]+$/i;

type Encoding = SignatureMethod['encoding'];

/**
 * The bytes that a text stands for, or `undefined` where it is not the one way to write them: `Buffer.from` alone skips
 * what it does not know, so that two texts would pass for one signature. Hex may be in either case; base64url has its padding
 * or none.
 */
export function decodeBytes(text: string, encoding: Encoding): Buffer | undefined {
  // Tested first: Node reads only the lower byte of each character as a digit.
  if (encoding === 'hex' && !HEX.test(text)) return undefined;
  const bytes = Buffer.from(text, encoding);
  const isCanonical =
    encoding === 'hex' ? bytes.length * 2 === text.length : isBase64Of(bytes, text, encoding);
  return isCanonical && bytes.length > 0 ? bytes : undefined;
}

function isBase64Of(bytes: Buffer, text: string, encoding: 'base64' | 'base64url'): boolean {
  const written = bytes.toString(encoding);
  return (
    written === text ||
    (encoding === 'base64url' && text === written.padEnd(4 * Math.ceil(written.length / 4), '='))
  );
}

/**
 * Under a public key, each signature costs a pass over the content: a header full of them with a large body would take
 * minutes. A sender has one or two keys at a time.
 */
const MAX_PUBLIC_KEY_SIGNATURES = 8;
const MAX_LARGE_SIGNATURES = 2;
const LARGE_BYTES = 1_000_000;

/** The contents that a secret has signed, one for each part; `undefined` where it has not signed them all. */
export function findSigned(
  { crypto, decode }: Pick<SignatureMethod, 'crypto' | 'decode'>,
  signed: readonly SignedContent[],
  secret: string,
  key = decode(secret),
): readonly Content[] | undefined {
  if (key === undefined) return undefined;
  const contents: Content[] = [];
  for (const part of signed) {
    const content = findVariant(crypto, part, key, secret);
    if (content === undefined) return undefined;
    contents.push(content);
  }
  return contents;
}

/** The variant of a content that one of the signatures fits under a key. Compares in constant time. */
function findVariant(
  crypto: Crypto,
  { signatures, variants }: SignedContent,
  key: KeyObject,
  secret: string,
): Content | undefined {
  for (const write of variants) {
    const content = write(secret);
    const isSigned =
      key.type === 'public'
        ? isSignedByPublicKey(crypto, signatures, content, key)
        : isSignedBySecret(signatures, computeDigest(crypto, content, key));
    if (isSigned) return content;
  }
  return undefined;
}

function isSignedBySecret(signatures: readonly Buffer[], expected: Buffer): boolean {
  return signatures.some((sent) => isSame(sent, expected));
}

function isSignedByPublicKey(
  crypto: Crypto,
  signatures: readonly Buffer[],
  content: Content,
  key: KeyObject,
): boolean {
  const bytes = Buffer.concat(content.map(toBytes));
  const most = bytes.length > LARGE_BYTES ? MAX_LARGE_SIGNATURES : MAX_PUBLIC_KEY_SIGNATURES;
  return signatures.slice(0, most).some((sent) => isSignedBy(crypto, sent, bytes, key));
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
  { kind, algorithm = 'sha256', signatureForm }: Crypto,
  sent: Buffer,
  content: Buffer,
  key: KeyObject,
): boolean {
  if (kind === 'ed25519') return sent.length === 64 && verify(null, content, key, sent);
  return verify(algorithm, content, signatureForm === 'raw' ? { key, dsaEncoding: 'ieee-p1363' } : key, sent);
}

function toBytes(piece: string | Uint8Array): Uint8Array {
  return typeof piece === 'string' ? Buffer.from(piece) : piece;
}

/**
 * SHA-256 of what was signed, in hex: the id where a body can change under one signature. A form can be written in many ways under one signature: other escapes, another order,
 * two parameters as one. What is signed is the same for all of them.
 */
export function hashSigned(signed: readonly Content[]): string {
  const hash = createHash('sha256');
  for (const piece of signed.flat()) hash.update(piece);
  return hash.digest('hex');
}
