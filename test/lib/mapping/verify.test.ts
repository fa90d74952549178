import { describe, expect, test } from '@jest/globals';
import { findOptions, PROFILE_NAMES } from '../../../lambdas/ingest/signature/profiles/profiles.ts';
import { resolveVerify } from '../../../lib/mapping/verify.ts';

function signatureOf(verify: object): object | string {
  const resolved = resolveVerify(verify, { 'event-type': { body: '/type' } });
  return resolved.ok ? resolved.value.signature : resolved.failure.map(({ message }) => message).join('; ');
}

function problemsOf(pick: string, options: object = {}) {
  const verify = { encoding: 'hex', signature: { header: 'X-Sig', pick }, ...options };
  const resolved = resolveVerify(verify, { 'event-type': { body: '/type' } });
  return resolved.ok
    ? []
    : resolved.failure.map(({ path, message }) => `${path.map(String).join('.')}  ${message}`);
}

describe('a natural guess at an option is answered by what is meant:', () => {
  const timed = (format: string) => ({
    ...{ encoding: 'hex', signature: { header: 's' }, content: '{timestamp}{body}' },
    timestamp: { header: 't', format },
  });

  test.each([
    [timed('rfc3339'), '"rfc3339" is called iso8601 here.'],
    [timed('milliseconds'), '"milliseconds" is called unix-ms here.'],
    [timed('epoch'), '"epoch" is called unix here.'],
    [timed('RFC1123'), '"RFC1123" is called http-date here.'],
    [timed('lunar'), 'expected one of: unix, unix-ms, iso8601, http-date; found "lunar".'],
    [
      { kind: 'sharedSecret', sharedSecret: { header: 'X-Token' } },
      'is missing: header, query, basic or body. Say { in: header, name: X-Token }.',
    ],
    [
      { kind: 'sharedSecret', sharedSecret: { body: '/token' } },
      'is missing: header, query, basic or body. Say { in: body, pointer: /token }.',
    ],
    [
      { kind: 'sharedSecret', sharedSecret: { name: 'X-Token' } },
      'is missing: header, query, basic or body. Say { in: header, name: X-Acme-Token }.',
    ],
    [
      { kind: 'sharedSecret', sharedSecret: { in: 'cookie', name: 'a' } },
      'expected one of: header, query, basic, body; found "cookie".',
    ],
    [
      { kind: 'hmac-sha256', encoding: 'hex' },
      'expected one of: hmac, hash, ecdsa, rsa, ed25519, sharedSecret, jwt, custom; found "hmac-sha256".',
    ],
  ])('%j', (verify, message) => {
    expect(signatureOf(verify)).toBe(message);
  });

  test('JSON as the body of an answer is shown as the text that it has to be', () => {
    const respond = { status: 200, contentType: 'application/json', body: { challenge: "{body:/o'c}" } };
    const handshakes = [
      { match: { method: 'POST', body: { '/a': '*' } }, authenticate: 'signature', respond },
    ];

    expect(resolveVerify('stripe', { handshakes })).toMatchObject({
      failure: [
        {
          path: ['handshakes', 0, 'respond', 'body'],
          message: `expected JSON as a text, in quotes: '{"challenge":"{body:/o''c}"}'`,
        },
      ],
    });
    expect(
      resolveVerify('stripe', { acknowledge: { contentType: 'application/json', body: [1] } }),
    ).toMatchObject({
      failure: [{ message: "expected JSON as a text, in quotes: '[1]'" }],
    });
  });
});

describe('a profile with some options changed', () => {
  test('keeps all other options, those beside a changed one included', () => {
    expect(signatureOf({ profile: 'stripe', timestamp: { toleranceSeconds: 10 } })).toMatchObject({
      timestamp: {
        header: 'stripe-signature',
        split: ',',
        pick: '^t=(.*)$',
        format: 'unix',
        toleranceSeconds: 10,
      },
      signature: { header: 'stripe-signature', pick: '^v1=(.+)$' },
      content: '{timestamp}.{body}',
    });
    expect(signatureOf({ profile: 'github', signature: { header: 'X-Other' } })).toMatchObject({
      signature: { header: 'x-other', pick: '^sha256=(.+)$' },
    });
    expect(signatureOf({ profile: 'mailchimp', sharedSecret: { name: 'key' } })).toMatchObject({
      sharedSecret: { in: 'query', name: 'key' },
    });
  });

  test('loses an option that is null', () => {
    expect(signatureOf({ profile: 'github', signature: { pick: null } })).toMatchObject({
      signature: { header: 'x-hub-signature-256' },
    });
    expect(signatureOf({ profile: 'svix', secretPrefix: null })).not.toHaveProperty('secretPrefix');
    expect(signatureOf({ profile: 'stripe', timestamp: null, content: '{body}' })).not.toHaveProperty(
      'timestamp',
    );
  });

  test('has nothing of the old place where a value stands elsewhere', () => {
    expect(signatureOf({ profile: 'github', signature: { query: 'sig' } })).toMatchObject({
      signature: { query: 'sig' },
    });
    expect(signatureOf({ profile: 'gitlab', sharedSecret: { in: 'basic' } })).toMatchObject({
      sharedSecret: { in: 'basic' },
    });
  });
});

describe('a pattern of a user, which runs over headers that anyone can send,', () => {
  test.each(['^v1=(.+)$', '^([0-9a-f]{64})$', '^(?:[0-9a-f]{2})+(x)$', 'v1=(.+)'])('may be %s', (pick) => {
    expect(problemsOf(pick)).toEqual([]);
  });

  test.each(['^(a+)+$', '^(a|a)*$', '^(.*a){20}$', 'v1=(.*)x$', '(.*)(.*)(.*)$', `^${'(.?)'.repeat(50)}$`])(
    'may not be %s: it can be made slow',
    (pick) => {
      expect(problemsOf(pick)).toEqual([
        'verify.signature.pick  can be made very slow by a text that almost fits, which anyone can send. ' +
          'Begin it with ^, and repeat nothing that repeats: "^v1=(.+)$".',
      ]);
    },
  );

  test('may not be one that cannot be checked', () => {
    expect(problemsOf('^(?<name>a+)$')).toEqual([
      'verify.signature.pick  cannot be checked for its speed. Write it without named groups and inline flags.',
    ]);
  });

  test('is checked for timestamp and id too', () => {
    const extractor = { header: 'X-Sig', pick: '^(a+)+$' };
    const options = {
      timestamp: { ...extractor, format: 'unix' },
      id: extractor,
      content: '{timestamp}{id}{body}',
    };

    expect(problemsOf('^(a+)$', options)).toEqual([
      expect.stringMatching(/^verify\.timestamp\.pick {2}can be made/),
      expect.stringMatching(/^verify\.id\.pick {2}can be made/),
    ]);
  });

  test.each(PROFILE_NAMES)('may be any that the profile %s has', (name) => {
    expect(findOptions(name)).toBeDefined();
    expect(resolveVerify(name, { 'event-type': { body: '/type' } })).toMatchObject({ ok: true });
  });
});
