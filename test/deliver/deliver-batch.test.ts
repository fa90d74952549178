import { describe, expect, test } from '@jest/globals';
import type { BufferMessage } from '../../lambdas/buffer/buffered-webhook.ts';
import type { DeadLetterNote } from '../../lambdas/dead-letter/dead-letter-note.ts';
import type { Attempt } from '../../lambdas/deliver/attempt.ts';
import {
  type BatchDependencies,
  type DeliverLine,
  deliverBatch,
} from '../../lambdas/deliver/deliver-batch.ts';
import type { BufferRecord } from '../../lambdas/deliver/read-records.ts';
import { fail, succeed } from '../../lambdas/result.ts';
import { compiledMapping } from '../map/compiled-mapping.ts';

const NOW = new Date('2026-11-23T12:00:00Z');

const MAPPING = compiledMapping([
  { name: 'paid', on: 'invoice.paid', 'event-id': 'evt_1', 'event-key': '{% key %}' },
  { name: 'each', on: 'batch', items: '{% keys %}', 'event-id': 'evt_2', 'event-key': '{% $item %}' },
]);

/** Answers by the event key, so that each record of a batch can meet another fate. */
const ANSWERS: Readonly<Record<string, { status: number; body: string; retryAfter?: string }>> = {
  ann: { status: 200, body: '{"transaction-id":"event_1"}' },
  bob: { status: 429, body: '{"code":429}', retryAfter: '40' },
  cat: { status: 200, body: '{"code":1002}' },
};

async function call({ body }: { readonly body: string }): Promise<Attempt> {
  const key = /"event-key":"(\w+)"/.exec(body)?.[1] ?? '';
  const answer = ANSWERS[key];
  if (answer === undefined) throw new TypeError(`a bug that quotes ${key}`);
  return { kind: 'answered', retryAfter: undefined, ...answer };
}

function setUp(changes: Partial<BatchDependencies> = {}) {
  const hidden: [string, number][] = [];
  const deadLetters: [BufferMessage, DeadLetterNote][] = [];
  const lines: DeliverLine[] = [];
  const putBack: [number | undefined, number][] = [];
  const dependencies: BatchDependencies = {
    mappings: new Map([['stripe', MAPPING]]),
    webexKeys: async () => succeed({ primary: 'key-1' }),
    forgetWebexKeys: () => undefined,
    call,
    hide: async (handle, seconds) => {
      hidden.push([handle, seconds]);
      return succeed(undefined);
    },
    putBack: async (webhook, seconds) => {
      putBack.push([webhook.eventsDone, seconds]);
      return succeed(undefined);
    },
    putInDeadLetters: async (message, note) => {
      deadLetters.push([message, note]);
      return succeed(undefined);
    },
    now: () => NOW,
    random: () => 1,
    record: (line) => lines.push(line),
    ...changes,
  };
  return {
    hidden,
    putBack,
    deadLetters,
    lines,
    deliver: (records: BufferRecord[]) => deliverBatch(records, dependencies),
  };
}

function record(key: string, changes: Partial<BufferRecord> = {}): BufferRecord {
  const attributes = {
    version: '2',
    source: 'stripe',
    'event-type': 'invoice.paid',
    'deduplication-id': `evt_${key}`,
    'received-at': '2026-11-23T11:59:59.000Z',
    body: 'json utf-8',
    'webhook-id': 'JKJaXmPLvHcESHA=',
  };
  return {
    messageId: `message-${key}`,
    receiptHandle: `handle-${key}`,
    message: { body: JSON.stringify({ key }), attributes },
    attempts: 3,
    bufferedAt: new Date(NOW.getTime() - 60_000),
    ...changes,
  };
}

describe('a batch', () => {
  test('settles each record for itself: only what is to be tried later stays', async () => {
    const { hidden, deadLetters, deliver } = setUp();

    const kept = await deliver([record('ann'), record('bob'), record('cat')]);

    expect(kept).toEqual(['message-bob']);
    expect(hidden).toEqual([['handle-bob', 40]]);
    expect(deadLetters).toEqual([
      [
        record('cat').message,
        {
          stage: 'deliver',
          code: 'webex-mandatory-field-missing',
          event: 'paid',
          answer: { status: 200, code: '1002' },
          attempts: 3,
          deadLetteredAt: NOW.toISOString(),
        },
      ],
    ]);
  });

  test('keeps a record that met a bug, and none of the others', async () => {
    const { lines, deliver } = setUp();

    expect(await deliver([record('ann'), record('dan')])).toEqual(['message-dan']);
    expect(lines).toContainEqual(expect.objectContaining({ settled: 'kept', cause: 'bug: TypeError' }));
  });

  test('keeps a message that could not be dead-lettered', async () => {
    const { lines, deliver } = setUp({ putInDeadLetters: async () => fail({ cause: 'TimeoutError' }) });

    expect(await deliver([record('cat')])).toEqual(['message-cat']);
    expect(lines).toMatchObject([{ settled: 'kept', cause: 'TimeoutError' }]);
  });

  test('keeps a message that could not be hidden', async () => {
    const { lines, deliver } = setUp({ hide: async () => fail({ cause: 'TimeoutError' }) });

    expect(await deliver([record('bob')])).toEqual(['message-bob']);
    expect(lines).toMatchObject([{ settled: 'kept', cause: 'TimeoutError' }]);
  });

  test('dead-letters a record that has been tried for a day, with what it met last', async () => {
    const { deadLetters, deliver } = setUp();
    const bufferedAt = new Date(NOW.getTime() - 86_400_001);

    expect(await deliver([record('bob', { bufferedAt })])).toEqual([]);
    expect(deadLetters[0]?.[1]).toMatchObject({ code: 'retries-exhausted', detail: 'webex-throttled' });
  });

  test('logs one line a record, without a value of its payload', async () => {
    const { lines, deliver } = setUp();

    await deliver([record('ann'), record('bob'), record('cat'), record('dan')]);

    expect(lines.map(({ settled }) => settled).sort()).toEqual(['dead-lettered', 'done', 'kept', 'kept']);
    expect(JSON.stringify(lines)).not.toMatch(/"(ann|bob|cat|dan)"/);
  });
});

describe('a webhook that is a batch of events', () => {
  const batch = (keys: readonly string[], more: Readonly<Record<string, string>> = {}): BufferRecord => {
    const one = record('batch');
    const attributes = { ...one.message.attributes, 'event-type': 'batch', ...more };
    return { ...one, message: { body: JSON.stringify({ keys }), attributes } };
  };

  test('whose event has to wait goes on with it later, and repeats none before it', async () => {
    const called: string[] = [];
    const { putBack, hidden, lines, deliver } = setUp({
      call: (request) => {
        called.push(/"event-key":"(\w+)"/.exec(request.body)?.[1] ?? '');
        return call(request);
      },
    });

    expect(await deliver([batch(['ann', 'bob', 'ann'])])).toEqual([]);
    expect([called, putBack, hidden]).toEqual([['ann', 'bob'], [[1, 40]], []]);
    expect(lines).toMatchObject([{ settled: 'continued', outcomes: [{ item: 0 }, { item: 1 }] }]);

    called.length = 0;
    expect(await deliver([batch(['ann', 'bob', 'ann'], { 'events-done': '2' })])).toEqual([]);
    expect(called).toEqual(['ann']);
  });

  test('dead-letters an event by its item and goes on with the next', async () => {
    const { deadLetters, lines, deliver } = setUp();

    expect(await deliver([batch(['cat', 'ann'])])).toEqual([]);
    expect(deadLetters.map(([, note]) => note)).toMatchObject([{ event: 'each', item: 0 }]);
    expect(lines).toMatchObject([
      { settled: 'dead-lettered', outcomes: [{ outcome: 'dead-letter' }, { outcome: 'delivered' }] },
    ]);
  });

  test('stops before the function runs out of time, and goes on in a new message', async () => {
    let seconds = 0;
    const { putBack, deliver } = setUp({
      now: () => {
        seconds += 6;
        return new Date(NOW.getTime() + seconds * 1000);
      },
    });

    expect(await deliver([batch(['ann', 'ann', 'ann', 'ann', 'ann', 'ann'])])).toEqual([]);
    expect(putBack).toEqual([[expect.any(Number), 0]]);
  });
});
