import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseJson } from '../lambdas/parse-json.ts';

describe('parsing a body', () => {
  test('keeps every digit of an integer that a double would round', () => {
    expect(parseJson('{"id":820982911946154508,"list":[-9007199254740993]}')).toEqual({
      id: '820982911946154508',
      list: ['-9007199254740993'],
    });
  });

  test('leaves long fractions as the nearest number', () => {
    expect(parseJson('[0.1234567890123456789, 9007199254740991]')).toEqual([
      0.12345678901234568, 9007199254740991,
    ]);
  });

  test('keeps a number that no double can hold as it is written', () => {
    expect(parseJson('[1e400, -1E+400]')).toEqual(['1e400', '-1E+400']);
  });

  test('leaves the digits of a text alone, wherever they stand in it', () => {
    const texts = ['1234567890123456789', 'a, 1234567890123456789', '":-1234567890123456789,', '\\', '1e400'];

    expect(parseJson(JSON.stringify({ texts, id: 1 }))).toEqual({ texts, id: 1 });
    expect(parseJson(JSON.stringify(texts).replace(']', ',12345678901234567890]'))).toEqual([
      ...texts,
      '12345678901234567890',
    ]);
  });

  test('refuses what JSON.parse refuses, and says the same as its reviver of what it takes', () => {
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
        expect(says(() => parseJson(text))).toEqual(says(() => JSON.parse(text, keepDigits)));
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
          expect(says(() => parseJson(one))).toEqual(says(() => JSON.parse(one, keepDigits)));
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
  ])('makes nothing valid that is not: %s', (text) => {
    expect(() => parseJson(text)).toThrow(SyntaxError);
  });

  test('takes a time in proportion to the digits of a text', () => {
    const timeOf = (length: number) => {
      const text = JSON.stringify({ id: '1'.repeat(length) });
      const startedAt = performance.now();
      parseJson(text);
      return performance.now() - startedAt;
    };
    timeOf(100_000);

    // Square would be seconds.
    expect(timeOf(800_000)).toBeLessThan(500);
  });

  test('is JSON.parse for everything else', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        fc.pre(!/\d{16}/.test(text));

        expect(parseJson(text)).toEqual(JSON.parse(text));
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

function says(parse: () => unknown): unknown {
  try {
    return { parsed: parse() };
  } catch (error) {
    return error instanceof Error && error.name;
  }
}
