import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { signatureSchemeSchema } from '../../../../lambdas/ingest/signature/scheme.ts';
import { adviseOn } from '../../../../lambdas/ingest/signature/verification.ts';
import { verifySignature } from '../../../../lambdas/ingest/signature/verify.ts';

const BODY = '{"type":"x"}';
const KEYS = {
  rsa: generateKeyPairSync('rsa', { modulusLength: 1024 }),
  ecdsa: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  ed25519: generateKeyPairSync('ed25519'),
};

function verify(kind: keyof typeof KEYS, header: string, options: object = {}) {
  const scheme = signatureSchemeSchema.parse({
    kind,
    encoding: 'base64',
    secretEncoding: 'pem',
    signature: { header: 'X-Sig', split: ' ' },
    content: 'v1:{method}:{body}',
    ...options,
  });
  const pem = KEYS[kind].publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const verified = verifySignature(scheme, {
    method: 'POST',
    query: '',
    headers: new Map([['x-sig', header]]),
    rawBody: Buffer.from(BODY),
    receivedAt: new Date(0),
    secrets: ['no key', pem],
  });
  return verified.ok ? verified.value : verified.failure.code;
}

describe('a private key in the place of a public one', () => {
  const pem = (kind: keyof typeof KEYS) =>
    KEYS[kind].privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const der = (kind: keyof typeof KEYS) =>
    KEYS[kind].privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64');
  const judge = (kind: keyof typeof KEYS, secretEncoding: string, secrets: readonly string[]) => {
    const options = { kind, encoding: 'base64', secretEncoding, signature: { header: 'X-Sig' } };
    const verified = verifySignature(signatureSchemeSchema.parse(options), {
      method: 'POST',
      query: '',
      headers: new Map([
        ['x-sig', signBody(KEYS[kind].privateKey, kind === 'ed25519' ? null : 'sha256', BODY)],
      ]),
      rawBody: Buffer.from(BODY),
      receivedAt: new Date(0),
      secrets,
    });
    return verified.ok ? verified.value : verified.failure;
  };

  test.each([
    ['rsa', 'pem', pem('rsa')],
    ['ecdsa', 'pem', pem('ecdsa')],
    ['ed25519', 'pem', pem('ed25519')],
    ['rsa', 'spki-base64', der('rsa')],
    ['ecdsa', 'spki-base64', der('ecdsa')],
    [
      'ecdsa',
      'spki-base64',
      KEYS.ecdsa.privateKey.export({ type: 'sec1', format: 'der' }).toString('base64'),
    ],
    ['rsa', 'spki-base64', KEYS.rsa.privateKey.export({ type: 'pkcs1', format: 'der' }).toString('base64')],
    ['ed25519', 'base64', Buffer.alloc(64, 1).toString('base64')],
    ['ed25519', 'hex', Buffer.alloc(64, 1).toString('hex')],
    ['ed25519', 'base64', `whsk_${Buffer.alloc(64, 1).toString('base64')}`],
  ] as const)('%s as %s is refused, though it would verify', (kind, secretEncoding, secret) => {
    const failure = judge(kind, secretEncoding, ['none', secret]);

    expect(failure).toEqual({ code: 'wrong-secret-kind', secretIndex: 1, configured: secretEncoding });
    expect('code' in failure && adviseOn(failure)).toMatch(
      /^Signing secret 1 is a private key, where .* belongs/,
    );
  });
});

function signBody(key: KeyObject, digest: string | null, content = `v1:POST:${BODY}`): string {
  return sign(digest, Buffer.from(content), key).toString('base64');
}

describe('a signature by a private key', () => {
  test.each([
    ['rsa', 'sha256'],
    ['rsa', 'sha1'],
    ['rsa', 'sha512'],
    ['ecdsa', 'sha256'],
    ['ecdsa', 'sha512'],
  ] as const)('%s with %s fits by that algorithm alone, and that content', (kind, algorithm) => {
    const { privateKey } = KEYS[kind];

    expect(verify(kind, signBody(privateKey, algorithm), { algorithm })).toEqual({ secretIndex: 1 });
    expect(verify(kind, signBody(privateKey, 'sha384'), { algorithm })).toBe('no-matching-secret');
    expect(verify(kind, signBody(privateKey, algorithm, BODY), { algorithm })).toBe('no-matching-secret');
  });

  test('Ed25519 fits, and one of another length does not throw', () => {
    const { privateKey } = KEYS.ed25519;

    expect(verify('ed25519', signBody(privateKey, null))).toEqual({ secretIndex: 1 });
    expect(verify('ed25519', signBody(privateKey, null, BODY))).toBe('no-matching-secret');
    expect(verify('ed25519', 'AAAA')).toBe('no-matching-secret');
  });

  test.each([
    ['rsa', 'sha256'],
    ['ed25519', null],
  ] as const)(
    '%s may be one of eight: more are not tried, as each costs a pass over the body',
    (kind, digest) => {
      const good = signBody(KEYS[kind].privateKey, digest);
      const among = (others: number) => [...Array.from({ length: others }, () => 'AAAA'), good].join(' ');

      expect(verify(kind, among(7))).toEqual({ secretIndex: 1 });
      expect(verify(kind, among(8))).toBe('no-matching-secret');
    },
  );

  test('is never explained as an HMAC, not even by one whose key is the public key', () => {
    const pem = KEYS.rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const hmacs = [pem, pem.trim()].map((key) =>
      createHmac('sha256', key).update(`v1:POST:${BODY}`).digest('base64'),
    );

    expect(verify('rsa', hmacs.join(' '))).toBe('no-matching-secret');
  });
});
