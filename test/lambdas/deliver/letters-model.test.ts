import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Deployed } from './letters-mappings.ts';
import { FATES, type Fate, type Faults, LettersWorld, type WebhookType } from './letters-world.ts';

// Letters, replays, drops, vendor retries, deaths of workers and commands, and mappings that come, go, are renamed and
// rolled back, in any order. Each event that the ledger or a dead letter has ever had ends accepted once, in a dead letter,
// or dropped by a person.
let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'letters-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

/** Something that happens, by its name. */
type Step = { readonly name: string; readonly run: (world: LettersWorld) => unknown };

const WEBHOOKS: readonly WebhookType[] = ['solo', 'batch', 'solo'];
const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;

const place = fc.nat({ max: 5 });
const part = fc.option(fc.nat({ max: 2 }), { nil: undefined });
/** Mostly nobody dies. */
const death = fc.oneof(
  { weight: 3, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 14 }) },
);
const faults: fc.Arbitrary<Faults> = fc.record({ dies: death, fails: death });
const fates = fc.array(fc.constantFrom<Fate>(...FATES), { maxLength: 4 });

const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.nat({ max: 2 }).map(send) },
  { weight: 8, arbitrary: fc.tuple(place, fates, faults).map(receive) },
  { weight: 4, arbitrary: fc.tuple(place, part, death).map(replay) },
  { weight: 1, arbitrary: fc.tuple(place, part, death).map(drop) },
  { weight: 1, arbitrary: place.map(moveBySqs) },
  { weight: 1, arbitrary: place.map(forget) },
  { weight: 3, arbitrary: fc.constantFrom(1, 10, 240).map(waitMinutes) },
  { weight: 1, arbitrary: fc.constantFrom(9, 20).map(waitDays) },
  { weight: 4, arbitrary: fc.constantFrom(...changes()).map(deploy) },
);

function named(name: string, run: Step['run']): Step {
  return Object.assign({ name, run }, { [fc.toStringMethod]: () => name });
}

function send(webhook: number): Step {
  return named(`send ${webhook}`, (world) => world.send(webhook, WEBHOOKS[webhook] ?? 'solo'));
}

function receive([which, answers, fault]: [number, Fate[], Faults]): Step {
  const { dies, fails } = fault;
  return named(`receive ${which} ${answers} dies ${dies} fails ${fails}`, (world) =>
    world.receive(which, answers, fault),
  );
}

function replay([which, one, dies]: [number, number | undefined, number | undefined]): Step {
  return named(`replay ${which} ${one} dies ${dies}`, (world) => world.replay(which, one, dies));
}

function drop([which, one, dies]: [number, number | undefined, number | undefined]): Step {
  return named(`drop ${which} ${one} dies ${dies}`, (world) => world.drop(which, one, dies));
}

function moveBySqs(which: number): Step {
  return named(`moveBySqs ${which}`, (world) => world.moveBySqs(which));
}

function forget(which: number): Step {
  return named(`forget ${which}`, (world) => world.forget(which));
}

function waitMinutes(minutes: number): Step {
  return named(`wait ${minutes} min`, (world) => world.wait(minutes * MINUTE));
}

/** Nothing waits on the buffer for so long. */
function waitDays(days: number): Step {
  return named(`wait ${days} days`, async (world) => {
    await world.settle();
    world.wait(days * DAY);
  });
}

function deploy([name, change]: [string, (deployed: Deployed) => Partial<Deployed>]): Step {
  return named(name, (world) => world.deploy({ ...world.mapping, ...change(world.mapping) }));
}

function changes(): [string, (deployed: Deployed) => Partial<Deployed>][] {
  return [
    ['one comes or goes', ({ hasOne }) => ({ hasOne: !hasOne })],
    ['also comes or goes', ({ hasAlso }) => ({ hasAlso: !hasAlso })],
    ['each comes or goes', ({ hasEach }) => ({ hasEach: !hasEach })],
    ['the source comes or goes', ({ hasSource }) => ({ hasSource: !hasSource })],
    [
      'one is renamed, there or back',
      ({ one }) =>
        one === 'one' ? { one: 'uno', formerOnes: ['one'] } : { one: 'one', formerOnes: ['uno'] },
    ],
    [
      'the source is renamed, there or back',
      ({ source }) =>
        source === 'shop'
          ? { source: 'store', formerSources: ['shop'] }
          : { source: 'shop', formerSources: ['store'] },
    ],
  ];
}

/** What is wrong in a world, as a person would say it. */
function faultsIn(world: LettersWorld, isAtRest: boolean): readonly string[] {
  const twice = [...world.accepted]
    .filter(([, times]) => times > 1)
    .map(([fact]) => `${fact} was accepted twice`);
  if (!isAtRest) return twice;
  const parked = world.parked();
  const lost = [...world.owed].filter(
    (fact) => !world.accepted.has(fact) && !parked.has(fact) && !world.dropped.has(fact),
  );
  return [...twice, ...lost.map((fact) => `${fact} is lost`)];
}

async function play(script: readonly Step[]): Promise<readonly string[]> {
  const world = new LettersWorld(directory);
  for (const { run } of script) {
    await run(world);
    const faults = faultsIn(world, false);
    if (faults.length > 0) return faults;
  }
  await world.settle();
  return faultsIn(world, true);
}

describe('whatever befalls dead letters, replays and mappings', () => {
  test('every event ends accepted once, in a dead letter, or dropped by a person', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 5, maxLength: 40 }), async (script) => {
        expect(await play(script)).toEqual([]);
      }),
      { numRuns: 300, ...(process.env.MODEL_RUNS && { numRuns: Number(process.env.MODEL_RUNS) }) },
    );
  }, 120_000);
});
