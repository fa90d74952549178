import { describe, expect, test } from '@jest/globals';
import {
  decodeBufferedWebhook,
  encodeBufferedWebhook,
  replayedMessage,
} from '../../../lambdas/buffer/message.ts';
import {
  type DeadLetterFailure,
  type DeadLetterNote,
  deadLetterMessage,
  deadLetterQueueName,
  hasNote,
  isDeadLetterCode,
  joinFailures,
  noteAttributes,
  readNote,
  splitForNotes,
} from '../../../lambdas/dead-letter/note.ts';

const FAILURE: DeadLetterFailure = {
  stage: 'deliver',
  code: 'webex-mandatory-field-missing',
  event: 'paid',
  answer: { status: 200, code: '1002' },
  attempts: 1,
};

const NOTE: DeadLetterNote = {
  failures: [FAILURE],
  deadLetteredAt: '2026-11-23T12:00:00.000Z',
};

const WEBHOOK = {
  source: 'stripe',
  eventTypes: ['invoice.paid'],
  bodyFormat: 'json' as const,
  headers: {},
  webhookId: 'JKJaXmPLvHcESHA=',
  deduplicationId: 'evt_1',
  receivedAt: new Date('2026-11-23T12:00:00.000Z'),
  rawBody: Buffer.from('{"a":1}'),
};

describe('a dead letter', () => {
  test('still holds the webhook unchanged, and the note beside it', () => {
    const encoded = encodeBufferedWebhook(WEBHOOK);
    const deadLetter = deadLetterMessage(encoded.ok ? encoded.value : { body: '', attributes: {} }, NOTE);

    expect(decodeBufferedWebhook(deadLetter)).toEqual({ ok: true, value: WEBHOOK });
    expect(readNote(deadLetter.attributes)).toEqual(NOTE);
    expect(deadLetter.attributes.note).toMatch(
      /^{"stage":"deliver","code":"webex-mandatory-field-missing","version":3/,
    );
  });

  test('has no more attributes than SQS takes, whatever the message carried', () => {
    const attributes = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`x${index}`, 'x']));

    expect(Object.keys(deadLetterMessage({ body: '', attributes }, NOTE).attributes)).toEqual(['note']);
  });

  test('has room for all that a webhook can carry, and leaves a replay behind', () => {
    const full = encodeBufferedWebhook({ ...WEBHOOK, headers: { 'x-shop': 'a' }, secretIndex: 1 });
    const message = full.ok ? full.value : { body: '', attributes: {} };
    const replayed = replayedMessage(deadLetterMessage(message, NOTE), {
      events: [{ event: 'paid', revision: 3 }],
    });

    expect(Object.keys(replayed.attributes)).toHaveLength(10);
    expect(decodeBufferedWebhook(replayed)).toMatchObject({
      ok: true,
      value: { secretIndex: 1, replay: { events: [{ event: 'paid', revision: 3 }] } },
    });
    const again = deadLetterMessage(replayed, NOTE);
    expect(Object.keys(again.attributes)).toHaveLength(10);
    expect(again).toEqual(deadLetterMessage(message, NOTE));
  });
});

test('a code is one of a dead letter, or another', () => {
  expect(['too-old', 'unconfirmed', 'paused-endpoint', ''].filter(isDeadLetterCode)).toEqual([
    'too-old',
    'unconfirmed',
  ]);
});

test('the queue of dead letters is named after its stack', () => {
  expect(deadLetterQueueName('adapter-prod')).toBe('adapter-prod-dead-letter');
});

describe('a note', () => {
  test.each([[undefined], [1], [2]])('of version %s, which is of one event, is still read', (version) => {
    const old = { ...FAILURE, item: 4, webhookId: 'ours', receives: 2, version };

    expect(readNote({ note: JSON.stringify({ ...old, deadLetteredAt: NOTE.deadLetteredAt }) })).toEqual({
      ...NOTE,
      failures: [{ ...FAILURE, items: [4] }],
      webhookId: 'ours',
      receives: 2,
    });
  });

  test('of a newer version is distinguished from a missing one', () => {
    const attributes = { note: JSON.stringify({ ...NOTE, version: 4 }) };

    expect([readNote(attributes), hasNote(attributes), hasNote({})]).toEqual([undefined, true, false]);
  });

  test.each([{}, { note: '' }, { note: '{' }, { note: '{"stage":"deliver"}' }])(
    'is not read from %j',
    (attributes) => {
      expect(readNote(attributes)).toBeUndefined();
    },
  );
});

describe('the failures of many events', () => {
  const failure = (item: number, changes: Partial<DeadLetterFailure> = {}): DeadLetterFailure => ({
    ...FAILURE,
    items: [item],
    identity: `id-${item}`,
    firstAttemptAt: `2026-11-23T12:00:0${item % 10}.000Z`,
    lastAttemptAt: `2026-11-23T12:00:0${item % 10}.000Z`,
    attempts: item,
    ...changes,
  });

  test('are one where they are alike, with the most attempts, the first and the last', () => {
    expect(joinFailures([failure(2), failure(3), failure(1), failure(4, { code: 'unconfirmed' })])).toEqual([
      {
        ...FAILURE,
        items: [2, 3, 1],
        attempts: 3,
        firstAttemptAt: '2026-11-23T12:00:01.000Z',
        lastAttemptAt: '2026-11-23T12:00:03.000Z',
      },
      failure(4, { code: 'unconfirmed' }),
    ]);
  });

  test('are not one where Webex Campaign answered otherwise, the mapping was another, or there are no items', () => {
    const { items: _, ...whole } = failure(1);
    const unlike = [
      failure(1),
      failure(1, { answer: { status: 200, code: '1001' } }),
      failure(1, { mappingVersion: 'other' }),
      failure(1, { event: 'sent' }),
      failure(1, { detail: 'event-key' }),
      whole,
    ];

    expect(joinFailures(unlike)).toHaveLength(unlike.length);
  });

  test('are one also where they have no items and were never called', () => {
    const whole: DeadLetterFailure = { stage: 'map', code: 'value-null', event: 'paid', attempts: 0 };

    expect(joinFailures([whole, { ...whole, identity: 'id-1' }])).toStrictEqual([whole]);
  });

  test('are not split further than into one each', () => {
    const long = failure(1, { detail: 'é'.repeat(9_000) });
    const noteOf = (part: readonly DeadLetterFailure[]) => ({ ...NOTE, failures: part });

    expect(splitForNotes([long], noteOf)).toEqual([[long]]);
  });

  test('of ten thousand items that fail alike fit into one note', () => {
    const failures = Array.from({ length: 10_000 }, (_, item) => failure(item, { attempts: 1 }));
    const noteOf = (part: readonly DeadLetterFailure[]) => ({ ...NOTE, failures: joinFailures(part) });

    expect(splitForNotes(failures, noteOf)).toEqual([failures]);
    expect(Buffer.byteLength(noteAttributes(noteOf(failures)).note ?? '')).toBeLessThan(1_000);
  });

  test('that are all unlike are split, so that no note is too long, and none is lost', () => {
    const failures = Array.from({ length: 1_000 }, (_, item) =>
      failure(item, { detail: `${item} ${'é'.repeat(200)}` }),
    );
    const noteOf = (part: readonly DeadLetterFailure[]) => ({ ...NOTE, failures: joinFailures(part) });
    const parts = splitForNotes(failures, noteOf);
    const notes = parts.map((part) => noteAttributes(noteOf(part)));

    expect(parts.flat()).toEqual(failures);
    expect(Math.max(...notes.map(({ note = '' }) => Buffer.byteLength(note)))).toBeLessThanOrEqual(16_000);
    expect(notes.flatMap((attributes) => readNote(attributes)?.failures)).toEqual(failures);
  });

  test('are read as they were written, also with characters that SQS refuses', () => {
    const note = { ...NOTE, failures: [failure(1, { detail: 'a\ufffe\uffff\u0001b' }), failure(7)] };
    const { note: written = '' } = noteAttributes(note);

    expect([...'\ufffe\uffff\u0001'].filter((character) => written.includes(character))).toEqual([]);
    expect(readNote({ note: written })).toEqual(note);
  });
});
