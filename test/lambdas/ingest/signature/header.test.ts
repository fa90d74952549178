import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  compilePartsReader,
  compileSignatureReader,
  compileTimestampReader,
  compileValueReader,
  formatPart,
  writePart,
} from '../../../../lambdas/ingest/signature/header.ts';
import type { TimestampOptions } from '../../../../lambdas/ingest/signature/scheme.ts';

function carrierOf(headers: ReadonlyMap<string, string>) {
  return { headers, query: '', rawBody: Buffer.alloc(0) };
}

const NOW = new Date('2026-11-24T09:30:00Z');

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
  ])('by the pattern %s looks like %s', (pick, form) => {
    expect(formatPart({ header: 'x', pick }, 'signature')).toBe(form);
  });
});

describe('a header', () => {
  const where = { header: 'x-sig', split: ',', pick: '^v1=(.*)$' };
  const headersOf = (value?: string) => carrierOf(new Map(value === undefined ? [] : [['x-sig', value]]));

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
    expect(compileValueReader(where, 'id')(headersOf(value))).toEqual(read);
  });

  test.each([
    ['a, b', { header: 'x-sig', split: ',' }, ['a', 'b']],
    [' a, b ', { header: 'x-sig' }, ['a, b']],
  ])('%j is read by %j', (value, extractor, values) => {
    const [one = '', ...more] = values;
    const read = compileValueReader(extractor, 'id')(headersOf(value));

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
    const read = compileSignatureReader({ signature: where, encoding })(headersOf(value));

    expect(read.ok && read.value.map((bytes) => bytes.toString('hex'))).toEqual(signatures);
  });

  test.each(['hex', 'base64'] as const)('without a signature in %s is refused', (encoding) => {
    expect(compileSignatureReader({ signature: where, encoding })(headersOf('v1=*'))).toEqual({
      ok: false,
      failure: { code: 'malformed-header', header: 'x-sig', form: `v1={signature}, in ${encoding}` },
    });
    expect(compileSignatureReader({ signature: where, encoding })(headersOf())).toEqual({
      ok: false,
      failure: { code: 'missing-header', header: 'x-sig' },
    });
  });
});

describe('the parts of a header', () => {
  test.each([
    ['t=1,v1=a,v1=b', { split: ',', pick: '^v1=(.+)$' }, ['a', 'b']],
    [' t=1 ,\tv1=a ', { split: ',', pick: '^t=(.*)$' }, ['1']],
    ['v1,a v1a,b', { split: ' ', pick: '^v1,(.+)$' }, ['a']],
    ['v1=', { split: ',', pick: '^v1=(.+)$' }, []],
    // The prefix reaches into the next part, which does not match.
    ['a:b', { split: ':', pick: '^a:b(.*)$' }, []],
    ['a;b', { split: ';' }, ['a', 'b']],
    [' whole ', {}, ['whole']],
    ['', {}, []],
    ['   ', { split: ' ' }, []],
  ])('of %j by %j are %j', (header, options, values) => {
    expect(compilePartsReader(options)(header)).toEqual(values);
  });

  const pieces = fc.constantFrom('t=', 'v1=', 'v1', '=', ',', ', ', ' ', ';', 'a', '0f', '\t', 'v1=v1=');
  const headers = fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join(''));
  const picks = fc.constantFrom('^v1=(.+)$', '^t=(.*)$', '^(.+)$', '^v1,(.+)$', 'v1=([a-f0-9]+)', undefined);
  const splits = fc.constantFrom(',', ' ', ';', '=', ', ', undefined);

  test('are what splitting, trimming and an expression give', () => {
    fc.assert(
      fc.property(headers, picks, splits, (header, pick, split) => {
        const extractor = {
          ...(pick !== undefined && { pick }),
          ...(split !== undefined && { split }),
        };
        const parts = (split === undefined ? [header] : header.split(split)).map((part) => part.trim());
        const values = parts.flatMap((part) => (pick === undefined ? part : (part.match(pick)?.[1] ?? [])));

        expect(compilePartsReader(extractor)(header)).toEqual(values.filter((value) => value !== ''));
      }),
      { numRuns: 2_000 },
    );
  });
});

function readTimestamp(text: string, options: Pick<TimestampOptions, 'format'> & Partial<TimestampOptions>) {
  const read = compileTimestampReader({ header: 'x-time', toleranceSeconds: 300, ...options });
  const timestamp = read(carrierOf(new Map([['x-time', text]])), NOW);
  return timestamp.ok ? timestamp.value : timestamp.failure;
}

describe('a timestamp', () => {
  test.each([
    ['unix', '1795512600'],
    ['unix', '1795512899'],
    ['unix-ms', '1795512600000'],
    ['unix-ms', '1795512599001'],
    ['iso8601', '2026-11-24T09:30:00Z'],
    ['iso8601', '2026-11-24T09:30:00.5Z'],
    ['iso8601', '2026-11-24T09:30:00.123456789Z'],
    ['iso8601', '2026-11-24T11:30:00+02:00'],
    ['iso8601', '2026-11-24T08:00:00-01:30'],
    ['http-date', 'Tue, 24 Nov 2026 09:30:00 GMT'],
  ] as const)('as %s may be %s, and is signed as it was sent', (format, text) => {
    expect(readTimestamp(text, { format })).toBe(text);
  });

  test.each([
    ['unix', '', 'missing-header'],
    ['unix', '-1', 'malformed-header'],
    ['unix', '1795512600a', 'malformed-header'],
    ['unix', 'a1795512600', 'malformed-header'],
    ['unix', '1e9', 'malformed-header'],
    ['unix', '1795512600.5', 'malformed-header'],
    ['unix', '1234567890123', 'malformed-header'],
    ['unix', '179551260', 'malformed-header'],
    ['unix', '17955126000', 'malformed-header'],
    ['unix-ms', '179551260000', 'malformed-header'],
    ['unix-ms', '17955126000000', 'malformed-header'],
    ['unix-ms', '1795512600000a', 'malformed-header'],
    ['unix-ms', 'a1795512600000', 'malformed-header'],
    ['unix-ms', '1234567890123456', 'malformed-header'],
    ['iso8601', '2026-11-24T09:30:00', 'malformed-header'],
    ['iso8601', '2026-11-24 09:30:00Z', 'malformed-header'],
    ['iso8601', '2026-11-24', 'malformed-header'],
    ['iso8601', 'x2026-11-24T09:30:00Z', 'malformed-header'],
    ['iso8601', '2026-11-24T09:30:00Zx', 'malformed-header'],
    ['iso8601', '2026-11-24T09:30:00Z (x)', 'malformed-header'],
    ['iso8601', '(x) 2026-11-24T09:30:00Z', 'malformed-header'],
    ['iso8601', '2026-11-24T09:30:00.Z', 'malformed-header'],
    ['iso8601', '2026-11-24T09:30:00.1234567890Z', 'malformed-header'],
    ['iso8601', '2026-11-24T09:30:00 02:00', 'malformed-header'],
    ['iso8601', '2026-13-45T09:30:00Z', 'malformed-header'],
    ['http-date', 'Tue, 24 Nov 2026 09:30:00 UTC', 'malformed-header'],
    ['http-date', '24 Nov 2026 09:30:00 GMT', 'malformed-header'],
    ['http-date', 'Mon, 24 Nov 2026 09:30:00 GMT', 'malformed-header'],
    ['http-date', '2026-11-24T09:30:00Z', 'malformed-header'],
    ['http-date', 'now', 'malformed-header'],
  ] as const)('as %s may not be %j', (format, text, code) => {
    expect(readTimestamp(text, { format })).toMatchObject({ code });
  });

  test.each([
    ['unix', 'seconds since 1970 in ten digits'],
    ['unix-ms', 'milliseconds since 1970 in thirteen digits'],
    ['iso8601', 'ISO 8601 with an offset: 2026-11-24T09:30:00Z'],
    ['http-date', 'an HTTP date: Tue, 24 Nov 2026 09:30:00 GMT'],
  ] as const)('as %s that cannot be read: the failure names the form: %s', (format, form) => {
    expect(readTimestamp('no', { format })).toEqual({ code: 'malformed-header', header: 'x-time', form });
  });

  test('that its header does not hold: the failure names the form of the header', () => {
    expect(readTimestamp('v=1', { format: 'unix', pick: '^t=(.+)$' })).toEqual({
      code: 'malformed-header',
      header: 'x-time',
      form: 't={timestamp}',
    });
  });

  test('that stands in a header more than once is refused', () => {
    expect(readTimestamp('1,2,3', { format: 'unix', split: ',' })).toEqual({
      code: 'repeated-header',
      header: 'x-time',
      found: 3,
    });
  });

  test.each([
    [{ toleranceSeconds: 10 }, -10, undefined],
    [{ toleranceSeconds: 10 }, -11, { code: 'timestamp-too-old', skewSeconds: 11, toleranceSeconds: 10 }],
    [{ toleranceSeconds: 10 }, 10, undefined],
    [{ toleranceSeconds: 10 }, 11, { code: 'timestamp-in-future', skewSeconds: 11, toleranceSeconds: 10 }],
    [{ toleranceSeconds: 10, futureToleranceSeconds: 5 }, 5, undefined],
    [
      { toleranceSeconds: 10, futureToleranceSeconds: 5 },
      6,
      { code: 'timestamp-in-future', skewSeconds: 6, toleranceSeconds: 5 },
    ],
    [{ toleranceSeconds: 10, futureToleranceSeconds: 5 }, -10, undefined],
    [{ toleranceSeconds: undefined }, -7e8, undefined],
    [{ toleranceSeconds: undefined }, 1e9, undefined],
    [{ toleranceSeconds: 0 }, 0, undefined],
    [{ toleranceSeconds: 0 }, -1, { code: 'timestamp-too-old', skewSeconds: 1, toleranceSeconds: 0 }],
  ])('with %j, %d seconds from now, is judged %j', (options, seconds, failure) => {
    const text = String(NOW.getTime() / 1000 + seconds);

    expect(readTimestamp(text, { format: 'unix', ...options })).toEqual(failure ?? text);
  });
});
