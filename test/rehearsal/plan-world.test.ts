import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { FAULTS } from '../../rehearsal/plan/faults.ts';
import { digestOf, eventsOf } from '../../rehearsal/plan/plan.ts';
import { planWorld } from '../../rehearsal/plan/plan-world.ts';

const settings = fc.record({ seed: fc.nat(), events: fc.integer({ min: 1, max: 300 }) });

describe('the script of a rehearsal', () => {
  test('is the same for the same seed', () => {
    fc.assert(
      fc.property(settings, (one) => {
        expect(digestOf(planWorld(one))).toBe(digestOf(planWorld(one)));
      }),
      { numRuns: 30 },
    );
  });

  test('is another one for another seed', () => {
    const digests = Array.from({ length: 50 }, (_, seed) => digestOf(planWorld({ seed, events: 60 })));

    expect(new Set(digests).size).toBe(50);
  });

  // Without it, a change to the generator would go unseen, and with it what a seed once showed.
  test('is this one for seed 1 and 60 events', () => {
    expect(digestOf(planWorld({ seed: 1, events: 60 }))).toMatchInlineSnapshot(`"61e8cd6205fa4cd7"`);
  });

  test('sends each webhook at least once, and tells of each campaign event by a name of its own', () => {
    fc.assert(
      fc.property(settings, (one) => {
        const { webhooks, steps } = planWorld(one);
        const posts = steps.flatMap((step) => (step.kind === 'burst' ? step.posts : []));
        const identities = webhooks.flatMap(eventsOf).map(({ identity }) => identity);

        expect(webhooks).toHaveLength(one.events);
        expect(new Set(posts)).toEqual(new Set(webhooks.keys()));
        expect(new Set(identities).size).toBe(identities.length);
      }),
      { numRuns: 30 },
    );
  });

  test('has every fault under every policy, once there are webhooks enough', () => {
    const every = FAULTS.flatMap(({ name, policies }) => policies.map((policy) => `${name}, ${policy}`));
    const { webhooks } = planWorld({ seed: 7, events: every.length });

    expect(webhooks.map(({ fault, policy }) => `${fault.name}, ${policy}`).sort()).toEqual(every.sort());
  });

  test('ends with webhooks, so that whatever befalls the world befalls some of them', () => {
    fc.assert(
      fc.property(settings, (one) => {
        expect(planWorld(one).steps.at(-1)?.kind).toBe('burst');
      }),
      { numRuns: 30 },
    );
  });
});
