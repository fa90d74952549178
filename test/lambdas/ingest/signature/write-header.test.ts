import { describe, expect, test } from '@jest/globals';
import {
  extractOne,
  extractSignatures,
  writeForm,
  writePart,
} from '../../../../lambdas/ingest/signature/header.ts';
import { signatureSchemeSchema } from '../../../../lambdas/ingest/signature/scheme.ts';
import { tokensOf } from '../../../../lambdas/ingest/signature/signed-content.ts';

describe('a part of a header', () => {
  test.each([
    [undefined, 'abc'],
    ['^v1=(.+)$', 'v1=abc'],
    ['v1=(.+)', 'v1=abc'],
    ['^(.+)$', 'abc'],
    ['^(.+);v1$', 'abc;v1'],
    ['^a\\.b\\/(.+)\\+$', 'a.b/abc+'],
    ['^([a-c]{3})$', 'abc'],
    ['^v1=([0-9]+)$', undefined],
    ['^v.=(.+)$', undefined],
    ['^v[12]=(.+)$', undefined],
    ['^v1?=(.+)$', undefined],
    ['^\\w1=(.+)$', undefined],
    ['^v1=(.+)[;]$', undefined],
    ['^(.+)\\d$', undefined],
    ['a|v1=(.+)', undefined],
    ['^v1=(.)$', undefined],
  ])('by the pattern %s is written %s', (pick, part) => {
    expect(writePart({ header: 'x', pick }, 'abc')).toBe(part);
  });

  test.each([
    ['^v1=(.+)$', 'v1={signature}'],
    ['^v1=([0-9a-f]{64})$', 'v1={signature}'],
    [undefined, '{signature}'],
    ['^v[12]=(.+)$', 'text that ^v[12]=(.+)$ matches'],
    ['^(.+)\\d$', 'text that ^(.+)\\d$ matches'],
  ])('by the pattern %s is described as %s', (pick, form) => {
    expect(writeForm({ header: 'x', pick }, 'signature')).toBe(form);
  });
});

describe('a header', () => {
  const where = { header: 'x-sig', split: ',', pick: '^v1=(.*)$' };
  const headersOf = (value?: string) => new Map(value === undefined ? [] : [['x-sig', value]]);

  test.each([
    [undefined, { ok: false, failure: { code: 'missing-header', header: 'x-sig' } }],
    [' ', { ok: false, failure: { code: 'missing-header', header: 'x-sig' } }],
    ['v1=a', { ok: true, value: 'a' }],
    [' v0=b , v1=a ,', { ok: true, value: 'a' }],
    ['v1=,v1=a', { ok: true, value: 'a' }],
    ['v1=', { ok: false, failure: { code: 'malformed-header', header: 'x-sig', form: 'v1={id}' } }],
    ['v0=a', { ok: false, failure: { code: 'malformed-header', header: 'x-sig', form: 'v1={id}' } }],
    ['v1=a,v1=a', { ok: false, failure: { code: 'repeated-header', header: 'x-sig', found: 2 } }],
    ['v1=a,v1=b,v1=c', { ok: false, failure: { code: 'repeated-header', header: 'x-sig', found: 3 } }],
  ])('%j holds one value or a reason', (value, read) => {
    expect(extractOne(where, headersOf(value), 'id')).toEqual(read);
  });

  test.each([
    ['a, b', { header: 'x-sig', split: ',' }, ['a', 'b']],
    [' a, b ', { header: 'x-sig' }, ['a, b']],
  ])('%j is read by %j', (value, extractor, values) => {
    const [one = '', ...more] = values;
    const read = extractOne(extractor, headersOf(value), 'id');

    expect(read).toEqual(
      more.length === 0
        ? { ok: true, value: one }
        : { ok: false, failure: { code: 'repeated-header', header: 'x-sig', found: values.length } },
    );
  });

  test.each([
    ['v1=00,v1=no,v1=FF', 'hex', ['00', 'ff']],
    ['v1=AA==,v1=AB==', 'base64', ['00']],
  ] as const)('%j holds the signatures that are written as they should be', (value, encoding, signatures) => {
    const read = extractSignatures({ signature: where, encoding }, headersOf(value));

    expect(read.ok && read.value.map((bytes) => bytes.toString('hex'))).toEqual(signatures);
  });

  test.each(['hex', 'base64'] as const)('without one signature in %s says so', (encoding) => {
    expect(extractSignatures({ signature: where, encoding }, headersOf('v1=*'))).toEqual({
      ok: false,
      failure: { code: 'malformed-header', header: 'x-sig', form: `v1={signature}, in ${encoding}` },
    });
    expect(extractSignatures({ signature: where, encoding }, headersOf())).toEqual({
      ok: false,
      failure: { code: 'missing-header', header: 'x-sig' },
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

  test('that holds what is not known is refused before it can be signed', () => {
    const knobs = { encoding: 'hex', signature: { header: 'a' }, content: '{body}{}' };

    expect(signatureSchemeSchema.safeParse(knobs).success).toBe(false);
  });
});
