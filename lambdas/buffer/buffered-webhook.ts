import { Buffer, isUtf8 } from 'node:buffer';
import * as z from 'zod';
import { fail, type Result, succeed } from '../result.ts';

/** The version of this contract. A reader refuses what it does not know rather than guess. */
const VERSION = '1';

/**
 * Bytes of body that are accepted onto the buffer. SQS takes 1,048,576 bytes of body and attributes together;
 * the rest is left for the attributes, which grow by the note when a webhook is dead-lettered.
 */
export const MAX_BUFFERED_BODY_BYTES = 1_000_000;

/** A verified webhook, exactly as it was received, on its way from ingest to deliver. */
export type BufferedWebhook = {
  /** The name of the mapping folder, which is also the last part of the webhook URL. */
  readonly source: string;
  /** What happened, in the vendor's words: `invoice.payment_failed`, `orders/create`. */
  readonly eventType: string;
  /** The same for every delivery of one fact, and protected by the signature (design.md, "Identity"). */
  readonly deduplicationId: string;
  readonly receivedAt: Date;
  /** The bytes that were signed, untouched. */
  readonly rawBody: Uint8Array;
};

/** A webhook in the shape SQS carries it: the body as text, all else as string attributes. */
export type BufferMessage = {
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
};

const attributesSchema = z.object({
  version: z.literal(VERSION),
  source: z.string().min(1),
  'event-type': z.string().min(1),
  'deduplication-id': z.string().min(1),
  'received-at': z.iso.datetime(),
  encoding: z.enum(['utf-8', 'base64']),
});

/** The names of the attributes that make up the contract, for readers that copy them on. */
export const BUFFER_ATTRIBUTES = Object.keys(attributesSchema.shape);

export type BodyTooLarge = {
  readonly code: 'body-too-large';
  readonly bytes: number;
  readonly limitBytes: number;
};

/** Writes a webhook as an SQS message; fails when its encoded body would not fit. */
export function encodeBufferedWebhook(webhook: BufferedWebhook): Result<BufferMessage, BodyTooLarge> {
  const bytes = Buffer.from(webhook.rawBody.buffer, webhook.rawBody.byteOffset, webhook.rawBody.byteLength);
  const encoding = travelsAsText(bytes) ? 'utf-8' : 'base64';
  const body = bytes.toString(encoding);
  const encodedBytes = encoding === 'base64' ? body.length : bytes.length;
  if (encodedBytes > MAX_BUFFERED_BODY_BYTES) {
    return fail({ code: 'body-too-large', bytes: encodedBytes, limitBytes: MAX_BUFFERED_BODY_BYTES });
  }
  return succeed({
    body,
    attributes: {
      version: VERSION,
      source: webhook.source,
      'event-type': webhook.eventType,
      'deduplication-id': webhook.deduplicationId,
      'received-at': webhook.receivedAt.toISOString(),
      encoding,
    },
  });
}

export type UnreadableMessage = {
  readonly code: 'message-unreadable';
  readonly problems: readonly string[];
};

/** Reads a webhook back from an SQS message; further attributes (a dead-letter note) are not its business. */
export function decodeBufferedWebhook(message: BufferMessage): Result<BufferedWebhook, UnreadableMessage> {
  const parsed = attributesSchema.safeParse(message.attributes);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    return fail({ code: 'message-unreadable', problems });
  }
  const attributes = parsed.data;
  return succeed({
    source: attributes.source,
    eventType: attributes['event-type'],
    deduplicationId: attributes['deduplication-id'],
    receivedAt: new Date(attributes['received-at']),
    rawBody: Buffer.from(message.body, attributes.encoding),
  });
}

/** The characters SQS takes (SendMessage, API reference); anything else has to travel encoded. */
const NOT_TAKEN_BY_SQS = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

function travelsAsText(bytes: Buffer): boolean {
  return isUtf8(bytes) && !NOT_TAKEN_BY_SQS.test(bytes.toString('utf8'));
}
