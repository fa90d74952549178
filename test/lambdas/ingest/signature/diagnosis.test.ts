import { createHash, createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { signatureSchemeSchema } from '../../../../lambdas/ingest/signature/scheme.ts';
import { verifySignature } from '../../../../lambdas/ingest/signature/verify.ts';

const BODY = '{"a":"é/\\u001b","b":[1,2]}';

function explain(
  {
    signedBody = BODY,
    body = BODY,
    key = 's1',
    secrets = ['s1'],
    digest = 'sha256',
  }: {
    readonly signedBody?: string;
    readonly body?: string;
    readonly key?: string | Buffer;
    readonly secrets?: readonly string[];
    readonly digest?: string;
  },
  options: object = {},
) {
  const scheme = signatureSchemeSchema.parse({ encoding: 'hex', signature: { header: 'X-Sig' }, ...options });
  const signature = createHmac(digest, key).update(signedBody).digest('hex');
  const request = { method: 'POST', query: '', rawBody: Buffer.from(body), receivedAt: new Date(0) };
  const verified = verifySignature(scheme, { ...request, secrets, headers: new Map([['x-sig', signature]]) });
  return verified.ok ? 'valid' : verified.failure;
}

describe('a signature that does not match is explained:', () => {
  test.each([
    ['as JSON without spaces', '{"a":1,"b":"é"}', '{\n  "a": 1, "b": "é"}'],
    ['as JSON indented by two', '{\n  "a": 1\n}', '{"a":1}'],
    ['as JSON with a space after , and :', '{"a": 1, "b": [1, {"c": null}]}', '{"a":1,"b":[1,{"c":null}]}'],
    ['as JSON in ASCII', '{"a":"\\u00e9"}', '{"a":"é"}'],
    ['as JSON in ASCII with a space after , and :', '{"a": "\\u00e9"}', '{"a":"é"}'],
    ['as JSON with escaped slashes', '{"a":"\\/"}', '{"a":"/"}'],
    ['as JSON in ASCII with escaped slashes', '{"a":"\\u00e9\\/"}', '{"a":"é/"}'],
    ['without white space around it', '{"a":1}', '{"a":1}\n'],
    ['without its byte order mark', ' {"a":1}', '\ufeff {"a":1}'],
    ['with a line end after it', '{"a":1}\n', '{"a":1}'],
    ['with a CRLF after it', '[]\r\n', '[]'],
    ['with LF line ends', '[\n1\n]', '[\r\n1\r\n]'],
    ['with CRLF line ends', '[\r\n1\r\n]', '[\n1\n]'],
    ['with upper-case \\u escapes', '["\\u001B"]', '["\\u001b"]'],
  ])('the body %s', (change, signedBody, body) => {
    expect(explain({ signedBody, body })).toEqual({ code: 'body-re-encoded', change });
  });

  test('a secret with white space around it', () => {
    expect(explain({ secrets: ['s0', 's1\n'] })).toEqual({ code: 'secret-whitespace', secretIndex: 1 });
  });

  test.each([
    ['whsec_czE=', { secretEncoding: 'base64', secretPrefix: 'whsec_' }, 'whsec_czE=', 'utf8'],
    ['whsec_czE=', {}, 's1', 'base64 after "whsec_"'],
    ['czE=', {}, 's1', 'base64'],
    ['7331', {}, 's1', 'hex'],
    ['7331', { secretEncoding: 'hex' }, '7331', 'utf8'],
    ['key_abc', {}, 'abc', 'utf8 after "key_"'],
  ])('a secret %s that was meant as another kind (%j)', (secret, options, key, matching) => {
    expect(explain({ secrets: [secret], key }, options)).toMatchObject({
      code: 'wrong-secret-kind',
      matching,
    });
  });

  test('a secret that cannot be decoded', () => {
    expect(explain({ secrets: ['no hex'], key: 'other' }, { secretEncoding: 'hex' })).toEqual({
      code: 'secret-undecodable',
      secretsTried: 1,
      expected: 'hex',
    });
  });

  test('another algorithm, by its length', () => {
    expect(explain({ digest: 'sha1' })).toEqual({
      code: 'wrong-signature-length',
      expectedBytes: 32,
      foundBytes: 20,
    });
  });

  test.each([
    ['"\\u12"', '"\\u12" '],
    ['[1]', '[1,2]'],
    ['{"a":"\\u00ff"}', '{"a":"\\u00fe"}'],
  ])('as a changed body where %s became %s', (signedBody, body) => {
    const code = body.trim() === signedBody ? 'body-re-encoded' : 'no-matching-secret';
    expect(explain({ signedBody, body })).toMatchObject({ code });
  });

  test('a body that is no UTF-8, and one that is too large, as a mismatch without more ado', () => {
    const scheme = signatureSchemeSchema.parse({ encoding: 'hex', signature: { header: 'X-Sig' } });
    const judge = (signed: Buffer, sent: Buffer) => {
      const headers = new Map([['x-sig', createHmac('sha256', 's1').update(signed).digest('hex')]]);
      const request = { method: 'POST', query: '', rawBody: sent, receivedAt: new Date(0), secrets: ['s1'] };
      const verified = verifySignature(scheme, { ...request, headers });
      return verified.ok ? 'valid' : verified.failure.code;
    };
    const most = Buffer.alloc(256 * 1024, 'a');

    expect(judge(Buffer.from([0xff]), Buffer.from([0xff, 0x0a]))).toBe('no-matching-secret');
    expect(judge(Buffer.from('\ufffd\n'), Buffer.from([0xff]))).toBe('no-matching-secret');
    expect(judge(Buffer.from('ab'), Buffer.from('a\ufeffb'))).toBe('no-matching-secret');
    expect(judge(Buffer.concat([most, Buffer.from('\n')]), most)).toBe('body-re-encoded');
    expect(judge(most, Buffer.concat([most, Buffer.from('\n')]))).toBe('no-matching-secret');
  });

  test('the body of any of several secrets', () => {
    expect(explain({ signedBody: '{}\n', body: '{}', secrets: ['s0', 's1'] })).toEqual({
      code: 'body-re-encoded',
      change: 'with a line end after it',
    });
  });

  test.each([
    [
      ['s0', 'whsec_czE='],
      {},
      's1',
      { secretIndex: 1, configured: 'utf8', matching: 'base64 after "whsec_"' },
    ],
    [
      [' key_abc '],
      { secretPrefix: 'x_' },
      'abc',
      { secretIndex: 0, configured: 'utf8 after "x_"', matching: 'utf8 after "key_"' },
    ],
    [
      ['no hex', '7331'],
      { secretEncoding: 'hex' },
      '7331',
      { secretIndex: 1, configured: 'hex', matching: 'utf8' },
    ],
  ])('secrets %j with %j by their index', (secrets, options, key, facts) => {
    expect(explain({ secrets, key }, options)).toEqual({ code: 'wrong-secret-kind', ...facts });
  });

  test.each([['KEY_abc'], ['k_abc'], ['verylongkey_abc'], ['key_abc x'], ['key_abc\nx'], ['x key_abc']])(
    'but a secret %s has no prefix to cut off',
    (secret) => {
      expect(explain({ secrets: [secret], key: 'abc' })).toMatchObject({ code: 'no-matching-secret' });
    },
  );

  test.each([[' '], ['s0'], ['key_']])('but an empty key is no reading of the secret %j', (secret) => {
    expect(explain({ secrets: [secret], key: '' })).toMatchObject({ code: 'no-matching-secret' });
  });

  test('secrets of which only some can be decoded as a mismatch', () => {
    expect(explain({ secrets: ['no hex', 'ff'], key: 'other' }, { secretEncoding: 'hex' })).toEqual({
      code: 'no-matching-secret',
      secretsTried: 2,
    });
  });

  test('secrets that cannot be decoded by the form that is expected', () => {
    const options = { secretEncoding: 'base64', secretPrefix: 'whsec_' };

    expect(explain({ secrets: ['a', 'b'], key: 'other' }, options)).toEqual({
      code: 'secret-undecodable',
      secretsTried: 2,
      expected: 'base64 after "whsec_"',
    });
  });

  test.each([
    ['sha1', 20],
    ['sha512', 64],
  ])('the length of %s, where another was signed with', (algorithm, expectedBytes) => {
    expect(explain({}, { algorithm })).toEqual({
      code: 'wrong-signature-length',
      expectedBytes,
      foundBytes: 32,
    });
  });

  test('no length where one of several signatures has it', () => {
    const options = { signature: { header: 'X-Sig', split: ',' }, encoding: 'hex' };
    const scheme = signatureSchemeSchema.parse(options);
    const headers = new Map([['x-sig', `00,${'00'.repeat(32)}`]]);
    const request = { method: 'POST', query: '', rawBody: Buffer.from('{}'), receivedAt: new Date(0) };

    expect(verifySignature(scheme, { ...request, headers, secrets: ['s1'] })).toMatchObject({
      failure: { code: 'no-matching-secret' },
    });
  });

  test('a plain hash by its length and its body, and never by its secret', () => {
    const scheme = signatureSchemeSchema.parse({
      kind: 'hash',
      encoding: 'hex',
      signature: { header: 'X-Sig' },
      content: '{secret}{body}',
    });
    const judge = (content: string, digest = 'sha256') => {
      const headers = new Map([['x-sig', createHash(digest).update(content).digest('hex')]]);
      const request = { method: 'POST', query: '', rawBody: Buffer.from('{}'), receivedAt: new Date(0) };
      const verified = verifySignature(scheme, { ...request, headers, secrets: ['7331'] });
      return verified.ok ? 'valid' : verified.failure.code;
    };

    expect(judge('7331{}')).toBe('valid');
    expect(judge('7331{}\n')).toBe('body-re-encoded');
    expect(judge('s1{}')).toBe('no-matching-secret');
    expect(judge('7331{}', 'sha1')).toBe('wrong-signature-length');
    const prefixed = { ...scheme, secretPrefix: 'p_' };
    const headers = new Map([['x-sig', '00'.repeat(32)]]);
    const request = { method: 'POST', query: '', rawBody: Buffer.from('{}'), receivedAt: new Date(0) };
    expect(verifySignature(prefixed, { ...request, headers, secrets: ['p_'] })).toEqual({
      ok: false,
      failure: { code: 'secret-undecodable', secretsTried: 1, expected: 'utf8 after "p_"' },
    });
  });

  test('nothing that could be put to the proof', () => {
    expect(explain({ key: 'other', secrets: ['s1', 's2'] })).toEqual({
      code: 'no-matching-secret',
      secretsTried: 2,
    });
  });
});

describe('a URL that is configured otherwise than the sender calls it is explained:', () => {
  test.each([
    ['https in the place of http', 'http://h/p', 'https://h/p'],
    ['http in the place of https', 'https://h/p', 'http://h/p'],
    ['a slash at the end', 'https://h/p', 'https://h/p/'],
    ['no slash at the end', 'https://h/p/', 'https://h/p'],
    ['no query', 'https://h/p?a=1', 'https://h/p'],
    ['a slash at the end', 'https://h/p?a=1', 'https://h/p/?a=1'],
    ['no slash at the end', 'https://h/p/?a=1', 'https://h/p?a=1'],
  ])('%s', (change, url, signedUrl) => {
    const scheme = signatureSchemeSchema.parse({
      encoding: 'hex',
      signature: { header: 'X-Sig' },
      content: '{url}{body}',
    });
    const signature = createHmac('sha256', 's1').update(`${signedUrl}${BODY}`).digest('hex');
    const headers = new Map([['x-sig', signature]]);
    const request = {
      method: 'POST',
      query: '',
      headers,
      rawBody: Buffer.from(BODY),
      receivedAt: new Date(0),
    };

    expect(verifySignature(scheme, { ...request, url, secrets: ['s1'] })).toEqual({
      ok: false,
      failure: { code: 'public-url-differs', change },
    });
    expect(verifySignature(scheme, { ...request, secrets: ['s1'] })).toEqual({
      ok: false,
      failure: { code: 'public-url-missing' },
    });
  });
});

test.each([
  ['https://h/p?u=http://i', 'https://h/p?u=https://i'],
  ['http://h/p?u=https://i', 'http://h/p?u=http://i'],
])('a URL inside of the URL %s is not what is configured', (url, signedUrl) => {
  const scheme = signatureSchemeSchema.parse({
    encoding: 'hex',
    signature: { header: 'X-Sig' },
    content: '{url}{body}',
  });
  const headers = new Map([
    ['x-sig', createHmac('sha256', 's1').update(`${signedUrl}${BODY}`).digest('hex')],
  ]);
  const request = { method: 'POST', query: '', rawBody: Buffer.from(BODY), receivedAt: new Date(0) };

  expect(verifySignature(scheme, { ...request, headers, url, secrets: ['s1'] })).toMatchObject({
    failure: { code: 'no-matching-secret' },
  });
});
