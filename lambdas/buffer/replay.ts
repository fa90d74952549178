import * as z from 'zod/mini';
import { parseJson } from '../parse-json.ts';

const replaySchema = z.strictObject({
  /** The event that it is about, and its item; missing where nothing is known of any, and the ledger alone decides. */
  event: z.optional(z.string()),
  item: z.optional(z.int().check(z.minimum(0))),
  /**
   * The event's entry in the ledger as the person saw it, by its revision. Leave is given to go on from there and from
   * nowhere else: it is used up by the first who claims, however often SQS hands the message out.
   */
  revision: z.optional(z.int().check(z.minimum(1))),
  /** Whether an event that may have been accepted is to be sent all the same. */
  unconfirmed: z.optional(z.literal(true)),
  /** Whether it is to be sent though it is older than the mapping's `max-age`. */
  late: z.optional(z.literal(true)),
});

/** A person's leave to send an event again that has ended. */
export type Replay = z.infer<typeof replaySchema>;

/** Reads it from its attribute, which is JSON. */
export const replayAttributeSchema = z.pipe(z.pipe(z.string(), z.transform(parseJson)), replaySchema);

/** Whether the leave is about this event of the webhook. */
export function isAbout(
  replay: Replay,
  { name, item }: { readonly name: string; readonly item?: number },
): boolean {
  return replay.event === undefined || (replay.event === name && replay.item === item);
}
