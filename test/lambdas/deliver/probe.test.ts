import { describe, expect, test } from '@jest/globals';
import type { EventRequest } from '../../../lambdas/deliver/event-api/caller.ts';
import type { Attempt } from '../../../lambdas/deliver/event-api/verdict.ts';
import { formatUnknownProbe } from '../../../lambdas/deliver/log-line.ts';
import { NOW, record, setUp } from './deliver-setup.ts';

const answered = (status: number, body: string): Attempt => ({
  ...{ kind: 'answered', status, retryAfter: undefined, body },
});
const MINUTE = 60_000;

/** A deliver function whose breaker has opened, a minute ago. */
async function afterFailures(toProbe: Attempt, toEvent = answered(200, '{"transaction-id":"e"}')) {
  const world = { isOut: true };
  const deliver = setUp(
    {},
    {
      call: async ({ body }: EventRequest) => {
        if (body === '{}') return toProbe;
        return world.isOut ? answered(502, '') : toEvent;
      },
    },
  );
  for (const key of ['a', 'b', 'c', 'd', 'e']) await deliver.deliver(record(key));
  world.isOut = false;
  deliver.clock.now = new Date(NOW.getTime() + MINUTE);
  deliver.requests.splice(0);
  deliver.lines.splice(0);
  return deliver;
}

describe('an event whose work sends a probe', () => {
  test('is not claimed for it, and waits without a failure where the outage goes on', async () => {
    const { deliver, entries, lines, requests, hidden } = await afterFailures(answered(503, ''));
    const before = entries.size;
    await deliver(record('x'));

    expect(requests.map(({ body }) => body)).toEqual(['{}']);
    expect(entries.size).toBe(before);
    expect(hidden).toEqual([['handle-x', 60]]);
    expect(lines).toMatchObject([{ outcome: 'retry-later', code: 'paused-endpoint', event: 'paid' }]);
    expect(lines[0]).not.toHaveProperty('CallDuration');
    expect(lines[0]).not.toHaveProperty('attempts');
  });

  test('is called for once where the probe is healthy: the probe is no call of its own', async () => {
    const { deliver, entries, lines, called } = await afterFailures(answered(200, '{"code":1002}'));
    await deliver(record('x'));

    expect(called()).toEqual(['', 'x']);
    expect(lines).toMatchObject([{ outcome: 'delivered', attempts: 1 }]);
    expect([...entries.values()].at(-1)).toMatchObject({ state: 'delivered', attempts: 1 });
  });

  test('is the only one that is called for, of all that come with it', async () => {
    const { deliver, called } = await afterFailures(answered(200, '{"code":1002}'), answered(502, ''));
    await deliver(record('x'), record('y'), record('z'));

    expect(called()).toEqual(['', 'x']);
  });
});

test('the line of a probe that is not understood has a metric of the stack, and no event', () => {
  expect(formatUnknownProbe({ status: 403, code: '7', description: 'secret' }, NOW)).toEqual({
    _aws: {
      Timestamp: NOW.getTime(),
      CloudWatchMetrics: [
        { Namespace: 'WebhookAdapter', Dimensions: [['stack']], Metrics: [{ Name: 'ProbesNotUnderstood' }] },
      ],
    },
    ProbesNotUnderstood: 1,
    stage: 'deliver',
    code: 'probe-not-understood',
    answer: { status: 403, code: '7' },
  });
});
