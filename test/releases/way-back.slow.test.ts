import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { dropDeadLetters } from '../../cli/dead-letters/list.ts';
import { STATES, startUpgradedStack, type UpgradedStack } from './upgraded-stack.ts';

/** Of these, events are left in the middle of a call: as many as a new worker has under way without an answer. */
const KILLED = ['stripe', 'github', 'twilio', 'sendgrid'];

/** Every state but `expired`: Webex Campaign accepts these events before the way back, or after it. */
const SENT = ['delivered', 'waiting', 'unconfirmed', 'failed', 'claimed'] as const;

/**
 * Today's code knows the events of these vendors by another id than 0.1.0 (docs/upgrade.md has the list, too): 0.1.0 takes
 * a webhook that is sent again for a new one.
 */
const KNOWN_OTHERWISE = [
  ...['adyen-standard', 'gocardless', 'hubspot-v1', 'hubspot-v3', 'klaviyo', 'line', 'mandrill', 'sendgrid'],
  'twilio',
];

/** The vendors of which Webex Campaign has accepted an event more than once. */
function repeatedVendors(upgraded: UpgradedStack): readonly string[] {
  const whoms = SENT.flatMap((state) => upgraded.acceptedOf(state));
  const times = Map.groupBy(whoms, (whom) => whom);
  return upgraded.vendors.flatMap(({ name }) =>
    SENT.some((state) => (times.get(`${state}/${name}`)?.length ?? 0) > 1) ? [name] : [],
  );
}

describe("a stack of today's that goes back to 0.1.0", () => {
  let upgraded: UpgradedStack;

  beforeEach(async () => {
    upgraded = await startUpgradedStack(KILLED);
    await upgraded.leaveEveryState();
  }, 300_000);

  afterEach(() => upgraded.stop());

  test('with an empty buffer and no dead letters repeats nothing, but what a vendor sends again and was known otherwise', async () => {
    upgraded.recover();
    await upgraded.untilEmptyBuffer();
    await upgraded.replayAll();
    const { port } = upgraded;
    const options = { port, ids: [], all: true, yes: true, reason: 'arrived, says Cisco' };
    expect(await dropDeadLetters(options, undefined)).toMatchObject({ exitCode: 0 });
    expect(await upgraded.deadLetters()).toEqual([]);
    for (const state of SENT) {
      expect([state, upgraded.acceptedOf(state)]).toEqual([state, upgraded.whomsOf(state)]);
    }

    await upgraded.deployRelease();
    await upgraded.sendAll(STATES, 1);
    await upgraded.untilEmptyBuffer();

    expect(repeatedVendors(upgraded)).toEqual(KNOWN_OTHERWISE);
    expect(upgraded.callsOf('expired')).toEqual([]);
    expect(await upgraded.deadLetters()).toEqual([]);

    await upgraded.deployToday();
    await upgraded.sendAll(STATES, 2);
    await upgraded.untilEmptyBuffer();

    expect(upgraded.calls.at(-1)?.by).toBe('release');
  }, 400_000);

  test('in the middle of its work loses nothing, and repeats nothing but what was known otherwise', async () => {
    await upgraded.deployRelease();
    upgraded.recover();
    await upgraded.sendAll(STATES, 1);
    await upgraded.untilEmptyBuffer();
    // Their dead letters are of today's code, and 0.1.0 cannot read them.
    await upgraded.deployToday();
    await upgraded.replayAll();

    for (const state of SENT) {
      const accepted = [...new Set(upgraded.acceptedOf(state))];
      expect([state, accepted]).toEqual([state, upgraded.whomsOf(state)]);
    }
    expect(repeatedVendors(upgraded)).toEqual(KNOWN_OTHERWISE);
    expect(upgraded.callsOf('expired')).toEqual([]);
    const others = (await upgraded.deadLetters()).filter((one) => !one.startsWith('unconfirmed/'));
    expect(others).toEqual([]);
  }, 400_000);
});
