import type { BufferMessage } from '../buffer/message.ts';
import { WEBHOOK_ATTRIBUTES } from '../buffer/message.ts';
import { type DeadLetterNote, noteAttributes } from './note.ts';

/**
 * The original webhook, unchanged, with the note beside it. SQS takes ten attributes a message: nine at most are the
 * webhook's, one is the note's, and whatever else a message carried stays behind.
 */
export function deadLetterMessage(message: BufferMessage, note: DeadLetterNote): BufferMessage {
  const kept = Object.entries(message.attributes).filter(([name]) => WEBHOOK_ATTRIBUTES.includes(name));
  return { body: message.body, attributes: { ...Object.fromEntries(kept), ...noteAttributes(note) } };
}
