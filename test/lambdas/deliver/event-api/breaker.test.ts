import { describe, expect, test } from '@jest/globals';
import { type Breaker, createBreaker, type Permit } from '../../../../lambdas/deliver/event-api/breaker.ts';
import {
  type BreakerSignal,
  classifyAttempt,
  keepWhileOpen,
  provesKeyAndEndpoint,
  signalOf,
} from '../../../../lambdas/deliver/event-api/verdict.ts';

const MINUTE = 60_000;

function permit(breaker: Breaker, now: number): Permit {
  const leave = breaker.permit(now);
  if (leave.kind !== 'go') throw new Error(`no leave at ${now}: ${leave.kind}`);
  return leave;
}

/** Makes an attempt at once, which comes to this. */
function attempt(breaker: Breaker, now: number, signal: BreakerSignal, retryAfterSeconds?: number): void {
  breaker.record(permit(breaker, now), { signal, retryAfterSeconds }, now);
}

function failing(times = 5): Breaker {
  const breaker = createBreaker('event');
  for (let n = 0; n < times; n += 1) attempt(breaker, 0, 'endpoint-failed');
  return breaker;
}

function refused(): Breaker {
  const breaker = createBreaker('event');
  attempt(breaker, 0, 'credentials-refused');
  return breaker;
}

describe('a breaker after no failure', () => {
  test('lets every attempt pass', () => {
    const breaker = createBreaker('event');

    expect(breaker.currentPause(0)).toBeUndefined();
    expect(breaker.isOpen()).toBe(false);
    expect([breaker.permit(0), breaker.permit(0)]).toMatchObject([
      { kind: 'go', isProbe: false, begunAt: 0 },
      { kind: 'go', isProbe: false, begunAt: 0 },
    ]);
  });
});

describe('refused credentials', () => {
  test('open it at once: a probe a minute, and all others wait for it', () => {
    const breaker = refused();

    expect(breaker.isOpen()).toBe(true);
    expect(breaker.currentPause(1)).toEqual({
      kind: 'pause',
      reason: 'credentials',
      milliseconds: MINUTE - 1,
    });
    expect(breaker.permit(MINUTE - 1)).toEqual({ kind: 'pause', reason: 'credentials', milliseconds: 1 });
    expect(breaker.currentPause(MINUTE)).toBeUndefined();
    expect(breaker.permit(MINUTE)).toMatchObject({ kind: 'go', isProbe: true });
    expect(breaker.permit(MINUTE)).toEqual({ kind: 'pause', reason: 'credentials', milliseconds: MINUTE });
    expect(breaker.currentPause(2 * MINUTE - 1)).toBeDefined();
  });

  test('that are refused to the probe as well keep it open, with the next probe a minute after that one', () => {
    const breaker = refused();
    const probe = permit(breaker, MINUTE);
    breaker.record(probe, { signal: 'credentials-refused' }, MINUTE + 9_000);

    expect(breaker.currentPause(2 * MINUTE - 1)).toMatchObject({ milliseconds: 1 });
    expect(breaker.permit(2 * MINUTE)).toMatchObject({ isProbe: true });
  });

  test('that are accepted from the probe close it for everybody', () => {
    const breaker = refused();
    attempt(breaker, MINUTE, 'accepted');

    expect(breaker.isOpen()).toBe(false);
    expect([breaker.permit(MINUTE), breaker.permit(MINUTE)]).toMatchObject([
      { isProbe: false },
      { isProbe: false },
    ]);
  });

  test('are not shown to work by an attempt from before they were refused', () => {
    const breaker = createBreaker('event');
    const before = permit(breaker, 0);
    attempt(breaker, 0, 'credentials-refused');
    breaker.record(before, { signal: 'accepted' }, 1);

    expect(breaker.isOpen()).toBe(true);
  });

  test('are not forgotten for a throttled probe, nor for one that fails on its way', () => {
    for (const signal of ['throttled', 'endpoint-failed', 'none'] as const) {
      const breaker = refused();
      attempt(breaker, MINUTE, signal, 1);

      expect(breaker.currentPause(MINUTE + 1_000)).toMatchObject({ reason: 'credentials' });
    }
    const breaker = refused();
    for (let n = 1; n <= 6; n += 1) attempt(breaker, n * MINUTE, 'endpoint-failed');
    expect(breaker.currentPause(6 * MINUTE)).toMatchObject({ reason: 'credentials', milliseconds: MINUTE });
  });

  test('that were refused before the breaker closed again do not open it anew', () => {
    const breaker = createBreaker('event');
    const slow = permit(breaker, 0);
    attempt(breaker, 0, 'credentials-refused');
    attempt(breaker, MINUTE, 'accepted');
    breaker.record(slow, { signal: 'credentials-refused' }, MINUTE + 1);

    expect(breaker.isOpen()).toBe(false);
    expect(breaker.currentPause(MINUTE + 1)).toBeUndefined();
  });
});

describe('an endpoint', () => {
  test('that fails five times in a row opens it', () => {
    expect(failing(4).isOpen()).toBe(false);
    expect(failing(4).currentPause(0)).toBeUndefined();
    expect(failing(5).isOpen()).toBe(true);
    expect(failing(5).currentPause(0)).toEqual({ kind: 'pause', reason: 'endpoint', milliseconds: MINUTE });
  });

  test.each(['accepted', 'credentials-refused', 'throttled'] as const)(
    'that has answered in between (%s) begins to count anew',
    (signal) => {
      const breaker = failing(4);
      attempt(breaker, 0, signal);
      const afterwards = 2 * MINUTE;
      if (signal === 'credentials-refused') attempt(breaker, afterwards, 'accepted');
      for (let n = 0; n < 4; n += 1) attempt(breaker, afterwards, 'endpoint-failed');
      expect(breaker.isOpen()).toBe(false);

      attempt(breaker, afterwards, 'endpoint-failed');
      expect(breaker.isOpen()).toBe(true);
    },
  );

  test('does not change by an answer that says nothing', () => {
    const breaker = failing(4);
    attempt(breaker, 0, 'none');
    attempt(breaker, 0, 'endpoint-failed');
    expect(breaker.isOpen()).toBe(true);

    attempt(breaker, MINUTE, 'none');
    expect(breaker.isOpen()).toBe(true);
  });

  test('that throttles the probe is well again', () => {
    const breaker = failing();
    attempt(breaker, MINUTE, 'throttled', 3);

    expect(breaker.isOpen()).toBe(false);
    expect(breaker.currentPause(MINUTE)).toEqual({ kind: 'pause', reason: 'throttled', milliseconds: 3_000 });
    expect(breaker.permit(MINUTE + 3_000)).toMatchObject({ isProbe: false });
  });

  test('that answers the probe with a refused key stays paused for the key from then on', () => {
    const breaker = failing();
    attempt(breaker, MINUTE, 'credentials-refused');

    expect(breaker.currentPause(MINUTE)).toEqual({
      kind: 'pause',
      reason: 'credentials',
      milliseconds: MINUTE,
    });
  });

  test('that works again closes it, and one failure does not open it anew', () => {
    const breaker = failing();
    attempt(breaker, MINUTE, 'accepted');
    attempt(breaker, MINUTE, 'endpoint-failed');

    expect(breaker.isOpen()).toBe(false);
  });

  test('that fails the probe too has the next one a minute later', () => {
    const breaker = failing();
    attempt(breaker, MINUTE, 'endpoint-failed');

    expect(breaker.currentPause(MINUTE)).toMatchObject({ reason: 'endpoint', milliseconds: MINUTE });
    expect(breaker.currentPause(2 * MINUTE)).toBeUndefined();
    attempt(breaker, 2 * MINUTE, 'endpoint-failed', 90);
    expect(breaker.currentPause(2 * MINUTE)).toMatchObject({ reason: 'endpoint', milliseconds: 90_000 });
  });
});

describe('a permit that is given back', () => {
  test('lets the next who asks make the probe', () => {
    const breaker = refused();
    breaker.giveBack(permit(breaker, MINUTE));

    expect(breaker.permit(MINUTE + 1)).toMatchObject({ isProbe: true });
    expect(breaker.permit(MINUTE + 1)).toMatchObject({ kind: 'pause', milliseconds: MINUTE });
  });

  test('too late, after another probe, changes nothing', () => {
    const breaker = refused();
    const lost = permit(breaker, MINUTE);
    permit(breaker, 2 * MINUTE);
    breaker.giveBack(lost);

    expect(breaker.currentPause(2 * MINUTE)).toMatchObject({ milliseconds: MINUTE });
  });

  test('without being a probe changes nothing', () => {
    const breaker = createBreaker('event');
    const ordinary = permit(breaker, 0);
    attempt(breaker, 0, 'credentials-refused');
    breaker.giveBack(ordinary);
    expect(breaker.currentPause(0)).toMatchObject({ milliseconds: MINUTE });

    const closed = createBreaker('event');
    closed.giveBack(permit(closed, 0));
    expect(closed.currentPause(0)).toBeUndefined();
  });
});

const NOW = new Date('2026-11-23T12:00:00Z');

function verdictOf(status: number, body: unknown, retryAfter?: string) {
  return classifyAttempt({ kind: 'answered', status, retryAfter, body: JSON.stringify(body) }, NOW);
}

describe('what an attempt says about Webex Campaign as a whole', () => {
  test.each([
    ['a success', 200, { 'transaction-id': 'event_1' }, 'accepted'],
    ['wrong JSON, which may be seen in front of a broken back end', 500, { code: 1001 }, 'answered'],
    ['a missing field, which may be seen before the key is', 200, { code: 1002 }, 'answered'],
    ['no recommendation', 200, { code: 1003 }, 'accepted'],
    ['too many requests', 429, { code: 429 }, 'throttled'],
    ['a key without the event API', 401, { code: 430 }, 'credentials-refused'],
    ['an unknown key', 200, { code: 498 }, 'credentials-refused'],
    ['404', 404, {}, 'endpoint-failed'],
    ['405', 405, {}, 'endpoint-failed'],
    ['a redirect', 302, {}, 'endpoint-failed'],
    ['502', 502, {}, 'endpoint-failed'],
    ['an internal error', 200, { code: 500 }, 'endpoint-failed'],
    ['a firewall, which asks for no key', 403, {}, 'none'],
  ])('by %s', (_, status, body, signal) => {
    expect(signalOf(verdictOf(status, body))).toBe(signal);
  });

  test.each(['not-sent', 'no-answer'] as const)('by an attempt that was %s is that it fails', (kind) => {
    expect(signalOf(classifyAttempt({ kind, cause: 'x' }, NOW))).toBe('endpoint-failed');
  });

  test('by 503 with Retry-After is that it fails, though the event was certainly not accepted', () => {
    expect(signalOf(verdictOf(503, {}, '30'))).toBe('endpoint-failed');
  });

  test('is that key and endpoint work, by the refusal of one code alone', () => {
    const codes = [
      'webex-no-recommendation',
      'webex-mandatory-field-missing',
      'webex-refused',
      'unconfirmed',
      'paused',
      '',
    ];

    expect(codes.filter(provesKeyAndEndpoint)).toEqual(['webex-no-recommendation']);
  });

  test('by an event that was kept is still that it fails', () => {
    expect(signalOf(keepWhileOpen(verdictOf(404, {}), true))).toBe('endpoint-failed');
  });
});

describe('an endpoint that keeps answering as if it were another', () => {
  test.each([302, 404, 405])('with HTTP %d has its events wait, once the breaker is open', (status) => {
    const verdict = verdictOf(status, { code: 'x' });

    expect(keepWhileOpen(verdict, false)).toEqual(verdict);
    expect(verdict.outcome).toBe('dead-letter');
    expect(keepWhileOpen(verdict, true)).toEqual({
      outcome: 'retry-later',
      code: 'webex-wrong-endpoint',
      answer: { status, code: 'unreadable' },
    });
  });

  test.each([
    [200, { 'transaction-id': 'event_1' }],
    [200, { code: 1002 }],
    [403, {}],
    [502, {}],
    [429, {}],
  ])('keeps nothing else: HTTP %d stays what it is', (status, body) => {
    const verdict = verdictOf(status, body);

    expect(keepWhileOpen(verdict, true)).toBe(verdict);
  });
});
