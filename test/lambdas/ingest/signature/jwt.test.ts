import { createHash, createSecretKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { jwtVerify, SignJWT } from 'jose';
import { signatureSchemeSchema } from '../../../../lambdas/ingest/signature/scheme.ts';
import { verifySignature } from '../../../../lambdas/ingest/signature/verify.ts';

// Tokens are made by `jose`, and judged by it as well.

const NOW = new Date('2026-11-24T09:30:00Z');
const UNIX = NOW.getTime() / 1000;
const BODY = '{"a":1}';
const HASH = createHash('sha256').update(BODY).digest('hex');
const SECRET = 'a secret of 32 bytes and of more';

const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 });
const EC = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ED = generateKeyPairSync('ed25519');
const KEYS = {
  HS256: { signs: createSecretKey(Buffer.from(SECRET)), stored: SECRET },
  HS512: { signs: createSecretKey(Buffer.from(SECRET)), stored: SECRET },
  RS256: { signs: RSA.privateKey, stored: RSA.publicKey.export({ type: 'spki', format: 'pem' }).toString() },
  RS512: { signs: RSA.privateKey, stored: RSA.publicKey.export({ type: 'spki', format: 'pem' }).toString() },
  ES256: { signs: EC.privateKey, stored: EC.publicKey.export({ type: 'spki', format: 'pem' }).toString() },
  EdDSA: { signs: ED.privateKey, stored: ED.publicKey.export({ type: 'spki', format: 'pem' }).toString() },
} as const;
type Algorithm = keyof typeof KEYS;

const options = {
  kind: 'jwt',
  algorithm: 'HS256' as Algorithm,
  token: { header: 'Authorization', pick: '^Bearer (.+)$' },
  secretEncoding: 'utf8',
  bodyHash: { claim: 'payload_hash', encoding: 'hex' },
};

async function tokenOf(claims: object, algorithm: Algorithm = 'HS256', header: object = {}) {
  return new SignJWT({ payload_hash: HASH, ...claims })
    .setProtectedHeader({ alg: algorithm, ...header })
    .sign(KEYS[algorithm].signs);
}

function verify(token: string, changes: object = {}, { body = BODY, secret = SECRET } = {}) {
  return verifySignature(signatureSchemeSchema.parse({ ...options, ...changes }), {
    method: 'POST',
    query: '',
    headers: new Map([['authorization', `Bearer ${token}`]]),
    rawBody: Buffer.from(body),
    receivedAt: NOW,
    secrets: [secret],
  });
}

function codeOf(...sent: Parameters<typeof verify>) {
  const verified = verify(...sent);
  return verified.ok ? 'valid' : verified.failure.code;
}

describe('a token that jose has made', () => {
  test.each(Object.keys(KEYS) as Algorithm[])('verifies by %s, and by no other key', async (algorithm) => {
    const secretEncoding = algorithm.startsWith('HS') ? 'utf8' : 'pem';
    const token = await tokenOf({}, algorithm);
    const { stored } = KEYS[algorithm];

    expect(codeOf(token, { algorithm, secretEncoding }, { secret: stored })).toBe('valid');
    expect(codeOf(token, { algorithm, secretEncoding }, { secret: stored, body: '{"a":2}' })).toBe(
      'wrong-claim',
    );
    expect(
      codeOf(
        `${token.slice(0, -8)}AAAAAAA${token.slice(-1)}`,
        { algorithm, secretEncoding },
        { secret: stored },
      ),
    ).not.toBe('valid');
  });

  test('by another algorithm than the one of the options is refused, whatever its header says', async () => {
    const pem = KEYS.RS256.stored;
    // The public key as the secret of an HMAC: the classic confusion.
    const confused = await new SignJWT({ payload_hash: HASH })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(createSecretKey(Buffer.from(pem)));
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${confused.split('.')[1]}.`;

    for (const token of [confused, none, await tokenOf({}, 'HS512'), await tokenOf({}, 'ES256')]) {
      expect(codeOf(token, { algorithm: 'RS256', secretEncoding: 'pem' }, { secret: pem })).toBe(
        'malformed-header',
      );
    }
  });

  test.each([
    [{ exp: UNIX - 30 }, {}, 'valid'],
    [{ exp: UNIX - 61 }, {}, 'timestamp-too-old'],
    [{ exp: UNIX + 1e6 }, {}, 'valid'],
    [{ nbf: UNIX + 30 }, {}, 'valid'],
    [{ nbf: UNIX + 61 }, {}, 'timestamp-in-future'],
    [{ iat: UNIX - 1e6 }, {}, 'valid'],
    [{ iat: UNIX - 301 }, { toleranceSeconds: 300 }, 'timestamp-too-old'],
    [{ iat: UNIX + 301 }, { toleranceSeconds: 300 }, 'timestamp-in-future'],
    [{ iat: UNIX - 300 }, { toleranceSeconds: 300 }, 'valid'],
    [{}, { toleranceSeconds: 300 }, 'wrong-claim'],
    [{ iat: 'x' }, {}, 'malformed-header'],
    [{ iss: 'acme' }, { issuer: 'acme' }, 'valid'],
    [{ iss: 'other' }, { issuer: 'acme' }, 'wrong-claim'],
    [{}, { issuer: 'acme' }, 'wrong-claim'],
    [{ aud: ['a', 'us'] }, { audience: 'us' }, 'valid'],
    [{ aud: 'us' }, { audience: 'us' }, 'valid'],
    [{ aud: 'them' }, { audience: 'us' }, 'wrong-claim'],
    [{ payload_hash: undefined }, {}, 'wrong-claim'],
    [{ payload_hash: 5 }, {}, 'wrong-claim'],
    [{ payload_hash: HASH.toUpperCase() }, {}, 'wrong-claim'],
  ])('with the claims %j, by %j: %s', async (claims, changes, code) => {
    expect(codeOf(await tokenOf(claims), changes)).toBe(code);
  });

  test('that does not bind the body is the id itself, where the options say so', async () => {
    const token = await tokenOf({ payload_hash: undefined, jti: '1' });
    const unbound = { bodyHash: undefined, unboundBody: true };
    const id = createHash('sha256').update(token.split('.').slice(0, 2).join('.')).digest('hex');

    expect(verify(token, unbound)).toMatchObject({ ok: true, value: { signedId: id } });
    expect(verify(token, unbound, { body: '{"a":2}' })).toMatchObject({ ok: true, value: { signedId: id } });
  });

  test('and whose header wants something special is refused', async () => {
    const parts = (await tokenOf({})).split('.');
    const header = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const { createHmac } = await import('node:crypto');
    for (const special of [
      { alg: 'HS256', crit: ['x'] },
      { alg: 'HS256', b64: false },
    ]) {
      const signed = `${header(special)}.${parts[1]}`;
      const signature = createHmac('sha256', SECRET).update(signed).digest('base64url');
      expect(codeOf(`${signed}.${signature}`)).toBe('malformed-header');
    }
  });
});

test('what is changed in a token verifies only where jose takes it, too', async () => {
  const token = await tokenOf({ iat: UNIX });
  const key = KEYS.HS256.signs;
  await fc.assert(
    fc.asyncProperty(
      fc.nat({ max: token.length }),
      fc.nat({ max: 3 }),
      fc.string({ maxLength: 3 }),
      async (at, cut, more) => {
        const changed = `${token.slice(0, at)}${more}${token.slice(at + cut)}`.trim();
        const isTaken = await jwtVerify(changed, key, { algorithms: ['HS256'], currentDate: NOW }).then(
          () => true,
          () => false,
        );
        expect(codeOf(changed) === 'valid' && !isTaken).toBe(false);
        if (changed === token) expect(codeOf(changed)).toBe('valid');
      },
    ),
    { numRuns: 1_000 },
  );
});

test.each([
  [{ secretEncoding: 'pem' }, /expected utf8, base64, base64url or hex/],
  [{ algorithm: 'RS256' }, /expected pem or spki-base64/],
  [{ bodyHash: undefined }, /expected the claim that holds the hash of the body/],
  [{ unboundBody: true }, /expected the claim that holds the hash of the body/],
  [{ token: { body: '/jwt' } }, /a token within the body cannot hold its hash/],
  [{ algorithm: 'none' }, /./],
  [{ token: {} }, /expected one of header, query and body/],
])('the options of a token may not have %j', (changes, message) => {
  const { error } = signatureSchemeSchema.safeParse({ ...options, ...changes });

  expect(error?.issues[0]?.message).toMatch(message);
});
