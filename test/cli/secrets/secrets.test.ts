import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { Project } from '../../../answers/project.ts';
import { checkKey, checkSigningSecret, findSecret } from '../../../cli/secrets/kind.ts';
import { formatVerdict } from '../../../cli/secrets/rotate.ts';
import { readPiped } from '../../../cli/secrets/set.ts';
import type { Verdict } from '../../../cli/secrets/stored-secret.ts';
import { activeFrom, formatMinute } from '../../../cli/secrets/stored-secret.ts';
import { findProfile, PROFILE_NAMES } from '../../../lambdas/ingest/signature/profiles/profiles.ts';
import { SIX_SOURCES } from '../../fixtures/six-sources.ts';

const PROJECT: Project = { mappings: SIX_SOURCES, stagesFile: 'stages.yaml' };
const NOW = new Date('2026-11-24T12:00:00.000Z');

function check(profileName: string, value: string): string | undefined {
  const profile = findProfile(profileName);
  if (profile === undefined) throw new Error(`There is no profile ${profileName}.`);
  return checkSigningSecret(profile.signature, value);
}

describe('a signing secret that is pasted', () => {
  test.each([
    ['stripe', 'whsec_1234567890abcdef'],
    ['shopify', 'shpss_0123456789abcdef'],
    ['shopify', '0123456789abcdef0123456789abcdef'],
    ['svix', 'whsec_bG9jYWwtcmVzZW5kLXNpZ25pbmcta2V5'],
    ['github', 'whatever people have made up, with spaces'],
    ['paystack', 'sk_live_0123456789abcdef0123456789abcdef01234567'],
  ])('is taken for %s', (profile, value) => {
    expect(check(profile, value)).toBeUndefined();
  });

  test.each([
    ['stripe', '', 'it is empty'],
    ['stripe', ' whsec_1234', 'it has whitespace at its beginning or its end'],
    ['stripe', 'whsec_1234\t', 'it has whitespace at its beginning or its end'],
    ['stripe', '{"signingSecrets":["whsec_1234"]}', 'it looks like JSON'],
    ['stripe', 'sk_live_1234', 'it is an API key of Stripe or Paystack, and does not sign these webhooks'],
    ['stripe', 'rk_live_1234', 'it is an API key of Stripe, and signs no webhook'],
    ['stripe', 'whsec_', 'there is nothing after "whsec_": was it cut?'],
    ['svix', 'whsec_', 'there is nothing after "whsec_": was it cut?'],
    ['github', 'shpss_1234', 'it is the client secret of a Shopify app, and does not sign these webhooks'],
    ['slack', 'xoxb-1234', 'it is a token of Slack, and signs no webhook'],
    ['stripe', 'we_1234', 'it has to begin with "whsec_"'],
    ['shopify', 'shpat_1234', 'it is an access token of Shopify'],
    ['github', 'ghp_1234', 'it is an access token of GitHub'],
    ['svix', 'bG9jYWw=', 'it has to begin with "whsec_"'],
    ['svix', 'whsec_not base64!', 'it cannot be read as base64 after "whsec_": was it cut?'],
    ['sendgrid', 'SG.1234', 'it is an API key of SendGrid, and signs no webhook'],
    ['sendgrid', 'MFkw1234', 'it cannot be read as spki-base64'],
    ['mailgun', 'key\n', 'it has whitespace'],
  ])('is refused for %s, without being quoted: %j', (profile, value, sentence) => {
    const problem = check(profile, value);
    expect(problem).toContain(sentence);
    if (value.trim().length > 6) expect(problem).not.toContain(value.trim());
  });

  test('is looked at by every profile', () => {
    const empty = PROFILE_NAMES.map((name) => [name, check(name, '')]);
    expect(empty).toEqual(PROFILE_NAMES.map((name) => [name, 'it is empty']));
  });

  test('may be no private key', () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const pem = (key: KeyObject, type: 'pkcs8' | 'spki') =>
      key.export({ type, format: 'pem' }).toString().trim();

    expect(check('wise', pem(privateKey, 'pkcs8'))).toMatch(
      /^it is a private key: give the sender's public key/,
    );
    expect(check('wise', pem(publicKey, 'spki'))).toBeUndefined();
  });

  test('has to be user:password for basic auth', () => {
    const scheme = { kind: 'sharedSecret', sharedSecret: { in: 'basic' } } as const;
    expect(checkSigningSecret(scheme, 'nobody')).toBe('basic auth wants user:password');
    expect(checkSigningSecret(scheme, 'some:body')).toBeUndefined();
  });
});

test('a key consists of visible ASCII characters', () => {
  expect(checkKey('4f9c-1234')).toBeUndefined();
  expect(checkKey('Bearer 4f9c')).toContain('without spaces');
  expect(checkKey('4f9c\u00e9')).toContain('visible ASCII');
  expect(checkKey('4f9c ')).toContain('whitespace');
});

test.each([
  ['sk_live_1234', 'an API key of Stripe or Paystack'],
  ['rk_test_1234', 'an API key of Stripe'],
  ['whsec_1234', 'a signing secret of a webhook'],
  ['whsk_1234', 'a signing secret of a webhook'],
  ['we_1234', 'the id of a webhook endpoint of Stripe'],
  ['shpss_1234', 'the client secret of a Shopify app'],
  ['ghp_1234', 'an access token of GitHub'],
  ['glpat-1234', 'an access token of GitLab'],
  ['SG.1234', 'an API key of SendGrid'],
  ['xoxb-1234', 'a token of Slack'],
  ['AKIAIOSFODNN7EXAMPLE', 'an access key id of AWS'],
])('what belongs to somebody else is no key of the API user: %s', (value, what) => {
  expect(checkKey(value)).toBe(`it is ${what}, and would be sent to Webex Campaign`);
});

test('the signing secret of no profile is taken for a key of the API user by its prefix', () => {
  const prefixes = PROFILE_NAMES.flatMap((name) => {
    const signature = findProfile(name)?.signature;
    return signature !== undefined && 'secretPrefix' in signature ? (signature.secretPrefix ?? []) : [];
  });
  expect(prefixes).toContain('whsec_');
  expect(prefixes.filter((prefix) => checkKey(`${prefix}1234`) === undefined)).toEqual([]);
});

describe('what is piped in', () => {
  test.each([
    ['one\n', { value: 'one' }],
    ['one\r\n', { value: 'one' }],
    ['one', { value: 'one' }],
    ['one\ntwo\n', { value: 'one', second: 'two' }],
    [' one \n', { value: ' one ' }],
    ['', { value: '' }],
  ])('is a value a line: %j', (text, input) => {
    expect(readPiped(text, false)).toEqual({ ok: true, value: input });
  });

  test('is one value where a value has several lines', () => {
    expect(readPiped('-----BEGIN\nkey\n-----END\n', true)).toMatchObject({
      value: { value: '-----BEGIN\nkey\n-----END' },
    });
  });

  test('is refused where it has more lines than values', () => {
    expect(readPiped('one\ntwo\nthree\n', false)).toMatchObject({
      failure: expect.stringContaining('more than two lines'),
    });
  });
});

describe('a name on the command line', () => {
  test('stands for the secret that its mapping file names', () => {
    expect(findSecret(PROJECT, 'stripe')).toMatchObject({
      value: {
        secret: 'webhooks/stripe',
        noun: 'signing secret',
        trace: { stage: 'ingest', source: 'stripe' },
      },
    });
    expect(findSecret(PROJECT, 'webex-campaign')).toMatchObject({ value: { noun: 'key', most: 2 } });
  });

  test('that is unknown is refused with the known ones', () => {
    expect(findSecret(PROJECT, 'webhooks/stripe')).toEqual({
      ok: false,
      failure:
        'There is no secret of "webhooks/stripe". There are those of: github, hubspot, resend, shopify, stripe, woocommerce, webex-campaign.',
    });
  });

  test('reads back what it writes, and keeps the verify token', () => {
    const kind = findSecret(PROJECT, 'stripe');
    if (!kind.ok) throw new Error(kind.failure);
    const content = { values: ['new', 'old', 'older'], verifyToken: 'token' };

    const written = kind.value.write(content, {});
    expect(written).toBe('{"signingSecrets":["new","old","older"],"verifyToken":"token"}');
    expect(kind.value.read(written)).toEqual({ ok: true, value: content });
    expect(kind.value.readKept(written)).toEqual({});
    expect(kind.value.read('{"signingSecrets":[]}')).toMatchObject({ ok: false });
  });

  test('writes keys as the deliver function reads them', () => {
    const kind = findSecret(PROJECT, 'webex-campaign');
    if (!kind.ok) throw new Error(kind.failure);

    const hashKey = 'k'.repeat(64);
    const both = kind.value.write({ values: ['new', 'old'] }, { hashKey });
    expect(JSON.parse(both)).toEqual({ primary: 'new', secondary: 'old', hashKey });
    expect(kind.value.read(both)).toEqual({ ok: true, value: { values: ['new', 'old'] } });
    expect(JSON.parse(kind.value.write({ values: ['new'] }, { hashKey }))).toEqual({
      primary: 'new',
      secondary: '',
      hashKey,
    });
  });

  test('keeps the key of the hashes whatever the keys are, and generates a missing one', () => {
    const kind = findSecret(PROJECT, 'webex-campaign');
    if (!kind.ok) throw new Error(kind.failure);
    const hashKey = 'k'.repeat(64);
    const kept = [{ primary: '' }, { primary: 'a' }, { primary: 'not a key' }, { other: 'member' }].map(
      (keys) => kind.value.readKept(JSON.stringify({ ...keys, hashKey })),
    );

    expect(kept).toEqual(kept.map(() => ({ hashKey })));
    expect(kind.value.readKept('no JSON')).toEqual({});
    expect(kind.value.readKept('{"primary":"a","hashKey":"short"}')).toEqual({});
    const [one, other] = [1, 2].map(() => JSON.parse(kind.value.write({ values: ['a'] }, {})).hashKey);
    expect(one).toMatch(/^[0-9a-f]{64}$/);
    expect(other).not.toBe(one);
  });

  test('takes empty keys, as a new stack has them, for not set', () => {
    const kind = findSecret(PROJECT, 'webex-campaign');
    if (!kind.ok) throw new Error(kind.failure);

    expect(kind.value.read('{"primary":"","secondary":"","hashKey":"x"}')).toEqual({
      ok: true,
      value: { values: [] },
    });
    expect(kind.value.read('{"primary":"","secondary":"b"}')).toEqual({
      ok: false,
      failure: [expect.stringContaining('/primary')],
    });
  });
});

describe('the verdict about an old value', () => {
  test.each(['stripe', 'webex-campaign'])('of %s has a sentence for every case', (name) => {
    const kind = findSecret(PROJECT, name);
    if (!kind.ok) throw new Error(kind.failure);
    const verdicts: readonly Verdict[] = [
      { kind: 'single' },
      { kind: 'old-used', lastAt: NOW },
      { kind: 'newest-unused' },
      { kind: 'too-early', freeAt: NOW },
      { kind: 'free', lastAt: undefined },
    ];
    const sentences = verdicts.map((verdict) => formatVerdict(verdict, kind.value));
    expect(new Set(sentences).size).toBe(verdicts.length);
    expect(sentences[3]).toContain('2026-11-24 12:00 UTC');
    expect(sentences[4]).toContain(`secrets rotate ${name} --finish`);
  });
});

test('the minute from which a value is active is never too early', () => {
  const kindOf = (name: string) => {
    const kind = findSecret(PROJECT, name);
    if (!kind.ok) throw new Error(kind.failure);
    return kind.value;
  };
  const now = new Date('2026-11-24T12:00:01.000Z');

  expect(formatMinute(new Date('2026-11-24T12:00:00.000Z'))).toBe('12:00 UTC');
  // A signature that does not match has the secret read again, once a minute at most; keys are remembered for five.
  expect(formatMinute(activeFrom(kindOf('stripe'), now))).toBe('12:02 UTC');
  expect(formatMinute(activeFrom(kindOf('webex-campaign'), now))).toBe('12:06 UTC');
});
