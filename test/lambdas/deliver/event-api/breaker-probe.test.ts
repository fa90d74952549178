import { describe, expect, test } from '@jest/globals';
import {
  type Breaker,
  createBreaker,
  type Permit,
  type ProbeTurn,
} from '../../../../lambdas/deliver/event-api/breaker.ts';
import type { BreakerSignal, ProbeSignal } from '../../../../lambdas/deliver/event-api/verdict.ts';

const MINUTE = 60_000;

function permit(breaker: Breaker, now: number): Permit {
  const leave = breaker.permit(now);
  if (leave.kind !== 'go') throw new Error(`no leave at ${now}: ${leave.kind}`);
  return leave;
}

function takeProbe(breaker: Breaker, now: number): ProbeTurn {
  const turn = breaker.takeProbe(now);
  if (turn === undefined) throw new Error(`no probe at ${now}`);
  return turn;
}

/** Sends a probe at once, which comes to this. */
function probe(breaker: Breaker, now: number, signal: ProbeSignal, retryAfterSeconds?: number): boolean {
  return breaker.recordProbe(takeProbe(breaker, now), { signal, retryAfterSeconds }, now);
}

/** Makes an attempt at once, which comes to this. */
function attempt(breaker: Breaker, now: number, signal: BreakerSignal, retryAfterSeconds?: number): void {
  breaker.record(permit(breaker, now), { signal, retryAfterSeconds }, now);
}

function failing(): Breaker {
  const breaker = createBreaker('call');
  for (let n = 0; n < 5; n += 1) attempt(breaker, 0, 'endpoint-failed');
  return breaker;
}

function refused(): Breaker {
  const breaker = createBreaker('call');
  attempt(breaker, 0, 'credentials-refused');
  return breaker;
}

describe.each([
  ['a failing endpoint', failing, 'endpoint'],
  ['refused credentials', refused, 'credentials'],
] as const)('after a minute, %s', (_, open, reason) => {
  test('is asked by one probe, and no event goes before its answer', () => {
    const breaker = open();

    expect(breaker.takeProbe(MINUTE - 1)).toBeUndefined();
    expect(breaker.currentPause(MINUTE)).toBeUndefined();
    expect(breaker.permit(MINUTE)).toEqual({ kind: 'pause', reason, milliseconds: 0 });
    expect(takeProbe(breaker, MINUTE)).toMatchObject({ kind: 'probe' });
    expect(breaker.takeProbe(MINUTE)).toBeUndefined();
    expect(breaker.currentPause(MINUTE)).toEqual({ kind: 'pause', reason, milliseconds: MINUTE });
    expect(breaker.permit(MINUTE)).toMatchObject({ kind: 'pause', reason });
  });

  test('lets exactly one event go after a healthy answer', () => {
    const breaker = open();
    probe(breaker, MINUTE, 'healthy');

    expect(breaker.isOpen()).toBe(true);
    expect(breaker.currentPause(MINUTE)).toBeUndefined();
    expect(permit(breaker, MINUTE)).toMatchObject({ isProbe: true });
    expect(breaker.permit(MINUTE)).toEqual({ kind: 'pause', reason, milliseconds: MINUTE });
    expect(breaker.takeProbe(MINUTE)).toBeUndefined();
  });

  test('is over once that event has succeeded', () => {
    const breaker = open();
    probe(breaker, MINUTE, 'healthy');
    attempt(breaker, MINUTE, 'accepted');

    expect(breaker.isOpen()).toBe(false);
    expect([permit(breaker, MINUTE), permit(breaker, MINUTE)]).toMatchObject([
      { isProbe: false },
      { isProbe: false },
    ]);
  });

  test.each(['answered', 'throttled', 'none', 'endpoint-failed', 'credentials-refused'] as const)(
    'is not over by an event that comes to "%s"',
    (signal) => {
      const breaker = open();
      probe(breaker, MINUTE, 'healthy');
      attempt(breaker, MINUTE, signal);

      expect(breaker.isOpen()).toBe(true);
    },
  );

  test('lets the next event go at once where the first was refused for its fields: it has proved nothing', () => {
    const breaker = open();
    probe(breaker, MINUTE, 'healthy');
    attempt(breaker, MINUTE, 'answered');
    attempt(breaker, MINUTE + 1, 'accepted');

    expect(breaker.isOpen()).toBe(false);
  });

  test('is probed anew where no event has come within the minute', () => {
    const breaker = open();
    probe(breaker, MINUTE, 'healthy');

    expect(breaker.permit(2 * MINUTE)).toEqual({ kind: 'pause', reason, milliseconds: 0 });
    expect(takeProbe(breaker, 2 * MINUTE)).toMatchObject({ begunAt: 2 * MINUTE });
    expect(breaker.permit(2 * MINUTE)).toMatchObject({ kind: 'pause' });
  });

  test('waits for as long as the probe was told to, stays open, and is probed again right then', () => {
    const breaker = open();
    probe(breaker, MINUTE, 'throttled', 7);

    expect(breaker.currentPause(MINUTE)).toEqual({ kind: 'pause', reason: 'throttled', milliseconds: 7_000 });
    expect(breaker.takeProbe(MINUTE + 6_999)).toBeUndefined();
    probe(breaker, MINUTE + 7_000, 'healthy');
    expect(permit(breaker, MINUTE + 7_000)).toMatchObject({ isProbe: true });
  });

  test('does the same where the event was told to', () => {
    const breaker = open();
    probe(breaker, MINUTE, 'healthy');
    attempt(breaker, MINUTE, 'throttled', 7);

    expect(breaker.takeProbe(MINUTE + 6_999)).toBeUndefined();
    expect(takeProbe(breaker, MINUTE + 7_000)).toBeDefined();
  });

  test('goes on where the probe finds an outage, with the next probe a minute later', () => {
    const breaker = open();
    probe(breaker, MINUTE, 'outage');

    expect(breaker.currentPause(MINUTE)).toEqual({ kind: 'pause', reason, milliseconds: MINUTE });
    expect(takeProbe(breaker, 2 * MINUTE)).toBeDefined();
  });

  test('goes on where the event finds the key refused, for the key from then on', () => {
    const breaker = open();
    probe(breaker, MINUTE, 'healthy');
    attempt(breaker, MINUTE, 'credentials-refused');

    expect(breaker.currentPause(MINUTE)).toMatchObject({ reason: 'credentials', milliseconds: MINUTE });
  });

  test('goes on where the probe finds the key refused, for the key from then on', () => {
    const breaker = open();
    probe(breaker, MINUTE, 'credentials-refused');

    expect(breaker.currentPause(MINUTE)).toMatchObject({ reason: 'credentials', milliseconds: MINUTE });
  });
});

describe('a probe that is not understood', () => {
  test('twice is followed by another; the third time an event goes, as if there were no probe', () => {
    const breaker = failing();
    expect([1, 2].map((minute) => probe(breaker, minute * MINUTE, 'unknown'))).toEqual([false, false]);
    expect(breaker.permit(2 * MINUTE)).toMatchObject({ kind: 'pause' });

    expect(probe(breaker, 3 * MINUTE, 'unknown')).toBe(true);
    attempt(breaker, 3 * MINUTE, 'accepted');
    expect(breaker.isOpen()).toBe(false);
  });

  test('after that lets an event go each time', () => {
    const breaker = failing();
    for (const minute of [1, 2, 3]) probe(breaker, minute * MINUTE, 'unknown');
    attempt(breaker, 3 * MINUTE, 'none');

    expect(probe(breaker, 4 * MINUTE, 'unknown')).toBe(true);
    expect(permit(breaker, 4 * MINUTE)).toMatchObject({ isProbe: true });
  });

  test.each(['healthy', 'outage'] as const)('counts anew after one that is (%s)', (signal) => {
    const breaker = failing();
    for (const [minute, found] of ['unknown', 'unknown', signal, 'unknown', 'unknown'].entries()) {
      expect(probe(breaker, (minute + 1) * MINUTE, found as ProbeSignal)).toBe(false);
    }
    expect(probe(breaker, 6 * MINUTE, 'unknown')).toBe(true);
  });

  test('counts anew once the breaker has closed', () => {
    const breaker = failing();
    for (const minute of [1, 2, 3]) probe(breaker, minute * MINUTE, 'unknown');
    attempt(breaker, 3 * MINUTE, 'accepted');
    for (let n = 0; n < 5; n += 1) attempt(breaker, 3 * MINUTE, 'endpoint-failed');

    expect(probe(breaker, 4 * MINUTE, 'unknown')).toBe(false);
  });
});

describe('a probe that lied', () => {
  test('has the next one come later and later, up to a quarter of an hour: each is an event for a person', () => {
    const breaker = failing();
    const waits: number[] = [];
    for (let now = MINUTE; waits.length < 7; now += waits.at(-1) ?? 0) {
      probe(breaker, now, 'healthy');
      attempt(breaker, now, 'endpoint-failed');
      waits.push(breaker.currentPause(now)?.milliseconds ?? 0);
    }

    expect(waits.map((wait) => wait / MINUTE)).toEqual([2, 4, 8, 15, 15, 15, 15]);
  });

  test('about the key alone does not: that event was certainly refused', () => {
    const breaker = refused();
    for (let minute = 1; minute <= 4; minute += 1) {
      probe(breaker, minute * MINUTE, 'healthy');
      attempt(breaker, minute * MINUTE, 'credentials-refused');

      expect(breaker.currentPause(minute * MINUTE)).toMatchObject({
        reason: 'credentials',
        milliseconds: MINUTE,
      });
    }
  });
});

describe('Retry-After beside a failure', () => {
  test('has the first probe wait for it', () => {
    const breaker = createBreaker('call');
    for (let n = 0; n < 4; n += 1) attempt(breaker, 0, 'endpoint-failed');
    attempt(breaker, 0, 'endpoint-failed', 90);

    expect(breaker.currentPause(0)).toEqual({ kind: 'pause', reason: 'endpoint', milliseconds: 90_000 });
  });

  test('has the next probe wait for it, and never come sooner than a minute', () => {
    const breaker = failing();
    probe(breaker, MINUTE, 'outage', 90);
    expect(breaker.currentPause(MINUTE)).toMatchObject({ milliseconds: 90_000 });

    probe(breaker, 3 * MINUTE, 'outage', 5);
    expect(breaker.currentPause(3 * MINUTE)).toMatchObject({ milliseconds: MINUTE });
  });

  test('has the probe after a lie wait for it, and never come sooner than the lie has it', () => {
    const breaker = failing();
    for (const [now, hint, wait] of [
      [MINUTE, 150, 150_000],
      [10 * MINUTE, 5, 4 * MINUTE],
    ] as const) {
      probe(breaker, now, 'healthy');
      attempt(breaker, now, 'endpoint-failed', hint);

      expect(breaker.currentPause(now)).toMatchObject({ milliseconds: wait });
    }
  });
});

describe('a turn that is given back', () => {
  test('lets the next who asks send the probe', () => {
    const breaker = failing();
    breaker.giveBack(takeProbe(breaker, MINUTE));

    expect(takeProbe(breaker, MINUTE + 1)).toBeDefined();
  });

  test('lets the next event go behind the same probe', () => {
    const breaker = failing();
    probe(breaker, MINUTE, 'healthy');
    breaker.giveBack(permit(breaker, MINUTE));

    expect(permit(breaker, MINUTE + 1)).toMatchObject({ isProbe: true });
  });

  test('from before the breaker closed changes nothing', () => {
    const breaker = failing();
    const lost = takeProbe(breaker, MINUTE);
    probe(breaker, 2 * MINUTE, 'healthy');
    attempt(breaker, 2 * MINUTE, 'accepted');
    for (let n = 0; n < 5; n += 1) attempt(breaker, 2 * MINUTE, 'endpoint-failed');
    breaker.giveBack(lost);

    expect(breaker.currentPause(2 * MINUTE)).toMatchObject({ milliseconds: MINUTE });
  });
});

test.each(['healthy', 'outage', 'credentials-refused', 'unknown'] as const)(
  'a probe that comes to "%s" after the breaker has closed changes nothing',
  (signal) => {
    const breaker = failing();
    const late = takeProbe(breaker, MINUTE);
    probe(breaker, 2 * MINUTE, 'healthy');
    attempt(breaker, 2 * MINUTE, 'accepted');

    expect(breaker.recordProbe(late, { signal }, 2 * MINUTE)).toBe(false);
    expect(breaker.isOpen()).toBe(false);
    expect(breaker.currentPause(2 * MINUTE)).toBeUndefined();
  },
);

test('a probe from before the breaker closed says nothing of the next outage, but that it has to be slower', () => {
  const breaker = failing();
  const [healthy, throttled] = [takeProbe(breaker, MINUTE), takeProbe(breaker, 2 * MINUTE)];
  probe(breaker, 3 * MINUTE, 'healthy');
  attempt(breaker, 3 * MINUTE, 'accepted');
  for (let n = 0; n < 5; n += 1) attempt(breaker, 3 * MINUTE, 'endpoint-failed');

  breaker.recordProbe(healthy, { signal: 'healthy' }, 3 * MINUTE);
  expect(breaker.permit(3 * MINUTE)).toMatchObject({ kind: 'pause', reason: 'endpoint' });
  breaker.recordProbe(throttled, { signal: 'throttled', retryAfterSeconds: 100 }, 3 * MINUTE);
  expect(breaker.currentPause(3 * MINUTE)).toMatchObject({ reason: 'throttled', milliseconds: 100_000 });
});

describe('before the breaker opens, attempts without an answer', () => {
  const begin = (breaker: Breaker, count: number) =>
    Array.from({ length: count }, () => breaker.permit(0)).map(({ kind }) => kind);

  test('are no more than may fail', () => {
    const breaker = createBreaker('call');

    expect(begin(breaker, 7)).toEqual(['go', 'go', 'go', 'go', 'go', 'crowded', 'crowded']);
  });

  test.each(['accepted', 'answered', 'throttled'] as const)(
    'are begun again once one of them comes to "%s": the endpoint answers',
    (signal) => {
      const breaker = createBreaker('call');
      const first = permit(breaker, 0);
      begin(breaker, 4);
      breaker.record(first, { signal, retryAfterSeconds: 1 }, 0);

      const later = Array.from({ length: 6 }, () => breaker.permit(2_000).kind);
      expect(later).toEqual(['go', 'go', 'go', 'go', 'go', 'crowded']);
    },
  );

  test('leave room when they end without a word about the endpoint, and none when they have failed', () => {
    const breaker = createBreaker('call');
    const [first, second, third] = [permit(breaker, 0), permit(breaker, 0), permit(breaker, 0)];
    begin(breaker, 2);
    breaker.record(first, { signal: 'none' }, 0);
    expect(begin(breaker, 2)).toEqual(['go', 'crowded']);
    breaker.record(second, { signal: 'endpoint-failed' }, 0);
    expect(begin(breaker, 1)).toEqual(['crowded']);
    breaker.giveBack(third);
    expect(begin(breaker, 2)).toEqual(['go', 'crowded']);
  });

  test('that were begun before the last answer take no room', () => {
    const breaker = createBreaker('call');
    const [first, old] = [permit(breaker, 0), permit(breaker, 0)];
    breaker.record(first, { signal: 'accepted' }, 0);
    begin(breaker, 4);
    breaker.record(old, { signal: 'none' }, 0);

    expect(begin(breaker, 2)).toEqual(['go', 'crowded']);
  });
});
