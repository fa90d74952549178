import { type Result, succeed } from '../result.ts';
import type { BodyFormat } from '../webhook-body.ts';
import { type BodyTooLarge, encodeBody } from './encode-body.ts';
import type { Replay } from './replay.ts';

/** The version of this contract. A reader refuses what it does not know rather than guess. */
export const VERSION = '2';

/** A verified webhook, exactly as it was received, on its way from ingest to deliver. */
export type BufferedWebhook = {
  /** Our own id of this delivery: the request id of the door. It stays through every retry and replay. */
  readonly webhookId: string;
  /** The name of the mapping folder, which is also the last part of the webhook URL. */
  readonly source: string;
  /** What happened, in the vendor's words: `invoice.payment_failed`. More than one only where it is a batch. */
  readonly eventTypes: readonly string[];
  /** The same for every delivery of one fact, and protected by the signature (design.md, "Identity"). */
  readonly deduplicationId: string;
  readonly receivedAt: Date;
  /** Which of the source's secrets had signed it, from 0, the newest. */
  readonly secretSlot?: number;
  readonly bodyFormat: BodyFormat;
  /** Those headers that the source's mapping names, by lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  /** The bytes that were signed, untouched. */
  readonly rawBody: Uint8Array;
  /** Set where a person has put it back from the dead letters. */
  readonly replay?: Replay;
};

/** A webhook in the shape SQS carries it: the body as text, all else as string attributes. */
export type BufferMessage = {
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
};

/** Writes a webhook as an SQS message; fails when its body would not fit, even compressed. */
export function encodeBufferedWebhook(webhook: BufferedWebhook): Result<BufferMessage, BodyTooLarge> {
  const encoded = encodeBody(webhook.rawBody);
  if (!encoded.ok) return encoded;
  const { body, encoding } = encoded.value;
  return succeed({
    body,
    attributes: {
      version: VERSION,
      'webhook-id': webhook.webhookId,
      source: webhook.source,
      'event-type': webhook.eventTypes.join('\n'),
      'deduplication-id': webhook.deduplicationId,
      'received-at': webhook.receivedAt.toISOString(),
      body: `${webhook.bodyFormat} ${encoding}`,
      ...(Object.keys(webhook.headers).length > 0 && { headers: writeHeaders(webhook.headers) }),
      ...(webhook.secretSlot !== undefined && { 'secret-slot': String(webhook.secretSlot) }),
    },
  });
}

/** SQS refuses control characters and some others; a header may hold any byte. Escaped, all of it is ASCII. */
function writeHeaders(headers: BufferedWebhook['headers']): string {
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(headers).replaceAll(/[^\u0020-\u007e]/g, escaped);
}
