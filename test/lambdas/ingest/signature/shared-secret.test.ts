import { describe, expect, test } from '@jest/globals';
import { signatureSchemeSchema } from '../../../../lambdas/ingest/signature/scheme.ts';
import { verifySignature } from '../../../../lambdas/ingest/signature/verify.ts';

function verify(
  sharedSecret: object,
  {
    headers = {},
    query = '',
    secrets = ['s0', 's1'],
  }: { headers?: object; query?: string; secrets?: string[] },
) {
  const scheme = signatureSchemeSchema.parse({ kind: 'sharedSecret', sharedSecret });
  const byName = new Map<string, string>(Object.entries(headers));
  const request = { method: 'POST', rawBody: Buffer.from('{}'), receivedAt: new Date(0) };
  const verified = verifySignature(scheme, { ...request, headers: byName, query, secrets });
  return verified.ok ? verified.value : verified.failure;
}

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

describe('a secret that travels with the request', () => {
  const mismatch = { code: 'no-matching-secret', secretsTried: 2, isShared: true };

  test.each([
    [{ 'x-token': 's0' }, { secretIndex: 0 }],
    [{ 'x-token': 's1' }, { secretIndex: 1 }],
    [{ 'x-token': 'S1' }, mismatch],
    [{ 'x-token': 's10' }, mismatch],
    [{ 'x-token': '' }, { code: 'missing-header', header: 'x-token' }],
    [{}, { code: 'missing-header', header: 'x-token' }],
  ])('in the headers %j is judged %j', (headers, judged) => {
    expect(verify({ in: 'header', name: 'X-Token' }, { headers })).toEqual(judged);
  });

  test.each([
    ['key=s1', { secretIndex: 1 }],
    ['a=1&key=%73%31', { secretIndex: 1 }],
    ['key=s2', mismatch],
    ['key=', { code: 'missing-query-parameter', parameter: 'key' }],
    ['Key=s1', { code: 'missing-query-parameter', parameter: 'key' }],
    ['', { code: 'missing-query-parameter', parameter: 'key' }],
  ])('in the query %j is judged %j', (query, judged) => {
    expect(verify({ in: 'query', name: 'key' }, { query })).toEqual(judged);
  });

  const malformed = {
    code: 'malformed-header',
    header: 'authorization',
    form: 'Basic <base64 of user:password>',
  };
  test.each([
    [basic('u:p'), { secretIndex: 1 }],
    [` ${basic('u:p').replace('Basic', 'bASIC')} `, { secretIndex: 1 }],
    [basic('u:q'), mismatch],
    [`${basic('u:p')} x`, malformed],
    [`x ${basic('u:p')}`, malformed],
    ['Basic', malformed],
    ['Basic u:p', malformed],
    ['Bearer dTpw', malformed],
    ['', { code: 'missing-header', header: 'authorization' }],
    [undefined, { code: 'missing-header', header: 'authorization' }],
  ])('as basic auth %j is judged %j', (authorization, judged) => {
    const headers = authorization === undefined ? {} : { authorization };

    expect(verify({ in: 'basic' }, { headers, secrets: ['u:x', 'u:p'] })).toEqual(judged);
  });

  test.each([
    [['s0', ' s1\n'], { code: 'secret-whitespace', secretIndex: 1 }],
    [[' s1'], { code: 'secret-whitespace', secretIndex: 0 }],
    [['s0', ' '], { code: 'no-matching-secret', secretsTried: 2, isShared: true }],
    [['', 's1'], { secretIndex: 1 }],
    [['', ''], { code: 'no-matching-secret', secretsTried: 2, isShared: true }],
  ])('stored as %j is judged %j', (secrets, judged) => {
    expect(verify({ in: 'header', name: 'X-Token' }, { headers: { 'x-token': 's1' }, secrets })).toEqual(
      judged,
    );
  });
});
