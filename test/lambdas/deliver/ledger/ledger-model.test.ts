import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { FATES, type Receive } from './ledger-fates.ts';
import { LEASE_SECONDS, LedgerWorld } from './ledger-world.ts';

const MESSAGES = 3;

/** Fewer where each of many mutants meets them (test/mutation). */
const RUNS = 10 * (fc.readConfigureGlobal()?.numRuns ?? 150);

const fault = fc.record({
  at: fc.nat({ max: 9 }),
  what: fc.constantFrom('dies-before', 'dies-after', 'fails-before', 'fails-after'),
});

const receive: fc.Arbitrary<Receive> = fc.record({
  message: fc.nat({ max: MESSAGES - 1 }),
  fates: fc.array(fc.constantFrom(...FATES), { maxLength: 2 }),
  faults: fc.array(fault, { maxLength: 2 }),
});

/** Workers that are at it at the same time, and how much time passes until the next are. */
const round = fc.record({
  receives: fc.array(receive, { minLength: 1, maxLength: 3 }),
  pauseSeconds: fc.constantFrom(1, 20, LEASE_SECONDS + 1, 5 * 3_600),
});

type Round = { readonly receives: readonly Receive[]; readonly pauseSeconds: number };

async function live(world: LedgerWorld, rounds: readonly Round[], scheduler: fc.Scheduler): Promise<void> {
  for (const { receives, pauseSeconds } of rounds) {
    const working = Promise.all(receives.map((one) => world.receive(one)));
    await scheduler.waitFor(working);
    world.now += pauseSeconds * 1000;
  }
}

/** From here on nothing goes wrong: whatever is still waiting is received until it is not. */
async function comeToRest(world: LedgerWorld, scheduler: fc.Scheduler): Promise<void> {
  for (let rounds = 0; world.waiting.size > 0 && rounds < 20; rounds += 1) {
    const receives = [...world.waiting].map((message) => ({ message, fates: [], faults: [] }));
    await live(world, [{ receives, pauseSeconds: LEASE_SECONDS + 1 }], scheduler);
  }
}

async function everyWorld(
  terms: { onUnconfirmed: 'park' | 'retry'; maxAgeSeconds?: number },
  check: (world: LedgerWorld) => void,
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(round, { minLength: 1, maxLength: 6 }),
      async (scheduler, rounds) => {
        const world = new LedgerWorld(scheduler, MESSAGES, terms);
        await live(world, rounds, scheduler);
        await comeToRest(world, scheduler);

        // Every event ends delivered, dead-lettered or expired, and every message about it goes.
        expect(world.waiting.size).toBe(0);
        const isHeard = world.outcomes.some(({ outcome }) => outcome === 'delivered');
        const isDelivered = isHeard || world.entry?.state === 'delivered';
        const isExpired = world.entry?.state === 'expired';
        expect(isDelivered || world.deadLetters.length > 0 || isExpired).toBe(true);
        // What has ended otherwise than well is not lost.
        const isEndedBadly = world.entry?.state === 'failed' || world.entry?.state === 'unconfirmed';
        if (isEndedBadly) expect(world.deadLetters.length).toBeGreaterThan(0);
        if (isDelivered) expect(world.accepted).toBeGreaterThan(0);
        // Whatever went on since, the intake record is that of the first delivery of which the ledger has heard.
        expect(world.entry?.intakeRecord?.webhookId).toBe(world.firstClaim);
        check(world);
      },
    ),
    { numRuns: RUNS },
  );
}

describe('whatever workers, deaths, duplicates and failures of the ledger come together, an event', () => {
  test('that is parked when unconfirmed is accepted once at most, and never lost', async () => {
    await everyWorld({ onUnconfirmed: 'park' }, (world) => {
      expect(world.accepted).toBeLessThanOrEqual(1);
    });
  });

  test('that is repeated when unconfirmed is accepted once more at most for each time it was unclear', async () => {
    await everyWorld({ onUnconfirmed: 'retry' }, (world) => {
      expect(world.accepted).toBeLessThanOrEqual(1 + world.unclear);
    });
  });

  test('that is too old before it is called ends as expired, or as what became of it before', async () => {
    await everyWorld({ onUnconfirmed: 'park', maxAgeSeconds: 60 }, (world) => {
      expect(world.accepted).toBeLessThanOrEqual(1);
      if (world.calls === 0) expect(['expired', 'unconfirmed']).toContain(world.entry?.state);
    });
  });
});
