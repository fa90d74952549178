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

  test.each(['0', '0.00', '0.000', '#,##0', '#,##0.00', '0.##', 'EUR 0.00'])(
    '%s needs no JSONata',
    (picture) => {
      expect(formatNumber(1234.5, picture)).not.toBe(ASK_JSONATA);
    },
  );
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

  test.each(['[constructor]', '[toString]', '[__proto__]'])('%s is none, and left to JSONata', (picture) => {
    expect(formatDate(0, picture)).toBe(ASK_JSONATA);
  });

  test.each([
    '[D1] [MNn] [Y0001]',
    '[Y0001]-[M01]-[D01]',
    '[D01].[M01].[Y]',
    '[FNn,*-3] [h]:[m01] [PN]',
    '[H01]:[m]Z',
  ])('%s needs no JSONata', (picture) => {
    expect(formatDate(1_795_969_984_000, picture)).not.toBe(ASK_JSONATA);
  });
});
