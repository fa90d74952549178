import { Buffer } from 'node:buffer';
import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import type { SignedScheme } from './scheme.ts';

/** What a scheme says of its secrets. */
type SecretOptions = {
  readonly kind: SignedScheme['kind'];
  readonly secretEncoding?: 'utf8' | 'base64' | 'hex' | 'pem' | 'spki-base64';
  readonly secretPrefix?: string | undefined;
};

/**
 * Makes a key of a stored secret, for HMAC a secret key and for the others a public one; `undefined` where it is not
 * written as the scheme says, or is empty.
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

/** The key of an HMAC; nobody signs with no bytes. */
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
    // OpenSSL says in many ways that a text is no key.
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
 * The bytes that a text stands for, or `undefined` where it is not the one way to write them: `Buffer.from` alone would
 * skip what it does not know, and two texts would then pass for one signature. Hex may be in either case.
 */
export function decodeBytes(text: string, encoding: 'hex' | 'base64'): Buffer | undefined {
  // Asked first: for its digits, Node looks at the lower half of each character alone.
  if (encoding === 'hex' && !HEX.test(text)) return undefined;
  const bytes = Buffer.from(text, encoding);
  const isCanonical =
    encoding === 'hex' ? bytes.length * 2 === text.length : bytes.toString(encoding) === text;
  return isCanonical && bytes.length > 0 ? bytes : undefined;
}
