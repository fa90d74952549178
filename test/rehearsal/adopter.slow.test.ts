import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { FAULTS } from '../../rehearsal/plan/faults.ts';
import { eventsOf } from '../../rehearsal/plan/plan.ts';
import { openAdopterWorld } from '../../rehearsal/plan/world.ts';
import { type Rehearsal, startRehearsal } from '../../rehearsal/rehearsal.ts';

const MAPPINGS = fileURLToPath(new URL('./adopter-mappings', import.meta.url));

// An adopter's mappings: another profile, two events of one webhook, items, a repetition, and a source that nobody but
// its vendor can sign for.
describe("a rehearsal with an adopter's mappings", () => {
  let rehearsal: Rehearsal;
  beforeAll(async () => {
    const started = await startRehearsal(120, MAPPINGS);
    if (!started.ok) throw new Error(started.failure);
    rehearsal = started.value;
  }, 240_000);
  afterAll(() => rehearsal.stop());

  test('accounts for every event of a script made of their examples, and names what it could not rehearse', async () => {
    const faults = FAULTS.filter(({ isSlow }) => isSlow !== true);
    const plan = await rehearsal.plan({ seed: 5, events: 50, faults });

    const score = await rehearsal.play(plan, { deadlineSeconds: 400 });

    expect(score).toMatchObject({ ok: true, wrong: [], lost: 0, duplicated: 0, webhooks: 50, leaks: [] });
    expect(score.delivered).toBeGreaterThan(15);
    expect(score.deadLettered['event-key-missing']).toBeGreaterThan(0);
    expect(score.expired).toBeGreaterThan(0);
    expect(score.notRehearsed).toEqual([
      expect.stringMatching(/^source robot, with its 1 examples: Only the vendor can sign/),
      'fault "stale": there is no example that it can befall',
      expect.stringContaining('fault "not JSON"'),
    ]);
  }, 480_000);

  test('has no two webhooks alike, nor two of their events', async () => {
    const { webhooks } = await rehearsal.plan({ seed: 6, events: 40 });
    const calls = webhooks.flatMap(eventsOf).filter(({ whom }) => whom !== '');

    expect(new Set(calls.map(({ whom, eventId }) => `${eventId} ${whom}`)).size).toBe(calls.length);
    expect(new Set(webhooks.map(({ example }) => example?.name)).size).toBe(5);
    expect(calls.some(({ policy }) => policy === 'retry')).toBe(true);
  });
});

test('mappings with problems are not rehearsed, and the problems are told as by "validate"', async () => {
  const opened = await openAdopterWorld(
    fileURLToPath(new URL('../fixtures/mappings/invalid', import.meta.url)),
  );

  expect(opened).toMatchObject({ ok: false, failure: expect.stringMatching(/mapping\.yaml:\d+:\d+ /) });
});
