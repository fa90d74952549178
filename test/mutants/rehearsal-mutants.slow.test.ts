import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { stop } from 'esbuild';
import type { Scoreboard } from '../../rehearsal/judge/scoreboard.ts';
import { answered, FAULTS } from '../../rehearsal/plan/faults.ts';
import type { WorldEvent } from '../../rehearsal/plan/plan.ts';
import { type PlanSettings, planWorld } from '../../rehearsal/plan/plan-world.ts';
import { type Rehearsal, startRehearsal } from '../../rehearsal/rehearsal.ts';
import { REHEARSAL_MUTANTS, SHORT_BUDGET, UNBOUNDED_RETRY } from './mutants.ts';
import { withMutant } from './with-mutant.ts';

// A rehearsal that cannot fail proves nothing: here it has to find mutants of the adapter.
const PATIENCE = 180_000;
// Without what takes long (hanging calls, killed workers, an hour of failures, and a rotation, which ingest sees within a
// minute), and without a deploy, which would put the real code in the mutant's place.
const LEFT_OUT: readonly WorldEvent['name'][] = [
  'signing-secret-rotated',
  'hour-of-failures',
  'mapping-changed',
  'mapping-restored',
];
const USUAL = {
  events: 75,
  faults: FAULTS.filter(({ isSlow }) => isSlow !== true),
  befalls: (event: WorldEvent['name']) => !LEFT_OUT.includes(event),
};

let rehearsal: Rehearsal;
beforeAll(async () => {
  const started = await startRehearsal(120);
  if (!started.ok) throw new Error(started.failure);
  rehearsal = started.value;
}, PATIENCE);
afterAll(async () => {
  await rehearsal.stop();
  await stop();
});

let seed = 100;
/** Webhooks have their ids by the seed, so no rehearsal meets what another has left in the ledger. */
function play(plan: Omit<PlanSettings, 'seed'>, seconds: number): Promise<Scoreboard> {
  seed += 1;
  return rehearsal.play(planWorld({ ...plan, seed }), { deadlineSeconds: seconds });
}

describe('the rehearsal', () => {
  test(
    'finds nothing wrong with the adapter as it is',
    async () => {
      expect(await play(USUAL, 120)).toMatchObject({
        ok: true,
        wrong: [],
        lost: 0,
        duplicated: 0,
      });
    },
    PATIENCE,
  );

  test.each(REHEARSAL_MUTANTS)(
    'finds the mutant: $name',
    async ({ mutant, finding, befalls, fault }) => {
      const plan = {
        ...USUAL,
        ...(befalls !== undefined && { befalls: (name: string) => name === befalls }),
        ...(fault !== undefined && { faults: FAULTS.filter(({ name }) => name === fault) }),
      };
      const score = await withMutant(rehearsal.run, mutant, () => play(plan, 100));

      expect(score).toMatchObject({
        ok: false,
        wrong: expect.arrayContaining([expect.stringMatching(finding)]),
      });
    },
    PATIENCE,
  );

  // Last: its messages stay on the buffer.
  test(
    'finds the mutant: unbounded retry',
    async () => {
      const forever = answered('429 for ever', () => [{ status: 429, times: 1_000 }], 'retries-exhausted');
      const plan = { events: 4, faults: [forever], befalls: () => false };

      expect(await withMutant(rehearsal.run, SHORT_BUDGET, () => play(plan, 60))).toMatchObject({
        ok: true,
        deadLettered: { 'retries-exhausted': 4 },
      });
      expect(await withMutant(rehearsal.run, UNBOUNDED_RETRY, () => play(plan, 20))).toMatchObject({
        ok: false,
        waiting: 4,
      });
    },
    PATIENCE,
  );
});
