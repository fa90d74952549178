import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { signatureSchemeSchema } from '../../../../lambdas/ingest/signature/scheme.ts';
import { verifySignature } from '../../../../lambdas/ingest/signature/verify.ts';

const BODY = '{"a":1}';

/** What is said of a request whose signature covers `signed`, by a scheme with this content. */
function judge(
  content: string,
  signed: string,
  { url, headers = {}, knobs = {} }: { url?: string; headers?: object; knobs?: object } = {},
) {
  const scheme = signatureSchemeSchema.parse({
    encoding: 'hex',
    signature: { header: 'X-Sig' },
    content,
    ...knobs,
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
  test('may hold another header, which then has to be there', () => {
    expect(judge('{header:X-One}.{body}', `1.${BODY}`, { headers: { 'x-one': '1' } })).toBe('valid');
    expect(judge('{header:X-One}.{body}', `1.${BODY}`, { headers: { 'x-one': '2' } })).toMatchObject({
      code: 'no-matching-secret',
    });
    expect(judge('{header:X-One}.{body}', `.${BODY}`, { headers: { 'x-one': '' } })).toBe('valid');
    expect(judge('{header:X-One}.{body}', `.${BODY}`)).toEqual({ code: 'missing-header', header: 'x-one' });
  });

  test('may hold method and URL, which then has to be known', () => {
    const url = 'https://h/p?a=%2F';

    expect(judge('{method} {url} {body}', `PUT ${url} ${BODY}`, { url })).toBe('valid');
    expect(judge('{url}{body}', BODY)).toEqual({ code: 'public-url-missing' });
    expect(judge('{decoded-url}{body}', BODY)).toEqual({ code: 'public-url-missing' });
    expect(judge('{body}', BODY)).toBe('valid');
  });

  test('may hold the URL with some of its escapes taken back, and no others', () => {
    const url = 'https://h/p?a=%3A%2F%3F%40%21%24%27%28%29%2A%2C%3B%3a%2f&b=%20%26%25%3D%C3%BC';
    const decoded = "https://h/p?a=:/?@!$'()*,;:/&b=%20%26%25%3D%C3%BC";

    expect(judge('{decoded-url}{body}', `${decoded}${BODY}`, { url })).toBe('valid');
    expect(judge('{decoded-url}{body}', `${url}${BODY}`, { url })).toMatchObject({
      code: 'no-matching-secret',
    });
  });

  test('may hold an id, which is read before the signature', () => {
    const knobs = { id: { header: 'X-Id', pick: '^msg_(.+)$' } };

    expect(judge('{id}.{body}', `1.${BODY}`, { knobs, headers: { 'x-id': 'msg_1' } })).toBe('valid');
    expect(judge('{id}.{body}', `1.${BODY}`, { knobs, headers: { 'x-id': '1', 'x-sig': '' } })).toEqual({
      code: 'malformed-header',
      header: 'x-id',
      form: 'msg_{id}',
    });
  });

  test('holds the timestamp as it was sent', () => {
    const knobs = { timestamp: { header: 'X-Time', format: 'unix' } };

    expect(judge('{timestamp}{body}', `0017${BODY}`, { knobs, headers: { 'x-time': '0017' } })).toBe('valid');
    expect(judge('{timestamp}{body}', `17${BODY}`, { knobs, headers: { 'x-sig': '' } })).toEqual({
      code: 'missing-header',
      header: 'x-time',
    });
  });

  test('is compared with a signature, and where none has its form that is said', () => {
    const knobs = { signature: { header: 'X-Sig', pick: '^v1=(.+)$' } };

    expect(judge('{body}', BODY, { knobs })).toEqual({
      code: 'malformed-header',
      header: 'x-sig',
      form: 'v1={signature}',
    });
  });
});
