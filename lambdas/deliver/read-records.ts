import * as z from 'zod/mini';
import type { BufferRecord } from './event-work.ts';

/** What is used of an SQS event. AWS may add members, so the schema is open. */
const sqsEventSchema = z.object({
  Records: z.array(
    z.object({
      messageId: z.string(),
      receiptHandle: z.string(),
      body: z.string(),
      attributes: z.object({
        ApproximateReceiveCount: z.coerce.number<string>().check(z.int(), z.minimum(1)),
        SentTimestamp: z.coerce.number<string>().check(z.int()),
      }),
      messageAttributes: z.record(z.string(), z.object({ stringValue: z.optional(z.string()) })),
    }),
  ),
});

/** Reads the records of an SQS event. Throws if AWS ever sends another shape: nothing could be settled then. */
export function readRecords(event: unknown): readonly BufferRecord[] {
  return sqsEventSchema.parse(event).Records.map((record) => ({
    messageId: record.messageId,
    receiptHandle: record.receiptHandle,
    message: { body: record.body, attributes: stringAttributes(record.messageAttributes) },
    attempts: record.attributes.ApproximateReceiveCount,
    bufferedAt: new Date(record.attributes.SentTimestamp),
  }));
}

function stringAttributes(
  attributes: Readonly<Record<string, { readonly stringValue?: string | undefined }>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(attributes).flatMap(([name, { stringValue }]) =>
      stringValue === undefined ? [] : [[name, stringValue]],
    ),
  );
}
