import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import jsonata from 'jsonata';
import { formatDate } from '../../lambdas/map/date-picture.ts';
import { ASK_JSONATA } from '../../lambdas/map/expression-value.ts';
import { formatNumber } from '../../lambdas/map/number-picture.ts';

const RUNS = 5_000;

/** Compares what is written here with what JSONata writes; gives how often JSONata would have been asked. */
async function compare(
  expression: string,
  given: fc.Arbitrary<readonly [number, string]>,
  write: (value: number, picture: string) => unknown,
): Promise<number> {
  const formula = jsonata(expression);
  let asked = 0;
  await fc.assert(
    fc.asyncProperty(given, async ([value, picture]) => {
      const written = write(value, picture);
      if (written === ASK_JSONATA) asked += 1;
      else expect(written).toBe(await formula.evaluate({ value, picture }));
    }),
    { numRuns: RUNS },
  );
  return asked;
}

const NUMBER = { expression: '$formatNumber(value, picture)', write: formatNumber };
const DATE = { expression: '$fromMillis(value, picture)', write: formatDate };

const MONTHS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
/** The first and the last time with a year of four digits. */
const BOUNDS = [-30_610_224_000_000, 253_402_300_799_999];

/** What is written for each value, which has to be what JSONata writes. */
async function expectAlike({ expression, write }: typeof NUMBER, values: readonly number[], picture: string) {
  const formula = jsonata(expression);
  for (const value of values) {
    const written = await formula.evaluate({ value, picture });
    expect({ value, picture, written: write(value, picture) }).toEqual({ value, picture, written });
  }
}

const joined = (...parts: readonly (readonly string[])[]) =>
  fc.tuple(...parts.map((part) => fc.constantFrom(...part))).map((texts) => texts.join(''));

describe('a picture of a number', () => {
  const amount = fc.oneof(
    fc.integer({ min: -1e9, max: 1e9 }).map((cents) => cents / 100),
    fc.integer({ min: -1e5, max: 1e5 }).map((mills) => mills / 1000),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(0, -0, 0.5, 1.5, 2.5, 0.005, 0.015, 1e20, 1e21, 999.995, -0.001),
  );

  test('is written as JSONata writes it, common ones without JSONata', async () => {
    const whole = ['0', '00', '#0', '##0', '#,##0', '#', '#,#00', '0,000', ''];
    const fraction = ['', '', '.0', '.00', '.0#', '.##', '.', '.000##'];
    const picture = joined(['', '', '€ ', '-', '('], whole, fraction, ['', '', '%', ' x', ')', 'e', ';0']);

    const given = fc.tuple(amount, picture);
    expect(await compare('$formatNumber(value, picture)', given, formatNumber)).toBeLessThan(RUNS * 0.8);
  });

  test.each([
    ...'0 00 0000 #0 ##0 ##00 #,##0 0.0 0.00 0.000 #,##0.00 00.00'.split(' '),
    ...'0.# 0.## 0.0# 0.00## #0.## -0 (0)'.split(' '),
    ...['EUR 0.00', '€ #,##0.##', '0 x', '0.00 EUR', 'a b0c d'],
    ...'0.00000000000000000000 0.####################'.split(' '),
  ])('%s is written without JSONata', async (picture) => {
    const values = [
      0, -0, 1, -1, 7.5, -2.5, 0.5, 1.005, 0.125, 99.995, 100, 1234.5, 1234567.891, -0.001, 1e-7, 1e20,
    ];
    await expectAlike(NUMBER, values, picture);
  });

  test.each([
    ...'# .00 0. #,#00 0,000 #,##0,000 #,##00 0% 0\u2030 0e0 0;(0) 0.0.0 0# %0 0.#0 #.#'.split(' '),
    ...['', '1 0', '0 1', '0.0 5', '0 #', '0 0', `0.${'0'.repeat(21)}`, `0.${'0'.repeat(101)}`],
  ])('%j is left to JSONata', (picture) => {
    expect(formatNumber(1234.5, picture)).toBe(ASK_JSONATA);
  });

  test.each([1e21, -1e21, 1e300, Number.POSITIVE_INFINITY, Number.NaN])('%p is left to JSONata', (value) => {
    expect(formatNumber(value, '0')).toBe(ASK_JSONATA);
  });
});

describe('a picture of a date', () => {
  const time = fc.oneof(
    fc.integer({ min: 0, max: 4e12 }),
    fc.integer({ min: -6e13, max: 2.6e14 }),
    fc.double({ min: -1e14, max: 3e14, noNaN: true }),
    fc.constantFrom(0, -1, 253_402_300_799_999, 253_402_300_800_000, -30_610_224_000_000, 8.64e15),
  );

  test('is written as JSONata writes it, common ones without JSONata', async () => {
    const modifiers = [
      '',
      '1',
      '01',
      '001',
      '0001',
      'N',
      'n',
      'Nn',
      '1o',
      'Nn,*-3',
      'N,3-3',
      'n,*-2',
      '01:01t',
      'I',
    ];
    const marker = joined(['['], 'YMDHhmsfPFZMDYdWwXxzCE'.split(''), modifiers, [']']);
    const part = fc.oneof(
      { weight: 3, arbitrary: marker },
      fc.constantFrom(' ', '-', ':', '[[', ']]', 'at', ']'),
    );
    const picture = fc.array(part, { maxLength: 5 }).map((parts) => parts.join(''));

    const given = fc.tuple(time, picture);
    expect(await compare('$fromMillis(value, picture)', given, formatDate)).toBeLessThan(RUNS * 0.9);
  });

  test.each([
    ...['', ' ', 'at', 'a]b', ']', `${'-'.repeat(197)}[Y]`],
    ...'[Y] [Y1] [Y01] [Y001] [Y0001] [Y00001] [M] [M1] [M01] [D] [D1] [D01]'.split(' '),
    ...'[H] [H01] [h] [h01] [m] [m1] [m01] [s] [s1] [s01] [f] [f01] [f001]'.split(' '),
    ...'[MN] [Mn] [MNn] [MNn,*-3] [Mn,*-10] [FN] [Fn] [FNn] [FN,*-3] [PN] [Pn]'.split(' '),
    ...'[Z] [Z01:01] [Z01:01t] [Y0001]-[M01]-[D01]T[H01]:[m01]:[s01].[f001][Z01:01t]'.split(' '),
    ...['[D1] [MNn] [Y0001]', 'at [D01].[M01].[Y], [h]:[m] [PN]'],
  ])('%s is written without JSONata', async (picture) => {
    const months = MONTHS.map((month) => Date.UTC(2026, month, month + 1, month * 2 + 1, 2, 3, 4));
    const days = MONTHS.map((month) => Date.UTC(1999, 11, 25 + month, 12 * (month % 2), 59, 59, 999));
    await expectAlike(DATE, [0, -1, ...months, ...days, ...BOUNDS], picture);
  });

  test.each([
    ...'[[ ]] [[Y] [Y]] [ [Y a[ [Y][ [] [x] [aD1] [D1a] [D1o] [D2] [D11]'.split(' '),
    ...'[F] [P] [P1] [PNn] [PN,*-1] [MNn,3-3] [MNn,*-123] [aMN] [MNa] [DN] [Y,2-2] [MI]'.split(' '),
    ...'[W01] [Z0101] [z] [constructor] [toString] [__proto__]'.split(' '),
    ...['[ ]', '[ D]', `${'-'.repeat(198)}[Y]`],
  ])('%j is left to JSONata', (picture) => {
    expect(formatDate(1_795_969_984_000, picture)).toBe(ASK_JSONATA);
  });

  test.each([-30_610_224_000_001, 253_402_300_800_000, 8.64e15, 8.64e15 + 1, Number.NaN])(
    '%p has a year of another length, and is left to JSONata',
    (value) => {
      expect(formatDate(value)).toBe(ASK_JSONATA);
    },
  );

  test.each([0, 1_795_969_984_123, ...BOUNDS])(
    '%p without a picture is written as JSONata writes it',
    async (value) => {
      expect(formatDate(value)).toBe(await jsonata('$fromMillis(value)').evaluate({ value }));
    },
  );
});
