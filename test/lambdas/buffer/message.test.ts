import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  decodeBufferedWebhook,
  encodeBufferedWebhook,
  MAX_BUFFERED_BODY_BYTES,
} from '../../../lambdas/buffer/message.ts';

const WEBHOOK = {
  webhookId: 'JKJaXmPLvHcESHA=',
  source: 'stripe',
  eventTypes: ['invoice.paid', 'invoice.sent'],
  bodyFormat: 'json' as const,
  headers: { 'x-shop': 'Zoë\u0007"' },
  deduplicationId: 'evt_1',
  receivedAt: new Date('2026-11-23T12:00:00.000Z'),
  rawBody: new Uint8Array(Buffer.from('{"a":1}')),
};

describe('a webhook on the buffer', () => {
  test('comes back byte for byte, whatever its bytes', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
        ),
        (bytes) => {
          const rawBody = new Uint8Array(bytes);
          const message = encodeBufferedWebhook({ ...WEBHOOK, rawBody });
          const back = message.ok ? decodeBufferedWebhook(message.value) : message;

          expect(back).toEqual({ ok: true, value: { ...WEBHOOK, rawBody: Buffer.from(rawBody) } });
        },
      ),
    );
  });

  test('travels as readable text where SQS takes it', () => {
    const message = encodeBufferedWebhook(WEBHOOK);

    expect(message).toMatchObject({
      ok: true,
      value: {
        body: '{"a":1}',
        attributes: { body: 'json utf-8', headers: '{"x-shop":"Zo\\u00eb\\u0007\\""}' },
      },
    });
  });

  test.each(['\u0000', '\u001b', '\ufffe', '\uffff'])(
    'travels as base64 with %j in it, which SQS refuses',
    (character) => {
      const message = encodeBufferedWebhook({ ...WEBHOOK, rawBody: Buffer.from(`"${character}"`) });

      expect(message).toMatchObject({ ok: true, value: { attributes: { body: 'json base64' } } });
    },
  );

  test('travels compressed where it would be too large, and comes back byte for byte', () => {
    const rawBody = Buffer.from(JSON.stringify(Array.from({ length: 200_000 }, (_, index) => ({ index }))));
    const message = encodeBufferedWebhook({ ...WEBHOOK, rawBody });

    expect(rawBody.length).toBeGreaterThan(MAX_BUFFERED_BODY_BYTES);
    expect(message).toMatchObject({ ok: true, value: { attributes: { body: 'json gzip' } } });
    const back = message.ok ? decodeBufferedWebhook(message.value) : undefined;
    expect(back?.ok && Buffer.from(back.value.rawBody).equals(rawBody)).toBe(true);
  });

  test('is refused, with the numbers, when even compressed it is over the limit', () => {
    const rawBody = createHash('shake256', { outputLength: 900_000 }).update('noise').digest();

    expect(encodeBufferedWebhook({ ...WEBHOOK, rawBody })).toMatchObject({
      ok: false,
      failure: { code: 'body-too-large', bytes: 900_000, limitBytes: MAX_BUFFERED_BODY_BYTES },
    });
  });
});

describe('a message that is no buffered webhook', () => {
  test('is refused when it does not unpack', () => {
    const message = encodeBufferedWebhook(WEBHOOK);
    const attributes = message.ok ? { ...message.value.attributes, body: 'json gzip' } : {};

    expect(decodeBufferedWebhook({ body: 'bm8=', attributes })).toMatchObject({
      failure: { code: 'message-unreadable', problems: ['body: is not gzip'] },
    });
  });

  test('is refused with everything that is wrong about it', () => {
    const decoded = decodeBufferedWebhook({
      body: '',
      attributes: { version: '1', source: 'stripe', headers: 'no JSON' },
    });

    expect(decoded).toMatchObject({ ok: false, failure: { code: 'message-unreadable' } });
    expect(decoded.ok ? [] : decoded.failure.problems.map((problem) => problem.split(':')[0])).toEqual([
      'version',
      'webhook-id',
      'event-type',
      'deduplication-id',
      'received-at',
      'body',
      'headers',
    ]);
  });
});
