import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { decodeBytes, decodeSecret } from '../../../../lambdas/ingest/signature/keys.ts';

type Options = Parameters<typeof decodeSecret>[0];

describe('bytes', () => {
  test.each([
    ['00ff', 'hex', '00ff'],
    ['00FF', 'hex', '00ff'],
    ['0', 'hex', undefined],
    ['00f', 'hex', undefined],
    ['0g', 'hex', undefined],
    ['00 ', 'hex', undefined],
    // Its lower half reads "a".
    ['0\u0161', 'hex', undefined],
    ['', 'hex', undefined],
    ['AP8=', 'base64', '00ff'],
    ['AP8', 'base64', undefined],
    ['AP8==', 'base64', undefined],
    ['AP9=', 'base64', undefined],
    ['ap8=', 'base64', '6a9f'],
    ['-_8=', 'base64', undefined],
    [' AP8=', 'base64', undefined],
    ['', 'base64', undefined],
  ] as const)('written %j in %s are %s', (text, encoding, hex) => {
    expect(decodeBytes(text, encoding)?.toString('hex')).toBe(hex);
  });
});

describe('a secret', () => {
  const hmac = { kind: 'hmac' } as const;
  test.each<[string, Options, string | undefined]>([
    ['s1', hmac, 's1'],
    ['', hmac, undefined],
    ['undefined', hmac, 'undefined'],
    ['s1', { ...hmac, secretEncoding: 'utf8' }, 's1'],
    ['s1', { kind: 'hash' }, 's1'],
    ['czE=', { ...hmac, secretEncoding: 'base64' }, 's1'],
    ['7331', { ...hmac, secretEncoding: 'hex' }, 's1'],
    ['czE', { ...hmac, secretEncoding: 'base64' }, undefined],
    ['zz', { ...hmac, secretEncoding: 'hex' }, undefined],
    ['whsec_czE=', { ...hmac, secretEncoding: 'base64', secretPrefix: 'whsec_' }, 's1'],
    ['czE=', { ...hmac, secretEncoding: 'base64', secretPrefix: 'whsec_' }, 's1'],
    ['whsec_', { ...hmac, secretPrefix: 'whsec_' }, undefined],
    ['a whsec_', { ...hmac, secretPrefix: 'whsec_' }, 'a whsec_'],
  ])('%j by %j is the key %j', (secret, options, key) => {
    const decoded = decodeSecret(options, secret);

    expect(decoded?.export().toString()).toBe(key);
  });

  const keys = {
    rsa: generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey,
    ecdsa: generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey,
    ed25519: generateKeyPairSync('ed25519').publicKey,
  };
  const kinds = ['rsa', 'ecdsa', 'ed25519'] as const;
  const raw = Buffer.from(keys.ed25519.export({ format: 'jwk' }).x ?? '', 'base64url');

  test.each(kinds)('is a public key of kind %s and of no other', (kind) => {
    const pem = keys[kind].export({ format: 'pem', type: 'spki' }).toString();
    const spki = keys[kind].export({ format: 'der', type: 'spki' }).toString('base64');

    for (const wanted of kinds) {
      const read = [
        decodeSecret({ kind: wanted }, pem),
        decodeSecret({ kind: wanted, secretEncoding: 'pem' }, pem),
        decodeSecret({ kind: wanted, secretEncoding: 'spki-base64' }, spki),
      ];
      const areKeys = read.map((key) => key?.equals(keys[kind]) === true);
      expect(areKeys).toEqual([wanted === kind, wanted === kind, wanted === kind]);
    }
  });

  test.each([
    ['base64', raw.toString('base64')],
    ['hex', raw.toString('hex')],
  ] as const)('of Ed25519 may be the bare key in %s', (secretEncoding, text) => {
    const key = decodeSecret({ kind: 'ed25519', secretEncoding }, text);

    expect(key?.equals(keys.ed25519)).toBe(true);
    expect(decodeSecret({ kind: 'ed25519', secretEncoding }, text.slice(8))).toBeUndefined();
    expect(decodeSecret({ kind: 'rsa', secretEncoding }, text)).toBeUndefined();
  });

  test('that is no key is undefined, whatever error OpenSSL has for it', () => {
    for (const kind of kinds) {
      for (const secretEncoding of ['pem', 'spki-base64', 'base64', 'hex', 'utf8'] as const) {
        expect(decodeSecret({ kind, secretEncoding }, 'no key')).toBeUndefined();
      }
    }
  });
});
