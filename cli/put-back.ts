import {
  DeleteMessageCommand,
  GetQueueUrlCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { BufferMessage } from '../lambdas/buffer/buffered-webhook.ts';
import { bufferQueueName } from '../lambdas/buffer/queue-name.ts';
import type { DeadLetterQueue, HeldMessage } from './read-dead-letters.ts';

/** Finds a stack's buffer. */
export async function openBuffer(sqs: SQSClient, stackName: string): Promise<string> {
  const { QueueUrl = '' } = await sqs.send(new GetQueueUrlCommand({ QueueName: bufferQueueName(stackName) }));
  return QueueUrl;
}

/** Puts a message on the buffer. Whoever calls this removes the dead letter afterwards, never before. */
export async function putOnBuffer(
  sqs: SQSClient,
  bufferUrl: string,
  { body, attributes }: BufferMessage,
): Promise<void> {
  const MessageAttributes = Object.fromEntries(
    Object.entries(attributes).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
  );
  await sqs.send(new SendMessageCommand({ QueueUrl: bufferUrl, MessageBody: body, MessageAttributes }));
}

/** Takes a dead letter off its queue for good. */
export async function removeLetter(
  { sqs, url }: DeadLetterQueue,
  { receiptHandle }: HeldMessage,
): Promise<void> {
  await sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: receiptHandle }));
}
