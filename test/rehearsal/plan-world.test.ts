import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { bodiesOf } from '../../rehearsal/plan/build-webhook.ts';
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
    expect(digestOf(planWorld({ seed: 1, events: 60 }))).toMatchInlineSnapshot(`"fbb55e3a721d710f"`);
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

  test('changes the mapping before it restores it, and the world once for an hour', () => {
    fc.assert(
      fc.property(settings, (one) => {
        const names = planWorld(one).steps.flatMap((step) =>
          step.kind === 'world' ? [step.event.name] : [],
        );

        expect(names.indexOf('mapping-changed')).toBeLessThan(names.indexOf('mapping-restored'));
        expect(names.filter((name) => name === 'hour-of-failures')).toHaveLength(1);
      }),
      { numRuns: 30 },
    );
  });
});

describe('a vendor that cuts its batches anew', () => {
  const planned = planWorld({
    seed: 3,
    events: 40,
    faults: FAULTS.filter(({ source }) => source === 'cutting'),
  });
  const items = (bodies: readonly Uint8Array[]) =>
    bodies.map((body) => JSON.parse(Buffer.from(body).toString()) as readonly Record<string, unknown>[]);

  test('sends every item with each attempt, in other batches, and counts the attempts in it', () => {
    const now = new Date('2026-11-24T12:00:00Z');
    for (const webhook of planned.webhooks) {
      const [first = []] = items(bodiesOf(webhook, now, 0));
      const again = items(bodiesOf(webhook, now, 2));
      const facts = (all: readonly Record<string, unknown>[]) =>
        new Set(all.map(({ attemptNumber: _, ...fact }) => JSON.stringify(fact)));

      expect(again).toHaveLength(2);
      expect(facts(again.flat())).toEqual(facts(first));
      expect(new Set([...first, ...again.flat()].map(({ attemptNumber }) => attemptNumber))).toEqual(
        new Set([0, 2]),
      );
    }
  });
});
