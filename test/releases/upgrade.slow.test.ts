import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { STATES, startUpgradedStack, type UpgradedStack } from './upgraded-stack.ts';

/** Of these, events are left in the middle of a call. More would not be called at the same time. */
const KILLED = ['hubspot-v3', 'line', 'stripe', 'sendgrid', 'mailgun', 'twilio', 'github', 'mandrill'];

describe('a stack of 0.1.0 that is upgraded in the middle of its work', () => {
  let upgraded: UpgradedStack;

  beforeAll(async () => {
    upgraded = await startUpgradedStack(KILLED);
    await upgraded.deployRelease();
  }, 240_000);

  afterAll(() => upgraded.stop());

  test('0.1.0 leaves events in every state', async () => {
    await upgraded.leaveEveryState();

    expect(upgraded.calls.every(({ by }) => by === 'release')).toBe(true);
  }, 240_000);

  test("today's code goes on: every vendor repeats every webhook, and nothing is called twice, nothing lost", async () => {
    await upgraded.deployToday();
    upgraded.recover();

    await upgraded.sendAll(STATES, 1);
    await upgraded.untilEmptyBuffer();

    for (const state of ['delivered', 'waiting', 'unconfirmed', 'claimed'] as const) {
      expect([state, upgraded.acceptedOf(state)]).toEqual([state, upgraded.whomsOf(state)]);
    }
    for (const state of ['delivered', 'unconfirmed', 'failed', 'expired', 'claimed'] as const) {
      expect(upgraded.callsOf(state).filter(({ by }) => by === 'today')).toEqual([]);
    }
  }, 300_000);

  test('the dead letters of 0.1.0 are replayed: what was refused is sent once, what is unsure stays', async () => {
    expect(await upgraded.countOf('claimed')).toBe(0);

    await upgraded.replayAll();

    for (const state of ['failed', 'delivered', 'waiting', 'unconfirmed', 'claimed'] as const) {
      expect([state, upgraded.acceptedOf(state)]).toEqual([state, upgraded.whomsOf(state)]);
    }
    expect(upgraded.callsOf('expired')).toEqual([]);
    const names = [...upgraded.vendors.map(({ name }) => name), ...KILLED];
    expect(await upgraded.deadLetters()).toEqual(names.map((name) => `unconfirmed/${name}`).sort());
  }, 300_000);
});
