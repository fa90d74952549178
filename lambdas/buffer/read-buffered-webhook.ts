import * as z from 'zod/mini';
import { parseJson } from '../parse-json.ts';
import { fail, type Result, succeed } from '../result.ts';
import type { BodyFormat } from '../webhook-body.ts';
import { type BufferedWebhook, type BufferMessage, VERSION } from './buffered-webhook.ts';
import { decodeBody, type EncodedBody } from './encode-body.ts';
import { type Replay, replayAttributeSchema } from './replay.ts';
import '../schema-messages.ts';

// Apart from how a webhook is written: ingest never reads one, and would build these schemas at each cold start.
const textSchema = z.string().check(z.minLength(1));

const attributesSchema = z.object({
  version: z.literal(VERSION),
  'webhook-id': textSchema,
  source: textSchema,
  'event-type': z.pipe(
    textSchema,
    z.transform((types) => types.split('\n')),
  ),
  'deduplication-id': textSchema,
  'received-at': z.iso.datetime(),
  /** Format and encoding of the body, as in `json utf-8`: SQS takes ten attributes a message. */
  body: z.templateLiteral([z.enum(['json', 'form']), ' ', z.enum(['utf-8', 'base64', 'gzip'])]),
  headers: z.optional(z.pipe(z.pipe(z.string(), z.transform(parseJson)), z.record(z.string(), z.string()))),
  'secret-slot': z.optional(z.coerce.number<string>().check(z.int(), z.minimum(0))),
  replay: z.optional(replayAttributeSchema),
});

/**
 * The attributes that belong to the webhook itself, for readers that copy them on: nine at most, which leaves one of
 * SQS's ten for the replay, or for the dead-letter note. A replay belongs to the one message that it was given to.
 */
export const WEBHOOK_ATTRIBUTES = Object.keys(attributesSchema.shape).filter((name) => name !== 'replay');

/** A dead letter's message, for the buffer again. */
export function replayedMessage({ body, attributes }: BufferMessage, replay: Replay): BufferMessage {
  const kept = Object.entries(attributes).filter(([name]) => WEBHOOK_ATTRIBUTES.includes(name));
  return { body, attributes: { ...Object.fromEntries(kept), replay: JSON.stringify(replay) } };
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
  const [bodyFormat, encoding] = attributes.body.split(' ') as [BodyFormat, EncodedBody['encoding']];
  const rawBody = decodeBody(message.body, encoding);
  if (rawBody === undefined) {
    return fail({ code: 'message-unreadable', problems: [`body: is not ${encoding}`] });
  }
  return succeed({
    webhookId: attributes['webhook-id'],
    source: attributes.source,
    eventTypes: attributes['event-type'],
    deduplicationId: attributes['deduplication-id'],
    receivedAt: new Date(attributes['received-at']),
    bodyFormat,
    headers: attributes.headers ?? {},
    rawBody,
    ...(attributes['secret-slot'] !== undefined && { secretSlot: attributes['secret-slot'] }),
    ...(attributes.replay && { replay: attributes.replay }),
  });
}
