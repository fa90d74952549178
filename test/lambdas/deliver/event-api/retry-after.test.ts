import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readRetryAfter } from '../../../../lambdas/deliver/retry-schedule.ts';

const NOW = new Date('1994-11-06T08:49:00Z');
const CAP = 3600;

describe('a number of seconds', () => {
  test.each([
    ['0', 0],
    ['1', 1],
    [' 120 ', 120],
    ['007', 7],
    ['3600', CAP],
    ['3601', CAP],
    ['9'.repeat(400), CAP],
  ])('%j asks for %d of them', (header, seconds) => {
    expect(readRetryAfter(header, NOW)).toBe(seconds);
  });

  test('is what it asks for, up to an hour', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 30n }), (seconds) => {
        expect(readRetryAfter(`${seconds}`, NOW)).toBe(seconds > 3600n ? CAP : Number(seconds));
      }),
    );
  });
});

describe('a date', () => {
  test.each([
    ['Sun, 06 Nov 1994 08:49:37 GMT', 37],
    ['Sunday, 06-Nov-94 08:49:37 GMT', 37],
    ['Sun Nov  6 08:49:37 1994', 37],
    ['Sun Nov 06 08:49:37 1994', 37],
    ['Sun, 06 Nov 1994 08:49:60 GMT', 60],
    ['Sun, 06 Nov 1994 08:00:00 GMT', 0],
    ['Mon, 07 Nov 1994 08:49:37 GMT', CAP],
    ['Tue, 06 Nov 1894 08:49:37 GMT', 0],
    ['Sun, 29 Feb 2032 00:00:00 GMT', CAP],
    // Whoever got the day's name wrong still meant the date.
    ['Tue, 06 Nov 1994 08:49:37 GMT', 37],
  ])('%j is %d seconds away', (header, seconds) => {
    expect(readRetryAfter(header, NOW)).toBe(seconds);
  });

  test('is waited for to its end: part of a second is a whole one', () => {
    const late = new Date(NOW.getTime() + 1);

    expect(readRetryAfter('Sun, 06 Nov 1994 08:49:37 GMT', late)).toBe(37);
    expect(readRetryAfter('Sun, 06 Nov 1994 08:49:00 GMT', late)).toBe(0);
  });

  test('with a year of two digits is at most fifty years ahead', () => {
    expect(readRetryAfter('Sunday, 06-Nov-44 08:49:37 GMT', NOW)).toBe(CAP);
    expect(readRetryAfter('Sunday, 06-Nov-45 08:49:37 GMT', NOW)).toBe(0);
    const eve = new Date('1999-12-31T23:59:59Z');
    expect(readRetryAfter('Saturday, 01-Jan-00 00:00:04 GMT', eve)).toBe(5);
  });

  test('may be in any month, in each of the three forms', () => {
    for (let month = 0; month < 12; month += 1) {
      const now = new Date(Date.UTC(2026, month, 9, 12));
      const at = new Date(now.getTime() + 37_000);

      expect(formsOf(at).map((header) => [header, readRetryAfter(header, now)])).toEqual(
        formsOf(at).map((header) => [header, 37]),
      );
    }
  });

  test('is read alike in each of the three forms, to the second', () => {
    const date = fc.date({ min: new Date('1970-01-01'), max: new Date('2040-01-01'), noInvalidDate: true });

    fc.assert(
      fc.property(date, fc.integer({ min: -5000, max: 5000 }), (now, offset) => {
        const at = new Date(Math.floor(now.getTime() / 1000) * 1000 + offset * 1000);
        const expected = Math.min(CAP, Math.max(0, Math.ceil((at.getTime() - now.getTime()) / 1000)));

        for (const header of formsOf(at))
          expect([header, readRetryAfter(header, now)]).toEqual([header, expected]);
      }),
    );
  });
});

/** A date as IMF-fixdate, RFC 850 and asctime write it, by JavaScript's own calendar. */
function formsOf(date: Date): readonly string[] {
  const [name = '', day = '', month, year = '', time] = date.toUTCString().replace(',', '').split(' ');
  const long = { Tue: 'Tues', Wed: 'Wednes', Thu: 'Thurs', Sat: 'Satur' }[name] ?? name;
  return [
    date.toUTCString(),
    `${long}day, ${day}-${month}-${year.slice(-2)} ${time} GMT`,
    `${name} ${month} ${`${Number(day)}`.padStart(2, ' ')} ${time} ${year}`,
  ];
}

describe('nonsense', () => {
  test.each([
    undefined,
    '',
    'soon',
    '-5',
    '+5',
    '1.5',
    '1e3',
    '0x10',
    '5s',
    's5',
    '1994-11-06',
    '1994-11-06T08:49:37Z',
    'Sun, 99 Nov 1994 08:49:37 GMT',
    'Sun, 00 Nov 1994 08:49:37 GMT',
    'Wed, 31 Nov 1994 08:49:37 GMT',
    'Wed, 29 Feb 1995 08:49:37 GMT',
    'Sun, 06 Nov 1994 24:00:00 GMT',
    'Sun, 06 Nov 1994 08:60:00 GMT',
    'Sun, 06 Nov 1994 08:49:61 GMT',
    'Sun, 06 Nov 1994 08:49:37',
    'Sun, 06 Nov 1994 08:49:37 CET',
    'Sun, 06 nov 1994 08:49:37 GMT',
    'Sun, 6 Nov 1994 08:49:37 GMT',
    'Xyz, 06 Nov 1994 08:49:37 GMT',
    'x Sun, 06 Nov 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 08:49:37 GMT x',
    'Sun, 06-Nov-94 08:49:37 GMT',
    'Sunday, 06-Nov-1994 08:49:37 GMT',
    'x Sunday, 06-Nov-94 08:49:37 GMT',
    'Sunday, 06-Nov-94 08:49:37 GMT x',
    'Sun Nov 6 08:49:37 1994',
    'Sun Nov  6 08:49:37 94',
    'x Sun Nov  6 08:49:37 1994',
    'Sun Nov  6 08:49:37 1994 x',
  ])('%j asks for nothing', (header) => {
    expect(readRetryAfter(header, NOW)).toBeUndefined();
  });

  test('of any kind asks for nothing, or for whole seconds from none to an hour', () => {
    fc.assert(
      fc.property(fc.string(), (header) => {
        const seconds = readRetryAfter(header, NOW);

        if (!/^\s*\d+\s*$/.test(header)) expect(seconds).toBeUndefined();
        else expect(seconds).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
