import { Buffer, isUtf8 } from 'node:buffer';
import { gunzipSync, gzipSync } from 'node:zlib';
import * as z from 'zod/mini';
import { fail, parseJson, type Result, succeed } from '../result.ts';
import type { BodyFormat } from '../webhook-body.ts';
import { type Replay, replayAttributeSchema, writeReplay } from './replay.ts';
import '../schema-messages.ts';

/** The version of this contract. A reader refuses what it does not know rather than guess. */
const VERSION = '2';

/** A verified webhook, exactly as it was received, on its way from ingest to deliver. */
export type BufferedWebhook = {
  /** Our own id of this delivery: the request id of the endpoint. Every retry and replay keeps it. */
  readonly webhookId: string;
  /** The name of the mapping folder, which is also the last part of the webhook URL. */
  readonly source: string;
  /** What happened, in the vendor's words: `invoice.payment_failed`. More than one only in a batch. */
  readonly eventTypes: readonly string[];
  /** The same for every delivery of the same webhook, and protected by the signature (decision 0026). */
  readonly deduplicationId: string;
  /** The id that 0.1.0 gave the webhook, where it was another one: the ledger keeps entries under it for 30 days. */
  readonly formerDeduplicationId?: string;
  readonly receivedAt: Date;
  /** Which of the source's secrets signed it, from 0, the newest. */
  readonly secretIndex?: number;
  readonly bodyFormat: BodyFormat;
  /** Those headers that the source's mapping names, by lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  /** The bytes that were signed, untouched. */
  readonly rawBody: Uint8Array;
  /** Set where an operator replayed it from the dead letters. */
  readonly replay?: Replay;
};

/** A webhook as SQS carries it: the body as text, all else as string attributes. */
export type BufferMessage = {
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
};

/** Writes a webhook as an SQS message; fails when all of it would not fit, even with its body compressed. */
export function encodeBufferedWebhook(webhook: BufferedWebhook): Result<BufferMessage, BodyTooLarge> {
  const attributes = writeAttributes(webhook);
  const encoded = encodeBody(webhook.rawBody, attributeBytes(attributes));
  if (!encoded.ok) return encoded;
  const { body, encoding } = encoded.value;
  return succeed({ body, attributes: { ...attributes, body: `${webhook.bodyFormat} ${encoding}` } });
}

function writeAttributes(webhook: BufferedWebhook): BufferMessage['attributes'] {
  const { deduplicationId, formerDeduplicationId } = webhook;
  return {
    version: VERSION,
    'webhook-id': webhook.webhookId,
    source: webhook.source,
    'event-type': webhook.eventTypes.join('\n'),
    'deduplication-id':
      formerDeduplicationId === undefined ? deduplicationId : `${deduplicationId}\n${formerDeduplicationId}`,
    'received-at': webhook.receivedAt.toISOString(),
    body: `${webhook.bodyFormat} base64`,
    ...(Object.keys(webhook.headers).length > 0 && { headers: writeHeaders(webhook.headers) }),
    ...(webhook.secretIndex !== undefined && { 'secret-slot': String(webhook.secretIndex) }),
  };
}

/** What attributes take: SQS counts the name, the type and the value of each (SendMessage, "Message size"). */
function attributeBytes(attributes: BufferMessage['attributes']): number {
  return Object.entries(attributes).reduce(
    (bytes, [name, value]) => bytes + name.length + 'String'.length + Buffer.byteLength(value),
    0,
  );
}

/** SQS refuses control characters and some others, but a header may hold any byte: escaped, all of it is ASCII. */
function writeHeaders(headers: BufferedWebhook['headers']): string {
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(headers).replaceAll(/[^\u0020-\u007e]/g, escaped);
}

/**
 * How many bytes a webhook may take on the buffer: its encoded body and its attributes. SQS allows 1,048,576; the rest is
 * for the note that is added when a webhook is dead-lettered.
 */
export const MAX_MESSAGE_BYTES = 1_032_192;

/** More than Lambda hands to ingest (6 MB): no message that ingest wrote unpacks to more. */
export const MAX_RAW_BODY_BYTES = 8_000_000;

export type BodyTooLarge = {
  readonly code: 'body-too-large';
  readonly bytes: number;
  /** How many bytes the webhook would take on the buffer, compressed, with its event types and headers. */
  readonly encodedBytes: number;
  readonly limitBytes: number;
};

/** A body as SQS carries it. */
type EncodedBody = { readonly body: string; readonly encoding: 'utf-8' | 'base64' | 'gzip' };

/** Encodes a body as text where SQS allows it, else as base64; compresses what would be too large. */
function encodeBody(rawBody: Uint8Array, besideBytes: number): Result<EncodedBody, BodyTooLarge> {
  const bytes = Buffer.from(rawBody.buffer, rawBody.byteOffset, rawBody.byteLength);
  const encoding = travelsAsText(bytes) ? 'utf-8' : 'base64';
  const plain = bytes.toString(encoding);
  const plainBytes = encoding === 'base64' ? plain.length : bytes.length;
  if (plainBytes + besideBytes <= MAX_MESSAGE_BYTES) return succeed({ body: plain, encoding });

  const zipped = gzipSync(bytes).toString('base64');
  const encodedBytes = zipped.length + besideBytes;
  if (encodedBytes <= MAX_MESSAGE_BYTES) return succeed({ body: zipped, encoding: 'gzip' });
  return fail({ code: 'body-too-large', bytes: bytes.length, encodedBytes, limitBytes: MAX_MESSAGE_BYTES });
}

/** Decodes a body; `undefined` where it does not unpack. */
function decodeBody(body: string, encoding: EncodedBody['encoding']): Buffer | undefined {
  if (encoding !== 'gzip') return Buffer.from(body, encoding);
  try {
    return gunzipSync(Buffer.from(body, 'base64'), { maxOutputLength: MAX_RAW_BODY_BYTES });
  } catch {
    return undefined;
  }
}

/** Characters that SQS refuses (SendMessage, API reference): a body with one of them travels encoded. */
const REFUSED_BY_SQS = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

function travelsAsText(bytes: Buffer): boolean {
  return isUtf8(bytes) && !REFUSED_BY_SQS.test(bytes.toString('utf8'));
}

// Only readers use these schemas: esbuild leaves them out of ingest's bundle, which would build them at each cold start.
const textSchema = z.string().check(z.minLength(1));

const attributesSchema = z.object({
  version: z.literal(VERSION),
  'webhook-id': textSchema,
  source: textSchema,
  'event-type': z.pipe(
    textSchema,
    z.transform((types) => types.split('\n')),
  ),
  /** The id, and on a line of its own the one that 0.1.0 gave, where it was another. */
  'deduplication-id': z.pipe(
    textSchema,
    z.transform((ids) => ids.split('\n')),
  ),
  'received-at': z.iso.datetime(),
  /** Format and encoding of the body in one attribute, as in `json utf-8`: SQS allows ten a message. */
  body: z.templateLiteral([z.enum(['json', 'form', 'multipart']), ' ', z.enum(['utf-8', 'base64', 'gzip'])]),
  headers: z.optional(z.pipe(z.pipe(z.string(), z.transform(parseJson)), z.record(z.string(), z.string()))),
  /** The field `secretIndex`; the name on the wire is older. */
  'secret-slot': z.optional(z.coerce.number<string>().check(z.int(), z.minimum(0))),
  replay: z.optional(replayAttributeSchema),
});

/**
 * The attributes of the webhook itself: at most nine, which leaves one of SQS's ten for a replay or a dead-letter note. A
 * replay belongs to one message only.
 */
const WEBHOOK_ATTRIBUTES = Object.keys(attributesSchema.shape).filter((name) => name !== 'replay');

/** The message that puts a dead letter back on the buffer. */
export function replayedMessage(message: BufferMessage, replay: Replay): BufferMessage {
  return copyWebhook(message, { replay: writeReplay(replay) });
}

/** The same webhook, unchanged, with these attributes beside its own. All other attributes are dropped. */
export function copyWebhook(
  { body, attributes }: BufferMessage,
  more: BufferMessage['attributes'],
): BufferMessage {
  const kept = Object.entries(attributes).filter(([name]) => WEBHOOK_ATTRIBUTES.includes(name));
  return { body, attributes: { ...Object.fromEntries(kept), ...more } };
}

type UnreadableMessage = {
  readonly code: 'message-unreadable';
  readonly problems: readonly string[];
};

/** Reads a webhook back from an SQS message; it ignores further attributes, such as a dead-letter note. */
export function decodeBufferedWebhook(message: BufferMessage): Result<BufferedWebhook, UnreadableMessage> {
  const parsed = attributesSchema.safeParse(message.attributes);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    return fail({ code: 'message-unreadable', problems });
  }
  const attributes = parsed.data;
  const [bodyFormat, encoding] = attributes.body.split(' ') as [BodyFormat, EncodedBody['encoding']];
  const rawBody = decodeBody(message.body, encoding);
  if (rawBody === undefined) {
    return fail({ code: 'message-unreadable', problems: [`body: is not ${encoding}`] });
  }
  const [deduplicationId = '', formerDeduplicationId] = attributes['deduplication-id'];
  return succeed({
    webhookId: attributes['webhook-id'],
    source: attributes.source,
    eventTypes: attributes['event-type'],
    deduplicationId,
    ...(formerDeduplicationId !== undefined && { formerDeduplicationId }),
    receivedAt: new Date(attributes['received-at']),
    bodyFormat,
    headers: attributes.headers ?? {},
    rawBody,
    ...(attributes['secret-slot'] !== undefined && { secretIndex: attributes['secret-slot'] }),
    ...(attributes.replay && { replay: attributes.replay }),
  });
}

/** The name of a stack's buffer. Commands find the queue by it. */
export function bufferQueueName(stackName: string): string {
  return `${stackName}-buffer`;
}
