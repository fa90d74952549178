import { describe, expect, test } from '@jest/globals';
import { createOnceAMinute, measureOutcome } from '../../../lambdas/deliver/log-line.ts';
import type { EventOutcome } from '../../../lambdas/deliver/outcome.ts';

const WELL = { PausedByCredentials: 0, PausedByThrottling: 0, PausedByEndpoint: 0, PausedByKeys: 0 };
const later = (code: string) => ({ outcome: 'retry-later', code, seconds: 5 }) as EventOutcome;
const dead = (code: string, facts: object = {}) =>
  ({ outcome: 'dead-letter', stage: 'deliver', code, ...facts }) as EventOutcome;
const measure = (outcome: EventOutcome, isFirst = true) => measureOutcome(outcome, 61_400, () => isFirst);

describe('an event that waits', () => {
  test.each([
    ['paused-credentials', { PausedByCredentials: 1 }],
    ['webex-credentials-refused', { PausedByCredentials: 1 }],
    ['paused-endpoint', { PausedByEndpoint: 1 }],
    ['webex-wrong-endpoint', { PausedByEndpoint: 1 }],
    ['secret-missing', { PausedByKeys: 1 }],
    ['secret-invalid', { PausedByKeys: 1 }],
    ['secret-unreadable', { PausedByKeys: 1 }],
    ['ledger-unavailable', { PausedByLedger: 1 }],
  ])('for %s counts what pauses it, and not how long: its alarm pages already', (code, measured) => {
    expect(measure(later(code))).toEqual(measured);
  });

  test.each([
    ['webex-throttled', { PausedByThrottling: 1 }],
    ['paused-throttled', { PausedByThrottling: 1 }],
    ['internal-error', { Faults: 1 }],
    ['dead-letter-unavailable', { Faults: 1 }],
    ['unconfirmed', { UnconfirmedEvents: 1 }],
    ['webex-unreachable', {}],
    ['webex-unavailable', {}],
    ['busy', {}],
    ['not-begun', {}],
  ])('for %s measures how long it has waited, in seconds', (code, measured) => {
    expect(measure(later(code))).toEqual({ ...measured, WaitingTime: 61 });
  });
});

describe('a delivered event', () => {
  const delivered = { outcome: 'delivered', transactionId: 't', milliseconds: 80 } as const;

  test('proves that no event is paused, and measures how late it was', () => {
    expect(measure({ ...delivered, keyUsed: 'primary' })).toEqual({
      ...WELL,
      PausedByLedger: 0,
      CallDuration: 80,
      DeliveryDelay: 61_400,
      SpareKeyCalls: 0,
    });
  });

  test('proves nothing within the same minute, yet counts the spare key', () => {
    const untold = { CallDuration: 80, DeliveryDelay: 61_400 };

    expect(measure({ ...delivered, keyUsed: 'primary' }, false)).toEqual(untold);
    expect(measure({ ...delivered, keyUsed: 'secondary' }, false)).toEqual({ ...untold, SpareKeyCalls: 1 });
  });

  test('counts the use of the spare key', () => {
    expect(measure({ ...delivered, keyUsed: 'secondary' })).toMatchObject({ SpareKeyCalls: 1 });
  });

  test('proves nothing about a ledger that did not take it', () => {
    expect(measure({ ...delivered, cause: 'ledger-unavailable: TimeoutError' })).not.toHaveProperty(
      'PausedByLedger',
    );
  });
});

describe('a dead letter', () => {
  test('proves that Webex Campaign works if it has answered with a code of its own', () => {
    expect(measure(dead('webex-no-recommendation', { milliseconds: 80 }))).toEqual({
      ...WELL,
      PausedByLedger: 0,
      CallDuration: 80,
    });
  });

  test.each([
    ['webex-invalid-json', { milliseconds: 80 }, { DeadLetters: 1, CallDuration: 80 }],
    ['webex-mandatory-field-missing', { milliseconds: 80 }, { DeadLetters: 1, CallDuration: 80 }],
    ['webex-refused', { milliseconds: 80 }, { DeadLetters: 1, CallDuration: 80 }],
    ['retries-exhausted', {}, { DeadLetters: 1 }],
    ['unconfirmed', {}, { DeadLetters: 1, UnconfirmedEvents: 1 }],
    ['value-null', {}, { DeadLetters: 1 }],
  ])('of %s %j does not prove it', (code, facts, measured) => {
    expect(measure(dead(code, facts))).toEqual(measured);
  });

  test('that is a business answer counts for no alarm', () => {
    expect(measure(dead('webex-no-recommendation'))).toEqual({});
  });
});

test.each([
  [{ outcome: 'skipped', code: 'when-not-met' }],
  [{ outcome: 'duplicate', code: 'already-delivered' }],
  [{ outcome: 'expired', code: 'too-old' }],
] as const)('nothing is measured of %j', (outcome) => {
  expect(measure(outcome)).toEqual({});
});

const at = (seconds: number) => new Date(1_764_000_000_000 + seconds * 1000);

test('a proof is logged at once, and then once a minute', () => {
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

test('an outcome that proves nothing does not ask whether it is the first', () => {
  const asked: string[] = [];
  const isFirst = () => {
    asked.push('asked');
    return true;
  };
  measureOutcome({ outcome: 'skipped', code: 'when-not-met' }, 0, isFirst);
  measureOutcome({ outcome: 'retry-later', code: 'paused-endpoint', seconds: 5 }, 0, isFirst);

  expect(asked).toEqual([]);
});
