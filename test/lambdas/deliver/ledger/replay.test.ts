import { describe, expect, test } from '@jest/globals';
import { replayedMessage } from '../../../../lambdas/buffer/message.ts';
import type { Replay } from '../../../../lambdas/buffer/replay.ts';
import type { Attempt } from '../../../../lambdas/deliver/event-api/verdict.ts';
import type { BufferRecord } from '../../../../lambdas/deliver/work.ts';
import { fail, succeed } from '../../../../lambdas/result.ts';
import { LEASE_MILLISECONDS, NOW, record, setUp } from '../deliver-setup.ts';
import { answerByKey } from '../event-api/answer-by-key.ts';

const ACCEPTED: Attempt = {
  kind: 'answered',
  status: 200,
  retryAfter: undefined,
  body: '{"transaction-id":"event_9"}',
};
const SILENT: Attempt = { kind: 'no-answer', cause: 'timeout' };
const THROTTLED: Attempt = { ...ACCEPTED, status: 429, body: '{"code":429}' };

/** A deliver function to which Webex Campaign gives these answers call by call, and then the one that the key stands for. */
function withAnswers(...answers: Attempt[]) {
  return setUp({}, { call: async (request) => answers.shift() ?? answerByKey(request) });
}

/** The same webhook, put back by a person. */
function replayed(original: BufferRecord, replay: Replay): BufferRecord {
  return { ...original, messageId: 'replayed', message: replayedMessage(original.message, replay) };
}

type Setup = ReturnType<typeof setUp>;

function revisionOf({ entries }: Setup): number {
  return [...entries.values()].at(-1)?.revision ?? 0;
}

describe('a replayed webhook', () => {
  test('whose event had failed is called again, and delivered once however often the message comes', async () => {
    const setup = withAnswers({ ...ACCEPTED, body: '{"code":1002}' }, ACCEPTED);
    await setup.deliver(record('ann'));
    const again = replayed(record('ann'), { events: [{ event: 'paid', revision: revisionOf(setup) }] });

    expect(await setup.deliver(again)).toEqual([]);
    expect(await setup.deliver(again)).toEqual([]);
    expect(setup.called()).toEqual(['ann', 'ann']);
    expect(setup.lines.map(({ outcome }) => outcome)).toEqual(['dead-letter', 'delivered', 'duplicate']);
    expect([...setup.entries.values()]).toMatchObject([
      {
        state: 'delivered',
        attempts: 2,
        history: [
          { answerCode: '1002', eventId: 'evt_1' },
          { code: 'delivered', eventId: 'evt_1' },
        ],
      },
    ]);
  });

  test('whose event was delivered is not called again', async () => {
    const setup = withAnswers(ACCEPTED);
    await setup.deliver(record('ann'));

    await setup.deliver(
      replayed(record('ann'), {
        events: [{ event: 'paid', revision: revisionOf(setup) }],
        unconfirmed: true,
      }),
    );

    expect(setup.called()).toEqual(['ann']);
  });

  test('whose event is parked is not called again without its own word for that', async () => {
    const setup = withAnswers(SILENT);
    await setup.deliver(record('ann'));

    await setup.deliver(
      replayed(record('ann'), { events: [{ event: 'paid', revision: revisionOf(setup) }] }),
    );

    expect(setup.called()).toEqual(['ann']);
  });

  test('whose event is parked is called once by its own word, even if that is not answered either', async () => {
    const setup = withAnswers(SILENT, SILENT);
    await setup.deliver(record('ann'));
    const leave = { events: [{ event: 'paid', revision: revisionOf(setup) }], unconfirmed: true as const };

    await setup.deliver(replayed(record('ann'), leave));
    await setup.deliver(replayed(record('ann'), leave));

    expect(setup.called()).toEqual(['ann', 'ann']);
    expect(setup.deadLetters).toHaveLength(2);
  });

  test('is used up even if its worker dies in the call', async () => {
    const setup = withAnswers(SILENT);
    await setup.deliver(record('ann'));
    const leave = { events: [{ event: 'paid', revision: revisionOf(setup) }], unconfirmed: true as const };
    // The worker claimed the event by this replay, and died.
    const [key = '', entry] = [...setup.entries].at(-1) ?? [];
    if (entry === undefined) throw new Error('There is no entry.');
    const { deadLetteredAt: _, ...left } = entry;
    setup.entries.set(key, { ...left, state: 'claimed', revision: entry.revision + 1, leaseUntil: NOW });

    expect(await setup.deliver(replayed(record('ann'), leave))).toEqual([]);
    expect(setup.called()).toEqual(['ann']);
    expect(setup.deadLetters.at(-1)?.[1]).toMatchObject({
      failures: [{ code: 'unconfirmed', detail: 'worker-lost' }],
    });
  });

  test('whose event is parked goes on being tried when it is throttled', async () => {
    const setup = withAnswers(SILENT, THROTTLED, ACCEPTED);
    await setup.deliver(record('ann'));
    const again = replayed(record('ann'), {
      events: [{ event: 'paid', revision: revisionOf(setup) }],
      unconfirmed: true,
    });

    expect(await setup.deliver(again)).toEqual(['replayed']);
    setup.clock.now = new Date(NOW.getTime() + 120_000);
    expect(await setup.deliver(again)).toEqual([]);
    expect(setup.called()).toEqual(['ann', 'ann', 'ann']);
    expect([...setup.entries.values()]).toMatchObject([{ state: 'delivered' }]);
  });

  test('leaves an event alone while another worker has it', async () => {
    const setup = withAnswers();
    const [entry] = await claimedByAnother(setup);

    expect(
      await setup.deliver(replayed(record('ann'), { events: [{ event: 'paid', revision: entry }] })),
    ).toEqual(['replayed']);
    expect(setup.called()).toEqual([]);
  });

  test('touches no other event of its webhook that has ended', async () => {
    const batch = record('batch', 'batch', { body: { keys: ['ann', 'cat', 'dog'] } });
    const setup = withAnswers(ACCEPTED, { ...ACCEPTED, body: '{"code":1002}' }, SILENT, ACCEPTED);
    await setup.deliver(batch);
    const entry = [...setup.entries.values()].find(({ event }) => event === 'each#1');

    await setup.deliver(
      replayed(batch, { events: [{ event: 'each', items: [1], revision: entry?.revision ?? 0 }] }),
    );

    expect(setup.called()).toEqual(['ann', 'cat', 'dog', 'cat']);
    expect([...setup.entries.values()].map(({ state }) => state)).toEqual([
      'delivered',
      'delivered',
      'unconfirmed',
    ]);
  });

  test('sends an event that the ledger does not know', async () => {
    const setup = withAnswers(ACCEPTED);

    expect(await setup.deliver(replayed(record('ann'), {}))).toEqual([]);
    expect(setup.called()).toEqual(['ann']);
  });

  test('that is too late becomes a dead letter that says so, unless a person wants it all the same', async () => {
    const late = record('ann', 'fresh', { body: { at: '2026-11-24T10:00:00Z' } });
    const setup = withAnswers(ACCEPTED);
    await setup.deliver(late);
    expect(setup.called()).toEqual([]);

    await setup.deliver(replayed(late, { events: [{ event: 'fresh', revision: revisionOf(setup) }] }));
    expect(setup.called()).toEqual([]);
    expect(setup.deadLetters).toMatchObject([[{}, { failures: [{ code: 'too-old', event: 'fresh' }] }]]);
    const events = [{ event: 'fresh', revision: revisionOf(setup) }];
    await setup.deliver(replayed(late, { events, late: true }));
    expect(setup.called()).toEqual(['ann']);
  });

  test('has a retry budget of its own, from the time that it was put back', async () => {
    const setup = withAnswers(THROTTLED);
    const old = { bufferedAt: new Date(NOW.getTime() - 90_000_000) };
    await setup.deliver(record('ann', 'invoice.paid', old));
    expect(setup.deadLetters[0]?.[1]).toMatchObject({ failures: [{ code: 'retries-exhausted' }] });

    setup.clock.now = new Date(NOW.getTime() + 120_000);
    await setup.deliver(
      replayed(record('ann'), { events: [{ event: 'paid', revision: revisionOf(setup) }] }),
    );
    expect(setup.lines.at(-1)).toMatchObject({ outcome: 'delivered' });
  });
});

describe('a dead letter', () => {
  test('has the vendor’s words without the customer’s values, and the log has none of them', async () => {
    const setup = withAnswers({ ...ACCEPTED, body: '{"code":1002,"description":"no plan for ann"}' });
    await setup.deliver(record('ann'));

    expect(setup.deadLetters[0]?.[1].failures[0]?.answer).toEqual({
      status: 200,
      code: '1002',
      description: 'no plan for •••',
    });
    expect(JSON.stringify(setup.lines)).not.toContain('no plan');
  });

  test('that cannot be written leaves the message on the buffer, and is written by the next to receive it', async () => {
    let isDown = true;
    const written: unknown[] = [];
    const setup = setUp({
      putDeadLetter: async (_, note) => {
        if (isDown) return fail({ cause: 'QueueDoesNotExist' });
        written.push(note);
        return succeed(undefined);
      },
    });

    expect(await setup.deliver(record('cat'))).toEqual(['message-cat']);
    isDown = false;
    setup.clock.now = new Date(NOW.getTime() + LEASE_MILLISECONDS);
    expect(await setup.deliver(record('cat'))).toEqual([]);
    expect(setup.called()).toEqual(['cat']);
    expect(written).toMatchObject([{ failures: [{ code: 'webex-mandatory-field-missing', attempts: 1 }] }]);
  });
});

/** Another worker claims the event and is in its call. */
async function claimedByAnother(setup: Setup): Promise<[revision: number]> {
  await setup.deliver(record('ann'));
  const [key = '', entry] = [...setup.entries][0] ?? [];
  if (entry === undefined) throw new Error('There is no entry.');
  const leaseUntil = new Date(NOW.getTime() + LEASE_MILLISECONDS);
  setup.entries.set(key, { ...entry, state: 'claimed', leaseUntil });
  setup.requests.length = 0;
  return [entry.revision];
}
