import * as z from 'zod/mini';
import { parseJson } from '../parse-json.ts';

const replaySchema = z.strictObject({
  /** The event that is replayed, and its item; where none is known, all of the webhook's events are, as the ledger allows. */
  event: z.optional(z.string()),
  item: z.optional(z.int().check(z.minimum(0))),
  /**
   * The revision of the event's ledger entry that the operator saw. The permission holds for that revision only: the first
   * claim uses it up, however often SQS delivers the message.
   */
  revision: z.optional(z.int().check(z.minimum(1))),
  /** Whether to send an event that Webex Campaign may have accepted already. */
  unconfirmed: z.optional(z.literal(true)),
  /** Whether to send an event that is older than the mapping's `max-age`. */
  late: z.optional(z.literal(true)),
});

/** An operator's permission to send an event again that has ended. */
export type Replay = z.infer<typeof replaySchema>;

/** The attribute that carries a replay, as JSON. */
export const replayAttributeSchema = z.pipe(z.pipe(z.string(), z.transform(parseJson)), replaySchema);

/** Whether a replay is about this event of the webhook. */
export function isAbout(
  replay: Replay,
  { name, item }: { readonly name: string; readonly item?: number },
): boolean {
  return replay.event === undefined || (replay.event === name && replay.item === item);
}
