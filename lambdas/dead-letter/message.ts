import { type BufferMessage, copyWebhook } from '../buffer/message.ts';
import { type DeadLetterNote, noteAttributes } from './note.ts';

/** The original webhook, unchanged, with the note beside it. */
export function deadLetterMessage(message: BufferMessage, note: DeadLetterNote): BufferMessage {
  return copyWebhook(message, noteAttributes(note));
}
