import type { StackAccess } from './stack-access.ts';

/**
 * Somebody has SQS move every dead letter back to the buffer, notes and all, as its console does: nobody has looked at
 * them, and nothing gives leave to send anything again. Gives the deduplication ids of those that were moved; one that
 * has none was no webhook.
 */
export async function redriveAll(stack: StackAccess): Promise<readonly string[]> {
  const moved: string[] = [];
  await stack.takeDeadLetters(async (message) => {
    await stack.putOnBuffer(message);
    moved.push(message.MessageAttributes?.['deduplication-id']?.StringValue ?? '');
  });
  return moved;
}
