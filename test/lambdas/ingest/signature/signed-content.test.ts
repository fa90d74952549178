import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { signatureSchemeSchema } from '../../../../lambdas/ingest/signature/scheme.ts';
import { tokensOf } from '../../../../lambdas/ingest/signature/signed-content.ts';
import { verifySignature } from '../../../../lambdas/ingest/signature/verify.ts';

const BODY = '{"a":1}';

/** Judges a request whose signature covers `signed`, by a scheme with this content. */
function judge(
  content: string,
  signed: string,
  { url, headers = {}, options = {} }: { url?: string; headers?: object; options?: object } = {},
) {
  const scheme = signatureSchemeSchema.parse({
    encoding: 'hex',
    signature: { header: 'X-Sig' },
    content,
    ...options,
  });
  const signature = createHmac('sha256', 's1').update(signed).digest('hex');
  const verified = verifySignature(scheme, {
    method: 'PUT',
    url,
    query: '',
    headers: new Map<string, string>(Object.entries({ 'x-sig': signature, ...headers })),
    rawBody: Buffer.from(BODY),
    receivedAt: new Date(1_700_000_000_000),
    secrets: ['s1'],
  });
  return verified.ok ? 'valid' : verified.failure;
}

describe('what is signed', () => {
  test('may hold another header, which is then required', () => {
    expect(judge('{header:X-One}.{body}', `1.${BODY}`, { headers: { 'x-one': '1' } })).toBe('valid');
    expect(judge('{header:X-One}.{body}', `1.${BODY}`, { headers: { 'x-one': '2' } })).toMatchObject({
      code: 'no-matching-secret',
    });
    expect(judge('{header:X-One}.{body}', `.${BODY}`, { headers: { 'x-one': '' } })).toBe('valid');
    expect(judge('{header:X-One}.{body}', `.${BODY}`)).toEqual({ code: 'missing-header', header: 'x-one' });
  });

  test('may hold the method and the URL, which is then required', () => {
    const url = 'https://h/p?a=%2F';

    expect(judge('{method} {url} {body}', `PUT ${url} ${BODY}`, { url })).toBe('valid');
    expect(judge('{url}{body}', BODY)).toEqual({ code: 'public-url-missing' });
    expect(judge('{decoded-url}{body}', BODY)).toEqual({ code: 'public-url-missing' });
    expect(judge('{body}', BODY)).toBe('valid');
  });

  test('may hold the URL with some of its escapes decoded, and no others', () => {
    const url = 'https://h/p?a=%3A%2F%3F%40%21%24%27%28%29%2A%2C%3B%3a%2f&b=%20%26%25%3D%C3%BC';
    const decoded = "https://h/p?a=:/?@!$'()*,;:/&b=%20%26%25%3D%C3%BC";

    expect(judge('{decoded-url}{body}', `${decoded}${BODY}`, { url })).toBe('valid');
    expect(judge('{decoded-url}{body}', `${url}${BODY}`, { url })).toMatchObject({
      code: 'no-matching-secret',
    });
  });

  test('may hold an id, which is read before the signature', () => {
    const options = { id: { header: 'X-Id', pick: '^msg_(.+)$' } };

    expect(judge('{id}.{body}', `1.${BODY}`, { options, headers: { 'x-id': 'msg_1' } })).toBe('valid');
    expect(judge('{id}.{body}', `1.${BODY}`, { options, headers: { 'x-id': '1', 'x-sig': '' } })).toEqual({
      code: 'malformed-header',
      header: 'x-id',
      form: 'msg_{id}',
    });
  });

  test('holds the timestamp as it was sent', () => {
    const options = { timestamp: { header: 'X-Time', format: 'unix' } };

    const headers = { 'x-time': '0000000017' };
    expect(judge('{timestamp}{body}', `0000000017${BODY}`, { options, headers })).toBe('valid');
    expect(judge('{timestamp}{body}', `17${BODY}`, { options, headers: { 'x-sig': '' } })).toEqual({
      code: 'missing-header',
      header: 'x-time',
    });
  });

  test('is compared with a signature; where none has its form, the failure names the form', () => {
    const options = { signature: { header: 'X-Sig', pick: '^v1=(.+)$' } };

    expect(judge('{body}', BODY, { options })).toEqual({
      code: 'malformed-header',
      header: 'x-sig',
      form: 'v1={signature}',
    });
  });
});

describe('a content template', () => {
  test.each([
    ['', []],
    ['{body}', [{ kind: 'body', text: '{body}' }]],
    [
      'v0:{timestamp}.',
      [
        { kind: 'literal', text: 'v0:' },
        { kind: 'timestamp', text: '{timestamp}' },
        { kind: 'literal', text: '.' },
      ],
    ],
    ['{header:X-One}', [{ kind: 'header', text: '{header:X-One}', name: 'x-one' }]],
    ['{header:}', [{ kind: 'unknown', text: '{header:}' }]],
    ['{header:a b}', [{ kind: 'unknown', text: '{header:a b}' }]],
    ['{header: a}', [{ kind: 'unknown', text: '{header: a}' }]],
    ['{xheader:a}', [{ kind: 'unknown', text: '{xheader:a}' }]],
    ['{when}', [{ kind: 'unknown', text: '{when}' }]],
    ['{}', [{ kind: 'unknown', text: '{}' }]],
    ['{a', [{ kind: 'literal', text: '{a' }]],
    ['a}', [{ kind: 'literal', text: 'a}' }]],
    ...['timestamp', 'id', 'method', 'url', 'decoded-url', 'secret'].map(
      (kind) => [`{${kind}}`, [{ kind, text: `{${kind}}` }]] as const,
    ),
  ])('%j is read as %j', (template, tokens) => {
    expect(tokensOf(template)).toEqual(tokens);
  });

  test('with an unknown token is refused by the schema', () => {
    const options = { encoding: 'hex', signature: { header: 'a' }, content: '{body}{}' };

    expect(signatureSchemeSchema.safeParse(options).success).toBe(false);
  });
});
