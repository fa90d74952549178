import { describe, expect, test } from '@jest/globals';
import { batchSize, drainAfter } from '../../../cli/stacks/load.ts';
import { billInput } from './bill-input.ts';

test('a batch has one webhook until the workers cannot keep up with that', () => {
  const sizeAt = (perSecond: number, eventsPerSecond: number) => {
    const { facts, usage } = billInput({ usage: { webhooks: perSecond * 2_628_000 } });
    return batchSize(usage, { ...facts, deliver: { ...facts.deliver, eventsPerSecond } });
  };
  expect(sizeAt(5, 5)).toBe(1);
  // Two workers of 0.1 s manage 20 a second one by one; of two webhooks a batch takes 0.1 s + 2/1000 s.
  expect(sizeAt(20, 1_000)).toBe(1);
  expect(sizeAt(21, 1_000)).toBe(2);
  expect(sizeAt(6, 5)).toBe(10);
});

describe('after an outage', () => {
  const drain = (hours: number, changes: Parameters<typeof billInput>[0] = {}) => {
    const { facts, usage } = billInput(changes);
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
      perSecond: 5,
      limitedBy: 'events-per-second',
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

  test('workers that cannot keep up with the rate hold it down', () => {
    const { facts, usage } = billInput(busy);
    const deliver = { ...facts.deliver, eventsPerSecond: 100 };
    // Two workers, each ten webhooks a batch: 0.02 + 0.08 s, and nine calls more that are 2/100 s apart.
    const { perSecond, limitedBy, seconds } = drainAfter(100, usage, { ...facts, deliver });
    expect([Math.round(perSecond * 10) / 10, limitedBy]).toEqual([71.4, 'concurrency']);
    // 24 h x 3,600 s x 1; at 71.4 - 1 a second.
    expect(seconds).toBeCloseTo(86_400 / (20 / 0.28 - 1), 3);
  });

  test('copies and what is ignored do not wait', () => {
    expect(drain(10, { usage: { webhooks: 2_628_000, duplicates: 0.25, ignored: 0.25 } }).waiting).toBe(
      18_000,
    );
  });
});
