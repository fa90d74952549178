import { expect, test } from '@jest/globals';
import { createOnceAMinute, measureOutcome } from '../../../lambdas/deliver/log-line.ts';

const at = (seconds: number) => new Date(1_764_000_000_000 + seconds * 1000);

test('a proof is told at once, and then once a minute', () => {
  const isFirstThisMinute = createOnceAMinute();

  expect([0, 1, 59, 60, 61, 119, 120, 400].map((seconds) => isFirstThisMinute(at(seconds)))).toEqual([
    true,
    false,
    false,
    true,
    false,
    false,
    true,
    true,
  ]);
});

test('one is not asked for where nothing was proven', () => {
  const asked: string[] = [];
  const isFirst = () => {
    asked.push('asked');
    return true;
  };
  measureOutcome({ outcome: 'skipped', code: 'when-not-met' }, 0, isFirst);
  measureOutcome({ outcome: 'retry-later', code: 'paused-endpoint', seconds: 5 }, 0, isFirst);

  expect(asked).toEqual([]);
});
