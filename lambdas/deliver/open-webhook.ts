import type { BufferedWebhook, BufferMessage } from '../buffer/buffered-webhook.ts';
import { decodeBufferedWebhook } from '../buffer/read-buffered-webhook.ts';
import type { DeadLetterCode, DeadLetterNote } from '../dead-letter/dead-letter-note.ts';
import type { PreparedMappings } from '../map/webhook.ts';
import { type Mapped, mapWebhook } from '../map/webhook.ts';
import { fail, type Result, succeed } from '../result.ts';
import { parseBody } from '../webhook-body.ts';
import type { DeadLettered, Unopenable } from './event-outcome.ts';

/** A message of the buffer that can be worked on: its webhook, and what the mapping makes of it. */
export type OpenedWebhook = { readonly webhook: BufferedWebhook; readonly events: readonly Mapped[] };

/** Reads a message and maps its webhook. */
export async function openWebhook(
  message: BufferMessage,
  mappings: PreparedMappings,
): Promise<Result<OpenedWebhook, Unopenable>> {
  const decoded = decodeBufferedWebhook(message);
  if (!decoded.ok) {
    return fail({ outcome: deadLetter('buffer', 'message-unreadable', decoded.failure.problems.join('; ')) });
  }
  const webhook = decoded.value;
  const mapping = mappings.get(webhook.source);
  if (mapping === undefined) return fail({ webhook, outcome: deadLetter('map', 'no-mapping') });
  const body = parseBody(webhook.rawBody, webhook.bodyFormat);
  if (!body.ok) return fail({ webhook, outcome: deadLetter('map', body.failure.code) });

  const events = await mapWebhook(mapping, {
    source: webhook.source,
    eventTypes: webhook.eventTypes,
    headers: webhook.headers,
    receivedAt: webhook.receivedAt.toISOString(),
    body: body.value,
  });
  // Ingest buffers only what some mapping wants: this one was changed or removed while the webhook waited.
  if (events.length === 0) return fail({ webhook, outcome: deadLetter('map', 'no-mapping') });
  return succeed({ webhook, events });
}

function deadLetter(stage: DeadLetterNote['stage'], code: DeadLetterCode, detail?: string): DeadLettered {
  return { outcome: 'dead-letter', stage, code, ...(detail !== undefined && { detail }) };
}
