import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseJson } from '../../lambdas/result.ts';
import { isNestedDeeper, parseKeepingDigits } from '../../lambdas/webhook-body.ts';

describe('parsing a body', () => {
  test('keeps every digit of an integer that a double would round', () => {
    expect(parseKeepingDigits('{"id":820982911946154508,"list":[-9007199254740993]}')).toEqual({
      id: '820982911946154508',
      list: ['-9007199254740993'],
    });
  });

  test('leaves long fractions as the nearest number', () => {
    expect(parseKeepingDigits('[0.1234567890123456789, 9007199254740991]')).toEqual([
      0.12345678901234568, 9007199254740991,
    ]);
  });

  test('keeps a number that no double can hold as it is written', () => {
    expect(parseKeepingDigits('[1e400, -1E+400]')).toEqual(['1e400', '-1E+400']);
  });

  test('leaves the digits of a text alone, wherever they stand in it', () => {
    const texts = ['1234567890123456789', 'a, 1234567890123456789', '":-1234567890123456789,', '\\', '1e400'];

    expect(parseKeepingDigits(JSON.stringify({ texts, id: 1 }))).toEqual({ texts, id: 1 });
    expect(parseKeepingDigits(JSON.stringify(texts).replace(']', ',12345678901234567890]'))).toEqual([
      ...texts,
      '12345678901234567890',
    ]);
  });

  test('refuses what JSON.parse refuses, and gives the same as its reviver for the rest', () => {
    const token = fc.oneof(
      fc.constantFrom('{', '}', '[', ']', ',', ':', '"', '"a"', '\\', ' ', '\n', 'null', '.', '-', '0'),
      fc.constantFrom(
        '12345678901234567890',
        '-9007199254740993',
        '9007199254740991',
        '1e400',
        '1.5E-400',
        '1e5',
      ),
    );
    const written = fc.array(token, { maxLength: 12 }).map((tokens) => tokens.join(''));
    const wrapped = written.map((text) => `{"a":[${text}],"b":${text}}`);
    fc.assert(
      fc.property(fc.oneof(written, wrapped, fc.json()), (text) => {
        expect(resultOf(() => parseKeepingDigits(text))).toEqual(
          resultOf(() => JSON.parse(text, keepDigits)),
        );
      }),
      { numRuns: 5_000 },
    );
  });

  test('keeps every digit wherever it stands among texts and names that look like numbers', () => {
    const text = fc.constantFrom(
      ...[
        'a',
        '',
        '":',
        ',',
        '[1',
        'a: 12345678901234567890, b',
        '12345678901234567890',
        'x\\',
        '{',
        '":-98765432109876543210',
      ],
      ...[
        '0123456789012345678901234567890123456789',
        ':12345678901234567890,',
        '":-98765432109876543210,',
        'in_0000000000000000000000000000000000',
        '1e400',
        'é',
        '[',
        ' ',
      ],
    );
    const number = fc.constantFrom(
      ...[
        '12345678901234567890',
        '-98765432109876543210',
        '9007199254740991',
        '9007199254740993',
        '-9007199254740993',
      ],
      ...[
        '0',
        '1234567890123456.5',
        '12345678901234567890.5',
        '12345678901234567890e5',
        '1e400',
        '-1.5E+400',
        '1e-400',
        '12345678901234567890123456789012345678901234567890',
      ],
    );
    const space = fc.constantFrom('', '', ' ', '\n\t');
    const value = fc.oneof(
      text.map((one) => JSON.stringify(one)),
      number,
      fc.array(number).map((many) => `[${many.join(',')}]`),
    );
    const member = fc
      .tuple(text, space, space, value, space)
      .map(([name, before, after, of, end]) => `${JSON.stringify(name)}${before}:${after}${of}${end}`);
    const written = fc.array(member, { maxLength: 8 }).map((members) => `{${members.join(',')}}`);

    fc.assert(
      fc.property(
        fc.oneof(
          written,
          written.map((one) => `${one.slice(0, -1)},"x":0${one}`),
        ),
        (one) => {
          expect(resultOf(() => parseKeepingDigits(one))).toEqual(
            resultOf(() => JSON.parse(one, keepDigits)),
          );
        },
      ),
      { numRuns: 5_000 },
    );
  });

  test.each([
    '{"a":01234567890123456789}',
    '{"a":12345678901234567890x}',
    '{"a":12345678901234567890"b"}',
    '{"a" :-}',
  ])('does not make invalid JSON valid: %s', (text) => {
    expect(parseKeepingDigits(text)).toBeUndefined();
  });

  test('is JSON.parse for everything else', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        fc.pre(!/\d{16}/.test(text));

        expect(parseKeepingDigits(text)).toEqual(JSON.parse(text));
      }),
    );
  });
});

/** The slow way: each number is asked for how it was written. */
function keepDigits(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source;
  if (typeof value !== 'number' || source === undefined || Number.isSafeInteger(value)) return value;
  return /^-?\d+$/.test(source) || !Number.isFinite(value) ? source : value;
}

function resultOf(parse: () => unknown): unknown {
  try {
    return parse();
  } catch {
    return undefined;
  }
}

test('a text that is not JSON is undefined, any other its value', () => {
  expect(parseJson('[null]')).toEqual([null]);
  expect(parseJson('{"id":820982911946154508}')).toEqual({ id: 820982911946154500 });
  expect(['', '[', 'null,', '\ufeff{}', 'undefined'].map(parseJson)).toEqual(Array(5).fill(undefined));
});

describe('nesting', () => {
  const nested = (depth: number) => `${'[{"a":'.repeat(depth / 2)}1${'}]'.repeat(depth / 2)}`;

  test('counts lists and objects within each other', () => {
    expect(isNestedDeeper(nested(500), 500)).toBe(false);
    expect(isNestedDeeper(nested(502), 501)).toBe(true);
    expect(isNestedDeeper(`[${Array(600).fill('[{}]').join(',')}]`, 3)).toBe(false);
    expect(isNestedDeeper(`[${Array(600).fill('[{}]').join(',')}]`, 2)).toBe(true);
  });

  test('does not count brackets within texts', () => {
    const text = ['['.repeat(600), '\\', '"[[', '\\"['.repeat(600), ']'];

    expect(isNestedDeeper(JSON.stringify(text), 1)).toBe(false);
    expect(isNestedDeeper(JSON.stringify([text, ['a']]), 1)).toBe(true);
  });
});

describe('whatever a text is, sixteen times as much of it takes about sixteen times as long:', () => {
  /** The CPU time of this process in milliseconds, since other processes slow the clock's time down; the least of some runs. */
  const timeOf = (text: string) => {
    const times = Array.from({ length: 3 }, () => {
      const startedAt = process.cpuUsage();
      if (parseKeepingDigits(text) !== undefined) isNestedDeeper(text, 500);
      const { user, system } = process.cpuUsage(startedAt);
      return (user + system) / 1000;
    });
    return Math.min(...times);
  };

  const LONG = '12345678901234567';

  test.each<readonly [name: string, build: (length: number) => string]>([
    ['quotes that are not closed', (n) => `[${LONG},${'"x'.repeat(n / 2)}`],
    ['open texts after a long number', (n) => `{"a":${LONG},"b":"${'\\"'.repeat(n / 2)}`],
    ['many texts', (n) => `[${LONG}${',"a"'.repeat(n / 4)}]`],
    ['many escaped quotes', (n) => `[${LONG},"${'\\"'.repeat(n / 2)}"]`],
    ['many backslashes', (n) => `[${LONG},"${'\\\\'.repeat(n / 2)}"]`],
    [
      'many long numbers',
      (n) =>
        `[${Array(n / 18)
          .fill(LONG)
          .join(',')}]`,
    ],
    [
      'many long numbers without a text, and one',
      (n) =>
        `[${Array(n / 18)
          .fill(LONG)
          .join(',')},"a"]`,
    ],
    ['one long number', (n) => `[${'1'.repeat(n)}]`],
    ['one long fraction', (n) => `[0.${'1'.repeat(n)}]`],
    ['digits and points', (n) => `["${`:1${'1.'.repeat(n / 2)}`}"]`],
    ['what looks like long numbers in texts', (n) => `["${`:${LONG},`.repeat(n / 19)}"]`],
    ['deep lists', (n) => `${'['.repeat(n / 2)}${LONG}${']'.repeat(n / 2)}`],
    ['deep lists that are not closed', (n) => '['.repeat(n)],
    ['deep objects', (n) => `${'{"a":'.repeat(n / 6)}${LONG}${'}'.repeat(n / 6)}`],
    ['brackets in a text', (n) => `[[${'[],'.repeat(600)}1],"${'['.repeat(n)}"]`],
    ['white space', (n) => `[${LONG},${' '.repeat(n)}1]`],
  ])('%s', (_, build) => {
    const length = 126_000;
    timeOf(build(length));

    // Quadratic time would be 256 times as long, linear time with the garbage of deep lists up to 40; a very short time proves nothing.
    expect(timeOf(build(length * 16))).toBeLessThan(Math.max(80 * timeOf(build(length)), 150));
  });
});
