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
import { type BufferMessage, bufferQueueName } from '../../lambdas/buffer/message.ts';
import { deadLetterQueueName } from '../../lambdas/dead-letter/note.ts';
import { startProgress } from '../../lib/config/progress.ts';
import type { Account } from '../project.ts';

/** How long a message is hidden from other readers while the queue is read. */
const PEEK_SECONDS = 120;

/** SQS hides a message for no longer. */
const MAX_HIDE_SECONDS = 43_200;

/** After this many receives in a row without a new message the queue has been read, whatever SQS says of its length. */
const MAX_EMPTY_RECEIVES = 4;

/** A message of the dead-letter queue, with all attributes as text. */
export type DeadLetterMessage = {
  readonly messageId: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** When it was put on this queue; or on the buffer, if SQS itself has moved it. */
  readonly sentAt: Date;
};

/** A message that is hidden from all other readers for now. */
export type TakenMessage = DeadLetterMessage & { readonly receiptHandle: string };

/** The dead-letter queue of a stack, and how many of its seconds pass in one of ours. */
export type DeadLetterQueue = { readonly sqs: SQSClient; readonly url: string; readonly speed: number };

type QueueAccount = Pick<Account, 'sqs' | 'stackName' | 'clock'>;

export async function openDeadLetterQueue({ sqs, stackName, clock }: QueueAccount): Promise<DeadLetterQueue> {
  const { QueueUrl = '' } = await sqs.send(
    new GetQueueUrlCommand({ QueueName: deadLetterQueueName(stackName) }),
  );
  return { sqs, url: QueueUrl, speed: clock.speed };
}

/** Reads every message of a stack's dead-letter queue and leaves all of them there. */
export async function readDeadLetterMessages(account: QueueAccount): Promise<readonly DeadLetterMessage[]> {
  const queue = await openDeadLetterQueue(account);
  const messages = await takeAll(queue);
  await showAgain(queue, messages);
  return messages;
}

/**
 * Takes every message of the queue; others do not see them for two minutes. SQS has no listing: messages are received, and
 * the caller shows them again or deletes them. The signal ends the reading early.
 * @param what is read, for the progress that a person sees
 */
export async function takeAll(
  queue: DeadLetterQueue,
  {
    signal,
    what = 'Reading dead letters',
  }: { readonly signal?: AbortSignal | undefined; readonly what?: string } = {},
): Promise<readonly TakenMessage[]> {
  const { visible } = await countMessages(queue);
  const seen = new Map<string, Message>();
  const progress = startProgress(what, visible);
  try {
    for (let empty = 0; empty < (seen.size < visible ? MAX_EMPTY_RECEIVES : 1); ) {
      if (signal?.aborted === true) break;
      empty = (await receiveMore(queue, seen)) ? 0 : empty + 1;
      progress.update(seen.size);
    }
  } catch (error) {
    await showAgain(queue, [...seen.values()].map(parseMessage));
    throw error;
  } finally {
    progress.end();
  }
  return [...seen.values()].map(parseMessage);
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
      // Long polling asks every SQS server, so that no message is overlooked.
      WaitTimeSeconds: 1,
      MessageAttributeNames: ['All'],
      MessageSystemAttributeNames: ['SentTimestamp'],
    }),
  );
  const before = seen.size;
  for (const message of Messages) seen.set(message.MessageId ?? '', message);
  return seen.size > before;
}

/**
 * How many dead letters another command or reader holds at the moment, so that nobody else sees them. To be asked for before
 * the queue is read; SQS counts about right, and up to a minute late.
 */
export async function countHeld(account: QueueAccount): Promise<number> {
  return (await countMessages(await openDeadLetterQueue(account))).held;
}

async function countMessages({
  sqs,
  url,
}: DeadLetterQueue): Promise<{ readonly visible: number; readonly held: number }> {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: url,
      AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
    }),
  );
  const { ApproximateNumberOfMessages: visible, ApproximateNumberOfMessagesNotVisible: held } = Attributes;
  return { visible: Number(visible ?? 0), held: Number(held ?? 0) };
}

/** Our seconds on the queue's clock; SQS takes no more than its maximum. */
function onClock(seconds: number, speed: number): number {
  return Math.min(Math.ceil(seconds * speed), MAX_HIDE_SECONDS);
}

/** Shows taken messages to other readers again. */
export function showAgain(queue: DeadLetterQueue, messages: readonly TakenMessage[]): Promise<void> {
  return hideFor(queue, messages, 0);
}

/** Hides taken messages for this many of our seconds from now. */
export async function hideFor(
  { sqs, url, speed }: DeadLetterQueue,
  messages: readonly TakenMessage[],
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

function parseMessage(message: Message): TakenMessage {
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

/** Puts a message on a queue. The caller removes the dead letter that it stands for afterwards, never before. */
export async function putMessage(
  sqs: SQSClient,
  queueUrl: string,
  { body, attributes }: BufferMessage,
): Promise<void> {
  const MessageAttributes = Object.fromEntries(
    Object.entries(attributes).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
  );
  await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: body, MessageAttributes }));
}

/** Takes a dead letter off its queue for good. */
export async function removeDeadLetter(
  { sqs, url }: DeadLetterQueue,
  { receiptHandle }: TakenMessage,
): Promise<void> {
  await sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: receiptHandle }));
}
