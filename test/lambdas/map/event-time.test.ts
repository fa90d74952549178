import { describe, expect, test } from '@jest/globals';
import { readEventTime } from '../../../lambdas/map/event.ts';

describe('an event time', () => {
  test.each([
    ['unix seconds', 1_764_547_200, '2025-12-01T00:00:00.000Z'],
    ['unix seconds as text', '1764547200', '2025-12-01T00:00:00.000Z'],
    ['unix seconds with a fraction', '1764547200.5', '2025-12-01T00:00:00.500Z'],
    ['the first second', 0, '1970-01-01T00:00:00.000Z'],
    ['unix seconds with nine decimals', '1764547200.500000000', '2025-12-01T00:00:00.500Z'],
    ['unix milliseconds', 1_764_547_200_123, '2025-12-01T00:00:00.123Z'],
    ['unix milliseconds as text', '1764547200123', '2025-12-01T00:00:00.123Z'],
    ['the largest that is seconds', 99_999_999_999, '5138-11-16T09:46:39.000Z'],
    ['the smallest that is milliseconds', 100_000_000_000, '1973-03-03T09:46:40.000Z'],
    ['ISO 8601 in UTC', '2025-12-01T00:00:00Z', '2025-12-01T00:00:00.000Z'],
    ['ISO 8601 with an offset', '2025-12-01T01:30:00.250+01:30', '2025-12-01T00:00:00.250Z'],
    ['ISO 8601 with nine decimals', '2025-12-01T00:00:00.250000000Z', '2025-12-01T00:00:00.250Z'],
    ['ISO 8601 with an offset without a colon', '2025-12-01T00:00-0500', '2025-12-01T05:00:00.000Z'],
  ])('may be %s', (_, value, time) => {
    expect(readEventTime(value)?.toISOString()).toBe(time);
  });

  test.each([
    'yesterday',
    '2025-12-01',
    '2025-12-01T00:00:00',
    '2025-13-01T00:00:00Z',
    'x2025-12-01T00:00:00Z',
    '2025-12-01T00:00:00Zx',
    '+002025-12-01T00:00:00Z',
    '',
    'x1764547200',
    '1764547200x',
    -1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    9e15,
    true,
    {},
    null,
    ['2025-12-01T00:00:00Z'],
    ['1764547200'],
  ])('is not %j', (value) => {
    expect(readEventTime(value)).toBeUndefined();
  });
});
