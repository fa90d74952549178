import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { FIRST } from './letters-mappings.ts';
import { LettersWorld } from './letters-world.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'letters-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

const DAY = 86_400_000;

/** A webhook of three items, all refused: one dead letter. */
async function refusedBatch(): Promise<LettersWorld> {
  const world = new LettersWorld(directory);
  world.send(0, 'batch');
  await world.receive(0, ['refused', 'refused', 'refused']);
  return world;
}

/** A webhook of two events: `one` was refused, `also` accepted. */
async function refusedOne(): Promise<LettersWorld> {
  const world = new LettersWorld(directory);
  world.send(0, 'solo');
  await world.receive(0, ['refused', 'accepted']);
  return world;
}

const failuresIn = (world: LettersWorld) =>
  world
    .letters()
    .map(({ failures }) => failures.map(({ code, event, items }) => [code, event, ...(items ?? [])]));

describe('the dead letter of a webhook', () => {
  test('lists all its events that failed, in one message', async () => {
    const world = await refusedBatch();

    expect(failuresIn(world)).toEqual([[['webex-mandatory-field-missing', 'each', 0, 1, 2]]]);
  });

  test('is left without the one event that is replayed', async () => {
    const world = await refusedBatch();
    await world.replay(0, 1);

    expect(failuresIn(world)).toEqual([[['webex-mandatory-field-missing', 'each', 0, 2]]]);
    await world.settle();
    expect([...world.accepted]).toEqual([['0/each/1', 1]]);
  });

  test('is left without the one event that is dropped', async () => {
    const world = await refusedBatch();
    await world.drop(0, 0);

    expect(failuresIn(world)).toEqual([[['webex-mandatory-field-missing', 'each', 1, 2]]]);
  });

  test.each(Array.from({ length: 8 }, (_, step) => [step]))(
    'loses nothing and sends nothing twice when a replay of one event dies at step %d',
    async (step) => {
      const world = await refusedBatch();
      await world.replay(0, 1, step);
      await world.settle();
      for (let letters = world.letters().length; letters > 0; letters -= 1) await world.replay(0, undefined);
      await world.settle();

      expect(world.letters()).toEqual([]);
      expect(Object.fromEntries(world.accepted)).toEqual({ '0/each/0': 1, '0/each/1': 1, '0/each/2': 1 });
    },
  );

  test.each(Array.from({ length: 6 }, (_, step) => [step]))(
    'keeps all other events when a drop of one dies at step %d',
    async (step) => {
      const world = await refusedBatch();
      await world.drop(0, 1, step);

      expect([...world.parked()]).toEqual(expect.arrayContaining(['0/each/0', '0/each/2']));
    },
  );
});

describe('a replay', () => {
  test.each([
    ['event left the mapping', { hasOne: false }],
    ['source left the mappings', { hasSource: false }],
  ])('whose %s keeps the event, and sends it once it is back', async (_, without) => {
    const world = await refusedOne();
    await world.replay(0, undefined);
    world.deploy({ ...FIRST, ...without });
    await world.settle();
    expect(failuresIn(world)).toEqual([[['no-mapping', 'one']]]);
    world.deploy(FIRST);
    await world.replay(0, undefined);
    await world.settle();

    expect(Object.fromEntries(world.accepted)).toEqual({ '0/also': 1, '0/one': 1 });
    expect(world.letters()).toEqual([]);
  });

  test('is not made while the mapping has no such event, and says so', async () => {
    const world = await refusedOne();
    world.deploy({ ...FIRST, hasOne: false });

    expect(await world.replay(0, undefined)).toMatchObject({
      outcome: 'stays',
      reasons: [
        expect.stringContaining('one: stays, as the mapping of this project has no such event any more'),
      ],
    });
    expect(failuresIn(world)).toEqual([[['webex-mandatory-field-missing', 'one']]]);
  });

  test('that SQS itself moved is still of its event alone', async () => {
    const world = await refusedOne();
    await world.replay(0, undefined);
    world.moveBySqs(0);
    expect(failuresIn(world)).toEqual([[['moved-by-sqs', 'one']]]);
    await world.replay(0, undefined);
    await world.settle();

    expect(Object.fromEntries(world.accepted)).toEqual({ '0/also': 1, '0/one': 1 });
  });

  test('of a copy that a crash left stays once the ledger may have forgotten what became of it', async () => {
    const world = await refusedOne();
    // It dies between the buffer and the removal.
    await world.replay(0, undefined, 2);
    await world.settle();
    expect(Object.fromEntries(world.accepted)).toEqual({ '0/also': 1, '0/one': 1 });
    expect(failuresIn(world)).toEqual([[['webex-mandatory-field-missing', 'one']]]);
    world.wait(31 * DAY);

    expect(await world.replay(0, undefined)).toMatchObject({
      outcome: 'stays',
      reasons: [expect.stringContaining('the ledger may have forgotten that it was sent')],
    });
  });

  test('of what 0.1.0 forgot the event of becomes a dead letter that names it again', async () => {
    const world = await refusedOne();
    world.forget(0);
    await world.replay(0, undefined);
    await world.settle();
    expect(failuresIn(world)).toEqual([[['webex-mandatory-field-missing', 'one']]]);
    await world.replay(0, undefined);
    await world.settle();

    expect(Object.fromEntries(world.accepted)).toEqual({ '0/also': 1, '0/one': 1 });
    expect(world.letters()).toEqual([]);
  });

  test('touches no sibling, however long the replays go on', async () => {
    const world = await refusedOne();
    for (let week = 0; week < 6; week += 1) {
      world.wait(7 * DAY);
      await world.replay(0, undefined);
      await world.receive(0, ['refused']);
    }

    expect(Object.fromEntries(world.accepted)).toEqual({ '0/also': 1 });
    expect(failuresIn(world)).toEqual([[['webex-mandatory-field-missing', 'one']]]);
  });

  test('of an event that was renamed finds it, and the source by its former name', async () => {
    const world = await refusedOne();
    world.deploy({ ...FIRST, one: 'uno', formerOnes: ['one'], source: 'store', formerSources: ['shop'] });
    await world.replay(0, undefined);
    await world.settle();
    world.send(0, 'solo');
    await world.settle();

    expect(Object.fromEntries(world.accepted)).toEqual({ '0/also': 1, '0/one': 1 });
    expect(world.letters()).toEqual([]);
  });
});

describe('an event that waits', () => {
  test('is a dead letter once the mapping has it no more, and is sent when it is back', async () => {
    const world = new LettersWorld(directory);
    world.send(0, 'solo');
    await world.receive(0, ['throttled', 'accepted']);
    world.deploy({ ...FIRST, hasOne: false });
    await world.settle();
    expect(failuresIn(world)).toEqual([[['no-mapping', 'one']]]);
    world.deploy(FIRST);
    await world.replay(0, undefined);
    await world.settle();

    expect(Object.fromEntries(world.accepted)).toEqual({ '0/also': 1, '0/one': 1 });
  });
});
