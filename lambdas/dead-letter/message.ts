import { type BufferMessage, WEBHOOK_ATTRIBUTES } from '../buffer/message.ts';
import { type DeadLetterNote, noteAttributes } from './note.ts';

/**
 * The original webhook, unchanged, with the note beside it. SQS allows ten attributes a message: at most nine are the
 * webhook's, one is the note. All others are dropped.
 */
export function deadLetterMessage(message: BufferMessage, note: DeadLetterNote): BufferMessage {
  const kept = Object.entries(message.attributes).filter(([name]) => WEBHOOK_ATTRIBUTES.includes(name));
  return { body: message.body, attributes: { ...Object.fromEntries(kept), ...noteAttributes(note) } };
}
