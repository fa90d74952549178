import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { compileValue } from '../../../lambdas/map/expression.ts';

/** What an expression gives; or the code with which it fails. */
async function evaluate(source: string, body: unknown = {}): Promise<unknown> {
  const scope = { body, headers: {}, source: 'shop', receivedAt: '2026-11-24T12:00:00.000Z' };
  const evaluated = await compileValue(`{% ${source} %}`)(scope);
  return evaluated.ok ? evaluated.value : evaluated.failure;
}

const local = (time: unknown, zone: string, picture = '[Y]-[M01]-[D01] [H01]:[m01]') =>
  evaluate(`$localTime(time, '${picture}', '${zone}')`, { time });

describe('$localTime', () => {
  test.each([
    ['unix seconds', 1_764_547_200, '2025-12-01 01:00'],
    ['unix milliseconds', 1_764_547_200_000, '2025-12-01 01:00'],
    ['unix seconds as text', '1764547200', '2025-12-01 01:00'],
    ['ISO 8601 in UTC', '2025-12-01T00:00:00Z', '2025-12-01 01:00'],
    ['ISO 8601 with an offset', '2025-12-01T00:00:00-05:00', '2025-12-01 06:00'],
    ['a time before 1970', -1, '1970-01-01 00:59'],
  ])('takes %s', async (_, time, text) => {
    expect(await local(time, 'Europe/Berlin')).toBe(text);
  });

  test.each([
    ['Europe/Berlin', '2026-03-29T00:59:59Z', '2026-03-29 01:59'],
    ['Europe/Berlin', '2026-03-29T01:00:00Z', '2026-03-29 03:00'],
    ['Europe/Berlin', '2026-10-25T00:59:59Z', '2026-10-25 02:59'],
    ['Europe/Berlin', '2026-10-25T01:00:00Z', '2026-10-25 02:00'],
    ['America/New_York', '2026-03-08T06:59:59Z', '2026-03-08 01:59'],
    ['America/New_York', '2026-03-08T07:00:00Z', '2026-03-08 03:00'],
    ['Australia/Lord_Howe', '2026-01-15T12:00:00Z', '2026-01-15 23:00'],
    ['Australia/Lord_Howe', '2026-07-15T12:00:00Z', '2026-07-15 22:30'],
    ['Asia/Kolkata', '2026-07-15T12:00:00Z', '2026-07-15 17:30'],
    ['Asia/Kathmandu', '2026-07-15T12:00:00Z', '2026-07-15 17:45'],
    ['America/St_Johns', '2026-01-15T12:00:00Z', '2026-01-15 08:30'],
    ['Pacific/Marquesas', '2026-01-15T12:00:00Z', '2026-01-15 02:30'],
    ['Africa/Monrovia', '1971-01-01T12:00:00Z', '1971-01-01 11:16'],
    ['Pacific/Kiritimati', '2026-12-31T10:00:00Z', '2027-01-01 00:00'],
    ['UTC', '2026-07-15T12:00:00Z', '2026-07-15 12:00'],
  ])('shows the clocks of %s at %s as %s', async (zone, time, text) => {
    expect(await local(time, zone)).toBe(text);
  });

  test.each([
    ['Europe/Berlin', '[Z] [z] [Z0101] [Z1]', '+01:00 GMT+01:00 +0100 +1'],
    ['America/St_Johns', '[Z] [z] [Z0101] [Z1]', '-03:30 GMT-03:30 -0330 -3:30'],
    ['America/New_York', '[Z] [Z1]', '-05:00 -5'],
    ['Asia/Kolkata', '[Z] [Z1]', '+05:30 +5:30'],
    ['UTC', '[Z01:01t]', 'Z'],
  ])('shows the offset of %s by %s: %s', async (zone, picture, text) => {
    expect(await local('2026-01-15T12:00:00Z', zone, picture)).toBe(text);
  });

  test('shows an offset of two digits and minutes, as Hawaii had one', async () => {
    expect(await local('1940-01-01T00:00:00Z', 'Pacific/Honolulu', '[Z] [Z1]')).toBe('-10:30 -10:30');
  });

  test('agrees with the clocks of every zone that Node.js knows, in each month', async () => {
    for (const zone of Intl.supportedValuesOf('timeZone')) {
      for (const month of [0, 6]) {
        const time = new Date(Date.UTC(2026, month, 15, 13, 5));
        const clock = time.toLocaleString('sv-SE', {
          timeZone: zone,
          dateStyle: 'short',
          timeStyle: 'short',
        });

        expect([zone, await local(time.toISOString(), zone)]).toEqual([zone, clock]);
      }
    }
  });

  test.each([
    ['a time in words', 'yesterday', 'UTC', 'time-unreadable'],
    ['a time without an offset', '2026-01-15T12:00:00', 'UTC', 'time-unreadable'],
    ['a date alone', '2026-01-15', 'UTC', 'time-unreadable'],
    ['a day that there is not', '2026-02-30T12:00:00Z', 'UTC', 'time-unreadable'],
    ['a time beyond what a date can hold', 9e15, 'UTC', 'time-unreadable'],
    ['a zone that there is not', 0, 'Europe/Berln', 'zone-unknown'],
  ])('fails for %s', async (_, time, zone, jsonataCode) => {
    expect(await local(time, zone)).toEqual({ jsonataCode });
  });

  test('gives nothing for a time that is missing or null', async () => {
    expect(await local(undefined, 'UTC')).toBeUndefined();
    expect(await local(null, 'UTC')).toBeUndefined();
  });

  test('takes its time from the context, as other functions do', async () => {
    const body = { at: 1_764_547_200, orders: [{ at: 0 }, { at: 3_600 }] };

    expect(await evaluate("at.$localTime('[H01]', 'Asia/Tokyo')", body)).toBe('09');
    expect(await evaluate("$join(orders.at.$localTime('[H01]', 'Asia/Tokyo'))", body)).toBe('0910');
    expect(await evaluate("at ~> $localTime('[H01]', 'Asia/Tokyo')", body)).toBe('09');
  });
});

describe('$fromMillis', () => {
  test.each([
    ['0530', '05:30'],
    ['+0530', '05:30'],
    ['-0500', '19:00'],
    ['-1100', '13:00'],
    ['0000', '00:00'],
    ['+1400', '14:00'],
  ])('takes the offset %s', async (offset, text) => {
    expect(await evaluate(`$fromMillis(0, '[H01]:[m01]', '${offset}')`)).toBe(text);
  });

  // What JSONata makes of these: 00:05, 00:05, NaN:NaN, NaN:NaN, 19:30, 06:39, 00:05.
  test.each([
    '+05:00',
    '05:00',
    'Z',
    'Europe/Berlin',
    '-0330',
    '-1300',
    '+0599',
    '+5',
    '',
    '+05',
    '+0500x',
    '2500',
  ])('fails for the offset "%s", which JSONata would misread', async (offset) => {
    expect(await evaluate(`$fromMillis(0, '[H01]:[m01]', '${offset}')`)).toEqual({
      jsonataCode: 'offset-misread',
    });
    expect(await evaluate('$fromMillis(0, undefined, offset)', { offset })).toEqual({
      jsonataCode: 'offset-misread',
    });
  });

  test('fails for a time that no date can hold, which JSONata would write as NaN', async () => {
    expect(await evaluate('$fromMillis(9000000000000 * 1000)')).toEqual({ jsonataCode: 'time-unreadable' });
  });

  test('is else JSONata’s', async () => {
    expect(await evaluate('$fromMillis(0)')).toBe('1970-01-01T00:00:00.000Z');
    expect(await evaluate("$fromMillis(0, '[D1o] [MNn]')")).toBe('1st January');
    expect(await evaluate('at.$fromMillis()', { at: 0 })).toBe('1970-01-01T00:00:00.000Z');
    expect(await evaluate('$fromMillis(nothing)')).toBeUndefined();
  });
});

describe('$toMillis', () => {
  test('takes a time without an offset as UTC, whatever the time zone of the machine', () => {
    const script = `
      import { compileValue } from './lambdas/map/expression.ts';
      const scope = { body: {}, headers: {}, source: 's', receivedAt: '' };
      const millis = await compileValue("{% $toMillis('1970-01-02T00:00:00') %}")(scope);
      console.log(millis.value, new Date(1970, 0, 1).getTime());`;
    const millis = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: fileURLToPath(new URL('../../..', import.meta.url)),
      encoding: 'utf8',
      env: { ...process.env, TZ: 'America/New_York' },
    });

    expect(millis).toBe('86400000 18000000\n');
  });

  test.each(['2026-02-30T00:00:00Z', '2026-19-01T00:00:00Z', '2026-02-31'])(
    'fails for %s, which is no time',
    async (time) => {
      expect(await evaluate(`$toMillis('${time}')`)).toEqual({ jsonataCode: 'time-unreadable' });
    },
  );

  test('fails for an offset that JSONata would misread by a picture', async () => {
    const picture = "'[Y0001]-[M01]-[D01] [H01]:[m01] [Z]'";

    expect(await evaluate(`$toMillis('1970-01-01 00:00 -03:30', ${picture})`)).toEqual({
      jsonataCode: 'offset-misread',
    });
    expect(await evaluate(`$toMillis('1970-01-01 00:00 -03:00', ${picture})`)).toBe(10_800_000);
    expect(await evaluate(`$toMillis('1970-01-01 12:00 +05:30', ${picture})`)).toBe(23_400_000);
  });

  test.each([
    ['1970-01-01 00:00 -0330', '[Y0001]-[M01]-[D01] [H01]:[m01] [Z0001]', { jsonataCode: 'offset-misread' }],
    ['1970-01-01 00:00 -03:30 ', '[Y0001]-[M01]-[D01] [H01]:[m01] [Z] ', { jsonataCode: 'offset-misread' }],
    ['1970-0102 00:00 +01:00', '[Y0001]-[M01][D01] [H01]:[m01] [Z]', 82_800_000],
    ['1970-01-01 -03:30', '[Y0001]-[M01]-[D01] -[H01]:[m01]', 12_600_000],
  ])('reads "%s" by the picture "%s" as %j', async (time, picture, millis) => {
    expect(await evaluate(`$toMillis('${time}', '${picture}')`)).toEqual(millis);
  });

  test('is else JSONata’s', async () => {
    expect(await evaluate("$toMillis('1970-01-01T00:00:01Z')")).toBe(1000);
    expect(await evaluate("$toMillis('1970')")).toBe(0);
    expect(await evaluate("$toMillis('2 January 1970', '[D] [MNn] [Y]')")).toBe(86_400_000);
    expect(await evaluate('$toMillis(nothing)')).toBeUndefined();
    expect(await evaluate("$toMillis('soon')")).toEqual({ jsonataCode: 'D3110' });
  });
});

describe('$number', () => {
  test('fails for a long integer, which it would round', async () => {
    expect(await evaluate('$number(id)', { id: '820982911946154508' })).toEqual({ jsonataCode: 'D3030' });
    expect(await evaluate('$number(id)', { id: '-9007199254740993' })).toEqual({ jsonataCode: 'D3030' });
  });

  test('is else JSONata’s', async () => {
    expect(await evaluate("$number('9007199254740991')")).toBe(9_007_199_254_740_991);
    expect(await evaluate("$number('19.99')")).toBe(19.99);
    expect(await evaluate('$number(n)', { n: 1e17 })).toBe(1e17);
    expect(await evaluate('$number(true)')).toBe(1);
    expect(await evaluate("$number('x')")).toEqual({ jsonataCode: 'D3030' });
  });
});

describe('a calculated number', () => {
  const BODY = { price: 19.99, long: 0.30000000000000004, list: [{ long: 1998.9999999999998 }] };

  test.each([
    ['price * 100', 1999],
    ['0.1 + 0.2', 0.3],
    ['price * 3', 59.97],
    ['1 / 3', 0.333333333333333],
    ['price * 100 & ""', '1999'],
  ])('%s has the digits that JSONata writes in a text: %s', async (source, value) => {
    expect(await evaluate(source, { price: 19.99 })).toBe(value);
  });

  test.each([
    ['long', 0.30000000000000004],
    ['true ? long', 0.30000000000000004],
    ['list.long', 1998.9999999999998],
    ['list[0].long', 1998.9999999999998],
  ])('%s, straight from the body, keeps its own', async (source, value) => {
    expect(await evaluate(source, BODY)).toBe(value);
  });
});

describe('ids, of which some are longer than a number can be', () => {
  const LONG = '820982911946154508';
  const ids = { ids: [4711, LONG, '9007199254740993'] };

  test('are compared as text', async () => {
    expect(await evaluate(`id = '${LONG}'`, { id: LONG })).toBe(true);
    expect(await evaluate('$string(id) = "4711"', { id: 4711 })).toBe(true);
    expect(await evaluate('$string(id) in ["4711", "4712"]', { id: 4712 })).toBe(true);
  });

  test('are sorted and compared in size as texts of one width', async () => {
    const sort = "$sort(ids, function($a, $b) { $pad($string($a), -20, '0') > $pad($string($b), -20, '0') })";

    expect(await evaluate(sort, ids)).toEqual([4711, '9007199254740993', LONG]);
    expect(await evaluate('$sort(ids)', ids)).toEqual({ jsonataCode: 'D3070' });
  });
});
