import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { type DoctorOptions, examine } from '../../../cli/webhooks/doctor.ts';
import { SIX_SOURCES } from '../../fixtures/six-sources.ts';

const directory = mkdtempSync(join(tmpdir(), 'doctor-'));
afterAll(() => rmSync(directory, { recursive: true }));

function doctor(requests: unknown, options: Partial<DoctorOptions> = {}) {
  const request = join(directory, 'requests.json');
  writeFileSync(request, JSON.stringify(requests));
  const { text, exitCode } = examine(SIX_SOURCES, { request, json: true, ...options });
  return { exitCode, text, findings: exitCode === 2 ? [] : text.split('\n').map((line) => JSON.parse(line)) };
}

const BODY = '{"type":"x"}';
const DATE = 'Tue, 24 Nov 2026 09:30:00 GMT';
const NOW = Date.parse(DATE) / 1000;

describe('adapter doctor', () => {
  test('verifies by options in a scratch file: SHA-1 over an HTTP date and the body', () => {
    const profile = join(directory, 'scratch.yaml');
    writeFileSync(
      profile,
      [
        'kind: hmac',
        'algorithm: sha1',
        'encoding: base64',
        'signature: { header: X-Scratch-Signature }',
        'timestamp: { header: Date, format: http-date, toleranceSeconds: 60 }',
        'content: "{timestamp}{body}"',
      ].join('\n'),
    );
    const signature = createHmac('sha1', 's1').update(`${DATE}${BODY}`).digest('base64');
    const request = { headers: { 'X-Scratch-Signature': signature, Date: DATE }, body: BODY, secret: 's1' };

    expect(doctor(request, { profile, now: NOW })).toMatchObject({
      exitCode: 0,
      findings: [{ code: 'verified' }],
    });
    expect(doctor({ ...request, now: NOW + 61 }, { profile })).toMatchObject({
      exitCode: 1,
      findings: [{ valid: false, code: 'timestamp-too-old', skewSeconds: 61, toleranceSeconds: 60 }],
    });
  });

  test.each([
    ['rsa', generateKeyPairSync('rsa', { modulusLength: 1024 }), 'sha256'],
    ['ecdsa', generateKeyPairSync('ec', { namedCurve: 'P-256' }), 'sha256'],
    ['ed25519', generateKeyPairSync('ed25519'), null],
  ] as const)('verifies %s by a public key', (kind, { privateKey, publicKey }, algorithm) => {
    const signature = sign(algorithm, Buffer.from(BODY), privateKey).toString('base64');
    const profile = { kind, encoding: 'base64', secretEncoding: 'pem', signature: { header: 'X-Sig' } };
    const secret = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const request = { headers: { 'x-sig': signature }, body: BODY, profile, secret };

    expect(doctor(request).findings).toMatchObject([{ valid: true }]);
    expect(doctor({ ...request, body: `${BODY}!` }).findings).toMatchObject([{ code: 'no-matching-secret' }]);
    expect(doctor({ ...request, secret: 'no key' }).findings).toMatchObject([{ code: 'secret-undecodable' }]);
  });

  test.each([
    [{ in: 'header', name: 'X-Gitlab-Token' }, { headers: { 'X-Gitlab-Token': 's1' } }, 'missing-header'],
    [{ in: 'basic' }, { headers: { Authorization: `Basic ${btoa('s1')}` } }, 'missing-header'],
    [{ in: 'query', name: 'key' }, { headers: {}, url: 'https://h/p?key=s1' }, 'missing-query-parameter'],
  ])('verifies a shared secret in %j', (sharedSecret, request, missing) => {
    const profile = { kind: 'sharedSecret', sharedSecret };

    expect(doctor({ ...request, body: BODY, profile, secret: 's1' }).findings).toMatchObject([
      { valid: true },
    ]);
    expect(doctor({ ...request, body: BODY, profile, secret: 's2' }).findings).toMatchObject([
      { code: 'no-matching-secret' },
    ]);
    expect(doctor({ headers: {}, body: BODY, profile, secret: 's1' }).findings).toMatchObject([
      { code: missing },
    ]);
  });

  test('takes a captured API Gateway event', () => {
    const signature = createHmac('sha256', 's1').update(BODY).digest('hex');
    const event = {
      version: '2.0',
      rawPath: '/webhooks/github',
      rawQueryString: '',
      headers: { host: 'h', 'x-hub-signature-256': `sha256=${signature}` },
      requestContext: { requestId: 'r', http: { method: 'POST' } },
      body: Buffer.from(BODY).toString('base64'),
      isBase64Encoded: true,
    };

    expect(doctor(event, { mapping: 'github', secret: ['s0', 's1'] }).findings).toMatchObject([
      { valid: true, secretIndex: 1 },
    ]);
  });

  test('says in words what it found', () => {
    const request = { id: 'one', headers: {}, body: BODY, profile: 'shopify', secret: 's1' };

    expect(doctor(request).exitCode).toBe(1);
    const { text } = examine(SIX_SOURCES, { request: join(directory, 'requests.json') });
    expect(text).toContain(
      'INVALID  one  missing-header\n         The header x-shopify-hmac-sha256 is missing',
    );
  });

  test.each([
    ['no profile', { headers: {}, secret: 's' }, 'has no profile'],
    ['no secret', { headers: {}, profile: 'stripe' }, 'has no secret'],
    ['an unknown profile', { headers: {}, profile: 'strype', secret: 's' }, 'Did you mean "stripe"?'],
    [
      'an unknown option',
      { headers: {}, profile: { encodng: 'hex' }, secret: 's' },
      'encodng  is not a known key',
    ],
    ['an unsigned body', profiled({ content: 'x' }), 'expected {body} in it'],
    ['an unknown token', profiled({ content: '{body}{when}' }), '"{when}" is not known'],
    ['a pattern without a group', profiled({ signature: { header: 'a', pick: '^v1' } }), 'with a group'],
    ['a token without its option', profiled({ content: '{id}{body}' }), 'is missing: content has {id}'],
    ['no headers', { profile: 'stripe', secret: 's' }, 'headers'],
  ])('ends with 2 for a request with %s', (_, request, sentence) => {
    expect(doctor(request)).toMatchObject({ exitCode: 2, text: expect.stringContaining(sentence) });
  });

  test('refuses an empty secret, which would verify anybody', () => {
    expect(doctor({ headers: {}, profile: 'stripe', secret: '' }).findings).toMatchObject([
      { valid: false, code: 'secret-invalid' },
    ]);
  });
});

function profiled(changes: object): object {
  const profile = { encoding: 'hex', signature: { header: 'a' }, ...changes };
  return { headers: {}, secret: 's', profile };
}
