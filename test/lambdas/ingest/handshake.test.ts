import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { answerTokensOf, hasHmac } from '../../../lambdas/ingest/answer-template.ts';
import {
  explainTooLong,
  findCandidates,
  findHandshake,
  MAX_HANDSHAKE_BYTES,
  readToken,
} from '../../../lambdas/ingest/handshake.ts';
import { answerHandshake, needsSecret } from '../../../lambdas/ingest/handshake-answer.ts';
import type { WebhookRequest } from '../../../lambdas/ingest/request.ts';
import type { Handshake } from '../../../lambdas/ingest/source.ts';

function handshake(
  match: Partial<Handshake['match']>,
  respond: Partial<Handshake['respond']> = {},
): Handshake {
  return {
    match: { method: 'POST', ...match },
    authenticate: 'none',
    respond: { status: 200, contentType: 'text/plain', body: 'ok', ...respond },
  };
}

function request(
  changes: Partial<Omit<WebhookRequest, 'rawBody' | 'headers'>> & { body?: string; headers?: object } = {},
) {
  const { body = '', headers = {}, ...rest } = changes;
  const byName = new Map<string, string>(Object.entries(headers));
  return {
    requestId: 'r1',
    source: 's',
    method: 'POST',
    query: '',
    ...rest,
    headers: byName,
    rawBody: Buffer.from(body),
  };
}

function find(handshakes: readonly Handshake[], asked: WebhookRequest, isVerified = false) {
  return findHandshake(findCandidates(handshakes, asked), asked, isVerified);
}

describe('a handshake is recognized', () => {
  const form = 'application/x-www-form-urlencoded';
  test.each([
    [{}, {}, true],
    [{ method: 'GET' }, {}, false],
    [{ method: 'GET' }, { method: 'GET' }, true],
    [{ query: { a: '1' } }, { query: 'a=1' }, true],
    [{ query: { a: '1' } }, { query: 'a=2' }, false],
    [{ query: { a: '1' } }, {}, false],
    [{ query: { a: '*' } }, { query: 'a=x' }, true],
    [{ query: { a: '*' } }, { query: 'a=' }, false],
    [{ query: { a: '*' } }, { query: 'b=1' }, false],
    [{ query: { a: '' } }, { query: 'a=' }, true],
    [{ query: { a: '1', b: '2' } }, { query: 'a=1' }, false],
    [{ headers: { 'content-type': 'text/a' } }, { headers: { 'content-type': 'text/a ; b=c; d' } }, true],
    [{ headers: { 'content-type': 'text/a' } }, { headers: { 'content-type': 'text/a;\n; b' } }, true],
    [{ headers: { 'content-type': 'text/a' } }, { headers: { 'content-type': 'text/ab' } }, false],
    [{ headers: { 'content-type': 'text/a' } }, {}, false],
    [{ body: { '/a': '1' } }, { body: '{"a":"1"}' }, true],
    [{ body: { '/a': '1' } }, { body: '{"a":1}' }, true],
    [{ body: { '/a': 'true' } }, { body: '{"a":true}' }, true],
    [{ body: { '/a': '*' } }, { body: '{"a":null}' }, false],
    [{ body: { '/a': 'null' } }, { body: '{"a":null}' }, false],
    [{ body: { '/a': '*' } }, { body: '{"a":{}}' }, false],
    [{ body: { '/a': '*' } }, { body: '{"a":0}' }, true],
    [{ body: { '/a': '*' } }, { body: '{' }, false],
    [{ body: { '/a': '1' } }, { body: 'a=1' }, false],
    [{ body: { '/a': '1' } }, { body: 'a=1', headers: { 'content-type': form } }, true],
    [{ query: { a: '1' }, body: { '/a': '1' } }, { query: 'a=1', body: '{}' }, false],
    [{ query: { a: '1' }, headers: { b: '1' } }, { query: 'a=1', headers: { b: '2' } }, false],
  ])('by %j in %j: %s', (match, changes, isFound) => {
    const wanted = handshake(match as Handshake['match']);

    expect(find([wanted], request(changes))).toBe(isFound ? wanted : undefined);
  });

  test('as the first of several that fit', () => {
    const wanted = [handshake({ query: { a: '1' } }), handshake({}), handshake({})];

    expect(find(wanted, request())).toBe(wanted[1]);
    expect(find([], request())).toBeUndefined();
  });
});

describe('a body is parsed before the signature is verified', () => {
  const open = handshake({ body: { '/a': '1' } });
  const signed: Handshake = { ...open, authenticate: 'signature' };
  const padded = (bytes: number) => request({ body: `{"a":"1"}${' '.repeat(bytes - 9)}` });

  test('only for a handshake that a stranger may have', () => {
    expect(find([open], padded(9))).toBe(open);
    expect(find([signed], padded(9))).toBeUndefined();
    expect(find([signed], padded(9), true)).toBe(signed);
    expect(find([signed, open], padded(9))).toBe(signed);
  });

  test('only up to a limit', () => {
    expect(find([open], padded(MAX_HANDSHAKE_BYTES))).toBe(open);
    expect(find([open], padded(MAX_HANDSHAKE_BYTES + 1))).toBeUndefined();
    expect(find([open], padded(MAX_HANDSHAKE_BYTES + 1), true)).toBe(open);
    expect(find([open, handshake({})], padded(MAX_HANDSHAKE_BYTES + 1))).toEqual(handshake({}));
  });
});

describe('a body that is too long to be looked at', () => {
  const asks = (match: Partial<Handshake['match']>, authenticate: Handshake['authenticate'] = 'none') => ({
    ...handshake(match),
    authenticate,
  });
  const long = request({ body: 'x'.repeat(MAX_HANDSHAKE_BYTES + 1) });

  test('is said where a stranger’s handshake would be found in it', () => {
    expect(explainTooLong([asks({}), asks({ body: { '/a': '1' } })], long)).toEqual({
      code: 'unverified-body-too-large',
      bytes: MAX_HANDSHAKE_BYTES + 1,
      limitBytes: MAX_HANDSHAKE_BYTES,
    });
  });

  test('is no reason where no handshake needs it, or it is just short enough', () => {
    const needing = [asks({ body: { '/a': '1' } })];

    expect(explainTooLong(needing, request({ body: 'x'.repeat(MAX_HANDSHAKE_BYTES) }))).toBeUndefined();
    expect(explainTooLong([asks({})], long)).toBeUndefined();
    expect(explainTooLong([asks({ body: { '/a': '1' } }, 'signature')], long)).toBeUndefined();
    expect(explainTooLong([], long)).toBeUndefined();
  });
});

test('a handshake is found in a form that holds JSON, as the profile says', () => {
  const wanted = handshake({ body: { '/payload/a': '1' } });
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const asked = request({ body: 'payload=%7B%22a%22%3A%221%22%7D', headers });

  expect(find([wanted], { ...asked, form: { json: ['payload'] } })).toBe(wanted);
  expect(find([wanted], asked)).toBeUndefined();
});

describe('the secret of a source is needed for a handshake', () => {
  test.each<[string, Partial<Handshake['respond']>, boolean]>([
    ['with no HMAC', { body: '{query:a}' }, false],
    ['with an HMAC in its body alone', { body: '{hmacHex:query:a}', headers: { a: '1' } }, true],
    ['with an HMAC in a header alone', { body: 'ok', headers: { a: '1', b: '{hmacHex:query:a}' } }, true],
  ])('%s: %j', (_, respond, isNeeded) => {
    expect(needsSecret(handshake({}, respond))).toBe(isNeeded);
  });
});

test('a token that is not known is said with those that are', () => {
  expect(answerTokensOf('{querry:a}')).toMatchObject([{ problem: expect.stringContaining('{query:NAME}') }]);
  expect(
    answerTokensOf('{xquery:a} {query:a\nb} {query:a}').map(({ problem }) => problem === undefined),
  ).toEqual([false, false, true]);
  expect(hasHmac('{query:a}')).toBe(false);
  expect(hasHmac('{query:a} {hmacBase64:query:a}')).toBe(true);
});

describe('the answer to a handshake', () => {
  const answer = (
    body: string,
    changes: Parameters<typeof request>[0] = {},
    contentType = 'text/plain',
    key?: string,
  ) => answerHandshake(handshake({}, { body, contentType }), request(changes), key);

  test.each([
    ['{query:a}', { query: 'a=x%20y' }, 'x y'],
    ['{query:a}', {}, ''],
    ['<{query:a}|{query:b}>', { query: 'a=1&b=2' }, '<1|2>'],
    ['{body:/a/0}', { body: '{"a":["x"]}' }, 'x'],
    ['{body:/a}', { body: '{"a":[]}' }, ''],
    ['{body:/a}', { body: '{' }, ''],
    ['{other:a}', { query: 'a=1' }, '{other:a}'],
    ['{query:}', { query: '=1' }, '{query:}'],
    ['{query:a}', { query: 'a={query:b}&b=1' }, '{query:b}'],
    ['{query:a}', { query: 'a=%22%5C' }, '"\\'],
  ])('%s to %j is %j', (body, changes, written) => {
    expect(answer(body, changes)).toEqual({ status: 200, contentType: 'text/plain', body: written });
  });

  test.each(['application/json', 'application/vnd.a+JSON'])(
    'escapes what it fills in for %s',
    (contentType) => {
      expect(answer('{"a":"{query:a}"}', { query: 'a=%22%5C' }, contentType).body).toBe('{"a":"\\"\\\\"}');
    },
  );

  test('holds an HMAC by the secret that verified the request, and none without', () => {
    const expected = createHmac('sha256', 'k').update('x').digest('hex');

    expect(answer('{hmacHex:/a}', { body: '{"a":"x"}' }, 'text/plain', 'k').body).toBe(expected);
    expect(answer('{hmacHex:/a}', { body: '{"a":"x"}' }).body).toBe('');
    expect(answer('{hmacHex:/a}', { body: '{"a":"x"}' }, 'text/plain', '').body).toBe('');
  });
});

describe('the answer to a handshake, made of more than the query and the body,', () => {
  const answer = (
    respond: Partial<Handshake['respond']>,
    changes: Parameters<typeof request>[0] = {},
    { authenticate = 'signature' as Handshake['authenticate'], key = 'k' } = {},
  ) => answerHandshake({ ...handshake({}, respond), authenticate }, request(changes), key);
  const hmacOf = (text: string, encoding: 'hex' | 'base64') =>
    createHmac('sha256', 'k').update(text).digest(encoding);

  test.each([
    ['{header:X-Hook-Secret}', 's'],
    ['{hmacHex:query:crc_token}', hmacOf('c1', 'hex')],
    ['{hmacHex:header:x-hook-secret}', hmacOf('s', 'hex')],
    ['sha256={hmacBase64:query:crc_token}', `sha256=${hmacOf('c1', 'base64')}`],
    ['{hmacBase64:/a}', hmacOf('b', 'base64')],
    ['{hmacHex:body:/a}', hmacOf('b', 'hex')],
  ])('%s is %s', (body, written) => {
    const asked = { query: 'crc_token=c1', headers: { 'x-hook-secret': 's' }, body: '{"a":"b"}' };

    expect(answer({ body }, asked).body).toBe(written);
  });

  test('has headers, which no value of the sender can end', () => {
    const headers = { 'x-hook-secret': '{header:x-hook-secret}', 'webhook-allowed-rate': '120' };
    const asked = { headers: { 'x-hook-secret': 's\r\nset-cookie: ü=1' } };

    expect(answer({ headers }, asked).headers).toEqual({
      'x-hook-secret': 'sset-cookie: =1',
      'webhook-allowed-rate': '120',
    });
  });

  test('gives a stranger no HMAC of what could be a webhook', () => {
    const ask = (challenge: string) =>
      answer(
        { body: '{hmacHex:query:c}' },
        { query: new URLSearchParams({ c: challenge }).toString() },
        {
          authenticate: 'none',
        },
      ).body;

    expect(ask('aB3-_+/==')).toBe(hmacOf('aB3-_+/==', 'hex'));
    for (const text of [
      '{"type":"a"}',
      '[]',
      'a=b',
      'type=a&b',
      '1700000000.{}',
      '"a"',
      'a b',
      '',
      'x'.repeat(300),
    ]) {
      expect(ask(text)).toBe('');
    }
  });
});

describe('the token of a handshake', () => {
  const secrets = { signingSecrets: ['s1'], verifyToken: 'v1' };
  const check = (query: string, stored: { verifyToken?: string }) => {
    const token = readToken({ authenticate: { token: 't' } }, request({ query }));
    return token.ok ? token.value(stored) : token;
  };

  test.each([
    ['t=v1', { ok: true, value: undefined }],
    ['t=v2', { ok: false, failure: { code: 'no-matching-secret', secretsTried: 1, isShared: true } }],
    ['t=s1', { ok: false, failure: { code: 'no-matching-secret', secretsTried: 1, isShared: true } }],
    ['', { ok: false, failure: { code: 'missing-query-parameter', parameter: 't' } }],
  ])('in %j is compared with the one that is stored', (query, checked) => {
    expect(check(query, secrets)).toEqual(checked);
  });

  test('that is not stored is said, and is no alarm: strangers ask, too', () => {
    expect(check('t=v1', {})).toEqual({ ok: false, failure: { code: 'verify-token-not-stored' } });
  });
});
