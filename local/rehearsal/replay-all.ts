import { WEBHOOK_ATTRIBUTES } from '../../lambdas/buffer/buffered-webhook.ts';
import type { StackAccess } from './stack-access.ts';

/**
 * An operator replays everything: each dead letter's webhook goes back to the buffer, without its note, and then off the
 * dead letters. Gives the deduplication ids of those that were; one that has none was no webhook.
 */
export async function replayAll(stack: StackAccess): Promise<readonly string[]> {
  const replayed: string[] = [];
  await stack.takeDeadLetters(async ({ Body, MessageAttributes = {} }) => {
    const kept = Object.entries(MessageAttributes).filter(([name]) => WEBHOOK_ATTRIBUTES.includes(name));
    await stack.putOnBuffer({ Body, MessageAttributes: Object.fromEntries(kept) });
    replayed.push(MessageAttributes['deduplication-id']?.StringValue ?? '');
  });
  return replayed;
}
