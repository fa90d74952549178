import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  bufferQueueName,
  copyWebhook,
  decodeBufferedWebhook,
  encodeBufferedWebhook,
  MAX_MESSAGE_BYTES,
  MAX_RAW_BODY_BYTES,
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

    expect(rawBody.length).toBeGreaterThan(MAX_MESSAGE_BYTES);
    expect(message).toMatchObject({ ok: true, value: { attributes: { body: 'json gzip' } } });
    const back = message.ok ? decodeBufferedWebhook(message.value) : undefined;
    expect(back?.ok && Buffer.from(back.value.rawBody).equals(rawBody)).toBe(true);
  });

  test('is refused, with the numbers, when even compressed it is over the limit', () => {
    const rawBody = createHash('shake256', { outputLength: 900_000 }).update('noise').digest();

    expect(encodeBufferedWebhook({ ...WEBHOOK, rawBody })).toMatchObject({
      ok: false,
      failure: { code: 'body-too-large', bytes: 900_000, limitBytes: MAX_MESSAGE_BYTES },
    });
  });
});

/** There and back again. */
function carried(webhook: Parameters<typeof encodeBufferedWebhook>[0]) {
  const message = encodeBufferedWebhook(webhook);
  return message.ok ? decodeBufferedWebhook(message.value) : message;
}

describe('what a webhook may be without', () => {
  test('is missing on its way, too', () => {
    const { headers: _, ...rest } = WEBHOOK;
    const message = encodeBufferedWebhook({ ...rest, headers: {} });

    expect(message.ok && Object.keys(message.value.attributes).sort()).toEqual([
      'body',
      'deduplication-id',
      'event-type',
      'received-at',
      'source',
      'version',
      'webhook-id',
    ]);
    expect(carried({ ...rest, headers: {} })).toStrictEqual({
      ok: true,
      value: { ...rest, headers: {}, rawBody: Buffer.from(rest.rawBody) },
    });
  });

  test.each([0, 3])('comes along where it is there: secret %d', (secretIndex) => {
    expect(carried({ ...WEBHOOK, secretIndex })).toMatchObject({ value: { secretIndex } });
  });

  test.each(['json', 'form', 'multipart'] as const)('is no format: %s', (bodyFormat) => {
    expect(carried({ ...WEBHOOK, bodyFormat })).toMatchObject({ value: { bodyFormat } });
  });
});

test('a copy of a message has no replay and no note of the one that it was copied from', () => {
  const message = encodeBufferedWebhook(WEBHOOK);
  if (!message.ok) throw new Error('The webhook is too large.');
  const attributes = { ...message.value.attributes, replay: '{}', note: '{}' };

  expect(copyWebhook({ ...message.value, attributes }, {})).toEqual(message.value);
});

test('the buffer is named after its stack', () => {
  expect(bufferQueueName('adapter-prod')).toBe('adapter-prod-buffer');
});

/** As SQS measures it: body, and name, type and value of each attribute. */
function sizeOf(message: ReturnType<typeof encodeBufferedWebhook>): number {
  if (!message.ok) return Number.POSITIVE_INFINITY;
  const attributes = Object.entries(message.value.attributes).flatMap(([name, value]) => [
    name,
    'String',
    value,
  ]);
  return Buffer.byteLength([message.value.body, ...attributes].join(''));
}

describe('the whole message counts, not the body alone:', () => {
  const noise = (bytes: number) =>
    createHash('shake256', { outputLength: bytes / 2 })
      .update('noise')
      .digest('hex');

  test.each([
    ['headers whose escapes take six times their bytes', { headers: { 'x-a': 'é'.repeat(10_000) } }],
    [
      'very many event types',
      { eventTypes: Array.from({ length: 1_200 }, (_, i) => `type.${i}`.padEnd(50, '.')) },
    ],
  ])('%s', (_name, changes) => {
    const rawBody = Buffer.from(`"${noise(999_000)}"`);
    const message = encodeBufferedWebhook({ ...WEBHOOK, rawBody, ...changes });

    expect(sizeOf(message)).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
    expect(message).toMatchObject({ value: { attributes: { body: 'json gzip' } } });
  });

  test('up to the last byte, as text and compressed', () => {
    const beside = sizeOf(encodeBufferedWebhook({ ...WEBHOOK, rawBody: new Uint8Array() }));
    // The longest name of an encoding has one character more.
    const most = Buffer.alloc(MAX_MESSAGE_BYTES - beside - 1, 'a');
    expect(encodeBufferedWebhook({ ...WEBHOOK, rawBody: most })).toMatchObject({
      value: { attributes: { body: 'json utf-8' } },
    });
    expect(
      encodeBufferedWebhook({ ...WEBHOOK, rawBody: Buffer.concat([most, Buffer.from('a')]) }),
    ).toMatchObject({
      value: { attributes: { body: 'json gzip' } },
    });
  });

  test('is refused where its event types alone are over the limit', () => {
    const eventTypes = Array.from({ length: 5_000 }, (_, i) => `type.${i}`.padEnd(250, '.'));

    expect(encodeBufferedWebhook({ ...WEBHOOK, eventTypes })).toMatchObject({
      failure: { code: 'body-too-large', bytes: 7, limitBytes: MAX_MESSAGE_BYTES },
    });
  });

  test('whatever is taken is within the limit', () => {
    const attribute = fc.string({ unit: fc.constantFrom('a', 'é', '"', '\u0007', '漢'), maxLength: 9_000 });
    const body = fc.record({ bytes: fc.nat({ max: 1_040_000 }), unit: fc.constantFrom('a', 'é', '\u001b') });
    fc.assert(
      fc.property(attribute, body, (value, { bytes, unit }) => {
        const rawBody = Buffer.alloc(bytes, unit);
        const message = encodeBufferedWebhook({ ...WEBHOOK, rawBody, headers: { 'x-a': value } });

        expect(sizeOf(message)).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
      }),
      { numRuns: 30 },
    );
  });
});

test('the id that 0.1.0 gave comes along, where it was another', () => {
  const message = encodeBufferedWebhook({ ...WEBHOOK, formerDeduplicationId: 'SM1:sent' });

  expect(message.ok && decodeBufferedWebhook(message.value)).toMatchObject({
    value: { deduplicationId: 'evt_1', formerDeduplicationId: 'SM1:sent' },
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

  test('is refused when it unpacks to more than ingest can have got', () => {
    const message = encodeBufferedWebhook(WEBHOOK);
    const attributes = message.ok ? { ...message.value.attributes, body: 'json gzip' } : {};
    const unpacks = (bytes: number) =>
      decodeBufferedWebhook({ body: gzipSync(Buffer.alloc(bytes)).toString('base64'), attributes }).ok;

    expect([unpacks(MAX_RAW_BODY_BYTES), unpacks(MAX_RAW_BODY_BYTES + 1)]).toEqual([true, false]);
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
