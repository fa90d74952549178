import { describe, expect, test } from '@jest/globals';
import { PAUSES_ALL } from '../../../lambdas/deliver/outcome.ts';
import { nextDelaySeconds } from '../../../lambdas/deliver/retry-schedule.ts';
import { tryLater } from '../../../lambdas/deliver/work.ts';
import { record } from './deliver-setup.ts';

const RANDOM = { random: () => 1 };

describe('the pause of an event that is left for later', () => {
  const secondsOf = (work: { receives: number; triedReceives?: number }, attempts?: number) => {
    const { receives, ...tried } = work;
    const reason = { code: 'busy' as const, ...(attempts !== undefined && { attempts }) };
    return tryLater({ record: record('ann', 'paid', { receives }), ...tried }, reason, RANDOM).seconds;
  };

  test.each<[string, Parameters<typeof secondsOf>, number]>([
    ['the receives of its message', [{ receives: 4 }], 4],
    ['those that did not end for lack of time', [{ receives: 4, triedReceives: 3 }], 3],
    ['its own calls, where they are fewer', [{ receives: 4 }, 2], 2],
    ['the receives, where its calls are more', [{ receives: 4 }, 9], 4],
    ['one, where it was never tried', [{ receives: 4, triedReceives: 0 }], 1],
  ])('grows with %s', (_, work, tries) => {
    expect(secondsOf(...work)).toBe(nextDelaySeconds(tries, 1));
  });

  test('says what went wrong, where that is known', () => {
    expect(tryLater({ record: record('ann') }, { code: 'busy' }, RANDOM)).toStrictEqual({
      outcome: 'retry-later',
      code: 'busy',
      seconds: 5,
    });
    expect(tryLater({ record: record('ann') }, { code: 'busy', cause: 'x' }, RANDOM)).toMatchObject({
      cause: 'x',
    });
  });
});

test('what keeps all events of a worker waiting is a pause, a missing key or a ledger or queue that does not answer', () => {
  const pausing = Object.entries(PAUSES_ALL).flatMap(([code, pauses]) => (pauses ? [code] : []));

  expect(pausing.sort()).toEqual([
    'dead-letter-unavailable',
    'ledger-unavailable',
    'not-begun',
    'paused-by-person',
    'paused-credentials',
    'paused-endpoint',
    'paused-throttled',
    'secret-invalid',
    'secret-missing',
    'secret-unreadable',
  ]);
});
