import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { PROFILE_NAMES } from '../../../lambdas/ingest/signature/profiles/profiles.ts';
import { ask, forgedHead, post, reads } from './stranger.ts';

// docs/decisions/0030. What it costs is measured in strangers.slow.test.ts.

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

test('a form of 300 KB whose field holds a long number and many quotes is refused by its length', async () => {
  const body = `webhook_id={:1e999"${'\\"'.repeat(150_000)}`;

  expect(await ask(post('woocommerce', body, FORM))).toMatchObject({
    statusCode: 413,
    body: expect.stringContaining('read up to 16384 bytes'),
  });
});

test('a handshake up to the limit is answered, and a signed form beyond it is a webhook', async () => {
  const { headers } = forgedHead('woocommerce', '');

  expect(await ask(post('woocommerce', 'webhook_id=1', FORM))).toMatchObject({ statusCode: 200 });
  expect(
    await ask(post('woocommerce', `webhook_id=${'1'.repeat(20_000)}`, { ...FORM, ...headers })),
  ).toMatchObject({
    code: 'no-matching-secret',
  });
});

describe('no secret is read for a request that is not signed, so that none can fail:', () => {
  test.each(PROFILE_NAMES)('%s', async (name) => {
    const before = reads.secrets;
    const { statusCode, line } = await ask(post(name, '{"type":"x"}'));

    expect([statusCode, reads.secrets - before]).toEqual([401, 0]);
    expect(line).not.toHaveProperty('Misconfigurations');
    expect(line).not.toHaveProperty('VerifiedWebhooks');
  });

  test('nor for a token that a handshake does not have', async () => {
    const before = reads.secrets;
    const query = { rawQueryString: 'hub.mode=subscribe&hub.challenge=1' };
    const event = post('meta', '', {}, query);
    const get = { ...event, requestContext: { requestId: 'r1', http: { method: 'GET' } } };

    expect(await ask(get)).toMatchObject({ statusCode: 401, code: 'missing-query-parameter' });
    expect(reads.secrets).toBe(before);
  });
});

test('half a surrogate in the query makes no exception where the URL is signed', async () => {
  const { headers } = forgedHead('twilio', '%');

  expect(await ask(post('twilio', '%', headers, { rawQueryString: '\ud800' }))).toMatchObject({
    statusCode: 401,
  });
});

test('whatever a stranger sends is answered below 500, and wakes nobody', async () => {
  const anyText = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.constantFrom(
      '%',
      '%zz',
      '{',
      '[',
      '\ud800',
      '__proto__',
      'a=%C3&b',
      ' ',
      '{"type":"url_verification"}',
    ),
  );
  const anyHeaders = fc.dictionary(
    fc.constantFrom(
      'content-type',
      'authorization',
      'webhook-id',
      'x-gitlab-token',
      'constructor',
      '__proto__',
    ),
    anyText,
  );
  const anyRequest = fc.record({
    source: fc.constantFrom(...PROFILE_NAMES, 'nobody', '%', '..'),
    body: fc.oneof(anyText, fc.json()),
    headers: anyHeaders,
    query: anyText,
    method: fc.constantFrom('POST', 'GET', 'HEAD', 'PUT', '\u0000'),
    isForged: fc.boolean(),
    isBase64Encoded: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(
      anyRequest,
      async ({ source, body, headers, query, method, isForged, isBase64Encoded }) => {
        const forged = isForged ? forgedHead(source, body).headers : {};
        const requestContext = { requestId: 'r1', http: { method } };
        const changes = { rawQueryString: query, isBase64Encoded, requestContext };
        const { statusCode, line } = await ask(post(source, body, { ...headers, ...forged }, changes));

        expect(statusCode).toBeLessThan(500);
        expect(line).not.toHaveProperty('Misconfigurations');
      },
    ),
    { numRuns: 3_000 },
  );
});
