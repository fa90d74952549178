import { describe, expect, test } from '@jest/globals';
import { drainAfter } from '../../../cli/cost/drain.ts';
import { limitsOf } from '../../../cli/cost/limits.ts';
import { COUNTED, costInput } from './cost-input.ts';

type Changes = Parameters<typeof costInput>[0];

function limits(changes: Changes = {}): Readonly<Record<string, number>> {
  const { facts, usage } = costInput(changes);
  const found = limitsOf(facts, usage, COUNTED);
  return Object.fromEntries(
    found.map(({ name, perSecond }) => [name.split(':')[0], Math.round(perSecond * 10) / 10]),
  );
}

describe('the limits, in webhooks a second', () => {
  test('are in the order in which they are hit', () => {
    expect(Object.entries(limits())).toEqual([
      ['events-per-second', 5],
      // 2 workers x 10 / (0.02 + 0.08 + 9 x 2/5 s)
      ['concurrency', 5.4],
      // 4,000 / 6 writes
      ['ledger', 666.7],
      ['API throttle', 10_000],
      // 1,000 / 0.012 s
      ['ingest concurrency', 83_333.3],
    ]);
  });

  test('are nearer with more events of a webhook', () => {
    expect(limits({ usage: { eventsPerWebhook: 2 } })).toMatchObject({
      'events-per-second': 2.5,
      ledger: 444.4,
    });
  });

  test('are further away where webhooks are ignored, but for the door’s', () => {
    expect(limits({ usage: { ignored: 0.5 } })).toMatchObject({
      'events-per-second': 10,
      ledger: 1_333.3,
      'API throttle': 10_000,
    });
  });

  test('are the template’s where it has some', () => {
    const { facts } = costInput();
    expect(limits({ facts: { apiPerSecond: 50, ingest: { ...facts.ingest, reserved: 3 } } })).toMatchObject({
      'API throttle': 50,
      'ingest concurrency': 250,
    });
  });
});

describe('after an outage', () => {
  const drain = (hours: number, changes: Changes = {}) => {
    const { facts, usage } = costInput(changes);
    return drainAfter(hours, usage, facts);
  };
  // One webhook a second.
  const busy = { usage: { webhooks: 2_628_000 } };

  test('what has come goes out at what the rate leaves beside what keeps coming', () => {
    // 10 h x 3,600 s x 1; at 5 - 1 a second.
    expect(drain(10, busy)).toEqual({
      hours: 10,
      waiting: 36_000,
      deadLettered: 0,
      seconds: 9_000,
      inFlightHours: 100 / 3,
    });
  });

  test('the last comes back after the longest pause, however few wait', () => {
    expect(drain(1, busy).seconds).toBe(900);
    expect(drain(0, busy).seconds).toBe(0);
  });

  test('of more than a day the oldest are dead letters', () => {
    expect(drain(30, busy)).toMatchObject({ waiting: 86_400, deadLettered: 21_600 });
  });

  test('nothing drains where more comes than may go out', () => {
    expect(drain(1, { usage: { webhooks: 5 * 2_628_000 } }).seconds).toBeUndefined();
  });

  test('copies and what is ignored do not wait', () => {
    expect(drain(10, { usage: { webhooks: 2_628_000, duplicates: 0.25, ignored: 0.25 } }).waiting).toBe(
      18_000,
    );
  });
});
