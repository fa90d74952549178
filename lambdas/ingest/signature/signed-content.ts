import { Buffer } from 'node:buffer';
import { createHash, createHmac, createVerify, type KeyObject, timingSafeEqual, verify } from 'node:crypto';
import { memoize } from '../../memoize.ts';
import type { Claim, Content, Crypto } from './verification.ts';

/** A piece of what is signed, in the order of the template. */
export type ContentToken =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'header'; readonly text: string; readonly name: string }
  | { readonly kind: (typeof NAMES)[number]; readonly text: string }
  | { readonly kind: 'unknown'; readonly text: string };

const NAMES = ['body', 'timestamp', 'id', 'method', 'url', 'decoded-url', 'secret'] as const;

/** The tokens of a content template, as a person writes them. */
export const TOKENS: readonly string[] = NAMES.map((name) => `{${name}}`);

/** Reads a template such as `{id}.{timestamp}.{body}`; whatever stands between the tokens is signed as it is. */
export const tokensOf = memoize((template): readonly ContentToken[] =>
  template.split(/(\{[^{}]*\})/).flatMap((text) => (text === '' ? [] : [readToken(text)])),
);

function readToken(text: string): ContentToken {
  if (!/^\{[^{}]*\}$/.test(text)) return { kind: 'literal', text };
  const name = text.slice(1, -1);
  const header = /^header:([A-Za-z0-9!#$%&'*+.^_`|~-]+)$/.exec(name)?.[1];
  if (header !== undefined) return { kind: 'header', text, name: header.toLowerCase() };
  const kind = NAMES.find((known) => known === name);
  return { kind: kind ?? 'unknown', text };
}

/**
 * Under a public key each signature costs a pass over the content: a header full of them and a large body would cost
 * minutes. A sender has one or two keys at a time.
 */
const MAX_PUBLIC_KEY_SIGNATURES = 8;

/** Whether one of a claim's signatures fits one of its contents under a key. Compares in constant time. */
export function fits(crypto: Crypto, claim: Claim, key: KeyObject, secret: string): boolean {
  return claim.contents.some((write) => {
    const content = write(secret);
    if (key.type === 'public') {
      const tried = claim.signatures.slice(0, MAX_PUBLIC_KEY_SIGNATURES);
      return tried.some((sent) => isSignedBy(crypto, sent, content, key));
    }
    const expected = computeDigest(crypto, content, key);
    return claim.signatures.some((sent) => isSame(sent, expected));
  });
}

/** The HMAC (or plain hash) of a content: what a sender writes and what ingest expects. */
export function computeDigest(
  { kind, algorithm = 'sha256' }: Crypto,
  content: Content,
  key: KeyObject,
): Buffer {
  const digest = kind === 'hash' ? createHash(algorithm) : createHmac(algorithm, key);
  for (const piece of content) digest.update(piece);
  // A buffer of its own for each digest costs more than a text of its bytes and a place in the pool.
  return Buffer.from(digest.digest('binary'), 'binary');
}

/** The length of every digest of an algorithm. */
export const DIGEST_BYTES = { sha1: 20, sha256: 32, sha512: 64 } as const;

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
