import { describe, expect, test } from '@jest/globals';
import {
  decodeBufferedWebhook,
  encodeBufferedWebhook,
  replayedMessage,
} from '../../../lambdas/buffer/message.ts';
import { deadLetterMessage } from '../../../lambdas/dead-letter/message.ts';
import {
  type DeadLetterFailure,
  type DeadLetterNote,
  hasNote,
  readNote,
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
