import { Buffer } from 'node:buffer';
import { fail, type Result, succeed } from '../result.ts';

/** One message to one customer: what the event API is called with. */
export type CampaignEvent = {
  /** The name of the event in the mapping. */
  readonly name: string;
  readonly eventId: string;
  readonly eventKey: string;
  readonly params: Readonly<Record<string, string>>;
};

/** Limits of the event API (webex-event-api.md, "Request"). 24 KB is read as 24,000 bytes of the whole body. */
export const MAX_PARAMETERS = 400;
export const MAX_PAYLOAD_BYTES = 24_000;

export type ContractBreach =
  | { readonly code: 'too-many-parameters'; readonly count: number; readonly limit: number }
  | { readonly code: 'payload-too-large'; readonly bytes: number; readonly limitBytes: number };

/** Writes the body of the call. What is over a limit is refused, never cut. */
export function writePayload(event: CampaignEvent): Result<string, ContractBreach> {
  const count = Object.keys(event.params).length;
  if (count > MAX_PARAMETERS) return fail({ code: 'too-many-parameters', count, limit: MAX_PARAMETERS });

  const payload = JSON.stringify({
    'event-id': event.eventId,
    'event-key': event.eventKey,
    'event-params': event.params,
  });
  // A character of a string is three bytes at most: what is short enough need not be counted.
  if (payload.length * 3 <= MAX_PAYLOAD_BYTES) return succeed(payload);
  const bytes = Buffer.byteLength(payload);
  if (bytes > MAX_PAYLOAD_BYTES) {
    return fail({ code: 'payload-too-large', bytes, limitBytes: MAX_PAYLOAD_BYTES });
  }
  return succeed(payload);
}
