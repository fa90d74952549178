import { describe, expect, test } from '@jest/globals';
import { decodeBufferedWebhook, encodeBufferedWebhook } from '../../lambdas/buffer/buffered-webhook.ts';
import { deadLetterMessage } from '../../lambdas/dead-letter/dead-letter-message.ts';
import { type DeadLetterNote, readNote } from '../../lambdas/dead-letter/dead-letter-note.ts';

const NOTE: DeadLetterNote = {
  stage: 'deliver',
  code: 'webex-mandatory-field-missing',
  event: 'paid',
  answer: { status: 200, code: '1002' },
  attempts: 1,
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
    const letter = deadLetterMessage(encoded.ok ? encoded.value : { body: '', attributes: {} }, NOTE);

    expect(decodeBufferedWebhook(letter)).toEqual({ ok: true, value: WEBHOOK });
    expect(readNote(letter.attributes)).toEqual(NOTE);
    expect(letter.attributes).toMatchObject({ code: 'webex-mandatory-field-missing' });
  });

  test('has no more attributes than SQS takes, whatever the message carried', () => {
    const attributes = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`x${index}`, 'x']));

    expect(Object.keys(deadLetterMessage({ body: '', attributes }, NOTE).attributes)).toEqual([
      'code',
      'note',
    ]);
  });
});

describe('a note', () => {
  test.each([{}, { note: '' }, { note: '{' }, { note: '{"stage":"deliver"}' }])(
    'is not read from %j',
    (attributes) => {
      expect(readNote(attributes)).toBeUndefined();
    },
  );
});
