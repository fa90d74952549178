import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { BufferMessage } from '../lambdas/buffer/message.ts';
import { bufferQueueName } from '../lambdas/buffer/queue-name.ts';
import { deadLetterQueueName } from '../lambdas/dead-letter/queue-name.ts';
import type { Account } from './account.ts';

/** How long a message is hidden from other readers while the queue is read. */
const PEEK_SECONDS = 120;

/** SQS hides a message for no longer. */
const MAX_HIDE_SECONDS = 43_200;

/** So many answers without anything new in a row, and the queue has been through, whatever it says of its length. */
const MAX_EMPTY_ANSWERS = 4;

/** A message of the dead-letter queue, with all attributes as text. */
export type DeadLetterMessage = {
  readonly messageId: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** When it was put on this queue, or where SQS has moved it, on the buffer. */
  readonly sentAt: Date;
};

/** A message that nobody else sees for now. */
export type HeldMessage = DeadLetterMessage & { readonly receiptHandle: string };

/** The dead-letter queue of a stack, and how many of its seconds pass in one of ours. */
export type DeadLetterQueue = { readonly sqs: SQSClient; readonly url: string; readonly speed: number };

type QueueAccount = Pick<Account, 'sqs' | 'stackName' | 'clock'>;

export async function openDeadLetters({ sqs, stackName, clock }: QueueAccount): Promise<DeadLetterQueue> {
  const { QueueUrl = '' } = await sqs.send(
    new GetQueueUrlCommand({ QueueName: deadLetterQueueName(stackName) }),
  );
  return { sqs, url: QueueUrl, speed: clock.speed };
}

/** Looks at every message of a stack's dead-letter queue and leaves all of them there. */
export async function readDeadLetters(
  account: QueueAccount,
  onProgress: (count: number) => void = () => {},
): Promise<readonly DeadLetterMessage[]> {
  const queue = await openDeadLetters(account);
  const held = await holdAll(queue, onProgress);
  await hideFor(queue, held, 0);
  return held;
}

/**
 * Takes every message of the queue, unseen by others for two minutes. SQS has no listing: messages are received, and
 * whoever calls this shows them again (`hideFor` 0 seconds), or deletes them.
 */
export async function holdAll(
  queue: DeadLetterQueue,
  onProgress: (count: number) => void = () => {},
): Promise<readonly HeldMessage[]> {
  const expected = await countOf(queue);
  const seen = new Map<string, Message>();
  try {
    for (let empty = 0; empty < (seen.size < expected ? MAX_EMPTY_ANSWERS : 1); ) {
      empty = (await receiveMore(queue, seen)) ? 0 : empty + 1;
      onProgress(seen.size);
    }
  } catch (error) {
    await hideFor(queue, [...seen.values()].map(readMessage), 0);
    throw error;
  }
  return [...seen.values()].map(readMessage);
}

/** Receives a batch into `seen`; false when nothing new came. */
async function receiveMore(
  { sqs, url, speed }: DeadLetterQueue,
  seen: Map<string, Message>,
): Promise<boolean> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: url,
      MaxNumberOfMessages: 10,
      VisibilityTimeout: onClock(PEEK_SECONDS, speed),
      // Long polling asks every SQS server, so that nothing is overlooked.
      WaitTimeSeconds: 1,
      MessageAttributeNames: ['All'],
      MessageSystemAttributeNames: ['SentTimestamp'],
    }),
  );
  const before = seen.size;
  for (const message of Messages) seen.set(message.MessageId ?? '', message);
  return seen.size > before;
}

async function countOf({ sqs, url }: DeadLetterQueue): Promise<number> {
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['ApproximateNumberOfMessages'] }),
  );
  return Number(Attributes?.ApproximateNumberOfMessages ?? 0);
}

/** Seconds of ours on the queue's clock, as far as SQS takes them. */
function onClock(seconds: number, speed: number): number {
  return Math.min(Math.ceil(seconds * speed), MAX_HIDE_SECONDS);
}

/** Leaves messages on the queue, unseen for so many seconds of ours from now; 0 shows them again. */
export async function hideFor(
  { sqs, url, speed }: DeadLetterQueue,
  messages: readonly HeldMessage[],
  seconds: number,
): Promise<void> {
  const VisibilityTimeout = onClock(seconds, speed);
  for (let start = 0; start < messages.length; start += 10) {
    await sqs.send(
      new ChangeMessageVisibilityBatchCommand({
        QueueUrl: url,
        Entries: messages.slice(start, start + 10).map(({ receiptHandle: ReceiptHandle }, index) => ({
          Id: `${index}`,
          ReceiptHandle,
          VisibilityTimeout,
        })),
      }),
    );
  }
}

function readMessage(message: Message): HeldMessage {
  const { MessageId = '', Body = '', MessageAttributes = {}, Attributes = {}, ReceiptHandle = '' } = message;
  const attributes = Object.entries(MessageAttributes).map(([name, { StringValue = '' }]) => [
    name,
    StringValue,
  ]);
  return {
    messageId: MessageId,
    body: Body,
    attributes: Object.fromEntries(attributes),
    sentAt: new Date(Number(Attributes.SentTimestamp ?? 0)),
    receiptHandle: ReceiptHandle,
  };
}

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
