import { describe, expect, test } from '@jest/globals';
import { type Breaker, createBreaker, type Permit } from '../../../../lambdas/deliver/event-api/breaker.ts';

function permit(breaker: Breaker, now: number): Permit {
  const leave = breaker.permit(now);
  if (leave.kind !== 'go') throw new Error(`no leave at ${now}: ${leave.kind}`);
  return leave;
}

function throttle(breaker: Breaker, now: number, retryAfterSeconds?: number): void {
  breaker.record(permit(breaker, now), { signal: 'throttled', retryAfterSeconds }, now);
}

describe('a worker that is throttled', () => {
  test("pauses until the vendor's hint, and then goes on at full speed", () => {
    const breaker = createBreaker('event');
    throttle(breaker, 1_000, 7);

    expect(breaker.isOpen()).toBe(false);
    expect(breaker.currentPause(1_000)).toEqual({ kind: 'pause', reason: 'throttled', milliseconds: 7_000 });
    expect(breaker.permit(7_999)).toEqual({ kind: 'pause', reason: 'throttled', milliseconds: 1 });
    expect([breaker.permit(8_000), breaker.permit(8_000)]).toMatchObject([
      { kind: 'go', isProbe: false },
      { kind: 'go', isProbe: false },
    ]);
  });

  test.each([undefined, 0])('pauses longer and longer with the hint %j, up to a minute', (hint) => {
    const breaker = createBreaker('event');
    const pauses: number[] = [];
    for (let now = 0; pauses.length < 8; now += pauses.at(-1) ?? 0) {
      throttle(breaker, now, hint);
      pauses.push(breaker.currentPause(now)?.milliseconds ?? 0);
    }

    expect(pauses).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });

  test('begins with short pauses again after a success', () => {
    const breaker = createBreaker('event');
    throttle(breaker, 0);
    throttle(breaker, 2_000);
    breaker.record(permit(breaker, 6_000), { signal: 'accepted' }, 6_000);
    throttle(breaker, 6_000);

    expect(breaker.currentPause(6_000)).toMatchObject({ milliseconds: 2_000 });
  });

  test('counts attempts that were refused side by side as one', () => {
    const breaker = createBreaker('event');
    const together = [0, 0, 0].map((now) => permit(breaker, now));
    for (const one of together) breaker.record(one, { signal: 'throttled' }, 100);

    expect(breaker.currentPause(100)).toMatchObject({ milliseconds: 2_000 });
  });

  test('is not let go by a success from before, nor does that shorten its next pause', () => {
    const breaker = createBreaker('event');
    const before = permit(breaker, 0);
    throttle(breaker, 0);
    breaker.record(before, { signal: 'accepted' }, 500);
    expect(breaker.currentPause(500)).toMatchObject({ milliseconds: 1_500 });

    throttle(breaker, 2_000);
    expect(breaker.currentPause(2_000)).toMatchObject({ milliseconds: 4_000 });
  });

  test('waits for the latest of several hints', () => {
    const breaker = createBreaker('event');
    const together = [0, 0].map((now) => permit(breaker, now));
    for (const [index, hint] of [30, 5].entries()) {
      const one = together[index];
      if (one) breaker.record(one, { signal: 'throttled', retryAfterSeconds: hint }, 0);
    }

    expect(breaker.currentPause(0)).toMatchObject({ milliseconds: 30_000 });
  });

  test('hears a hint even from an attempt that is out of date otherwise', () => {
    const breaker = createBreaker('event');
    const before = permit(breaker, 0);
    breaker.record(permit(breaker, 0), { signal: 'credentials-refused' }, 0);
    breaker.record(before, { signal: 'throttled', retryAfterSeconds: 90 }, 0);

    expect(breaker.currentPause(0)).toEqual({ kind: 'pause', reason: 'throttled', milliseconds: 90_000 });
    expect(breaker.permit(90_000)).toMatchObject({ kind: 'go', isProbe: true });
  });

  test('with no working key waits for whichever is later, and says which', () => {
    const breaker = createBreaker('event');
    breaker.record(permit(breaker, 0), { signal: 'credentials-refused' }, 0);
    breaker.record(permit(breaker, 60_000), { signal: 'throttled', retryAfterSeconds: 60 }, 60_000);
    expect(breaker.currentPause(60_000)).toMatchObject({ reason: 'throttled', milliseconds: 60_000 });

    breaker.record(permit(breaker, 120_000), { signal: 'throttled', retryAfterSeconds: 59 }, 120_000);
    expect(breaker.currentPause(120_000)).toMatchObject({ reason: 'credentials', milliseconds: 60_000 });
    expect(breaker.currentPause(179_999)).toMatchObject({ reason: 'credentials', milliseconds: 1 });
  });
});
