import { describe, expect, test } from '@jest/globals';
import { keepWhileOpen, signalOf } from '../../../../lambdas/deliver/event-api/breaker.ts';
import { classifyAttempt } from '../../../../lambdas/deliver/event-api/verdict.ts';

const NOW = new Date('2026-11-23T12:00:00Z');

function verdictOf(status: number, body: unknown) {
  return classifyAttempt(
    { kind: 'answered', status, retryAfter: undefined, body: JSON.stringify(body) },
    NOW,
  );
}

describe('what an attempt says about the far side as a whole', () => {
  test.each([
    ['a success', 200, { 'transaction-id': 'event_1' }, 'accepted'],
    ['wrong JSON', 500, { code: 1001 }, 'accepted'],
    ['a missing field', 200, { code: 1002 }, 'accepted'],
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
