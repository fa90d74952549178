import {
  ChangeMessageVisibilityBatchCommand,
  GetQueueUrlCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { deadLetterQueueName } from '../lambdas/dead-letter/queue-name.ts';

/** How long a message is hidden from other readers while the list is made. */
const PEEK_SECONDS = 60;

/** A message of the dead-letter queue, with all attributes as text. */
export type DeadLetterMessage = {
  readonly messageId: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
};

/**
 * Looks at every message of a stack's dead-letter queue and leaves all of them there. SQS has no listing: messages are
 * received, which hides them for a moment, and shown again at the end.
 */
export async function readDeadLetters(
  sqs: SQSClient,
  stackName: string,
): Promise<readonly DeadLetterMessage[]> {
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: deadLetterQueueName(stackName) }));
  const seen = new Map<string, Message>();
  try {
    while (await receiveMore(sqs, QueueUrl, seen));
  } finally {
    await showAgain(sqs, QueueUrl, [...seen.values()]);
  }
  return [...seen.values()].map(readMessage);
}

/** Receives a batch into `seen`; false when nothing new came, which is when the queue has been through. */
async function receiveMore(
  sqs: SQSClient,
  queueUrl: string | undefined,
  seen: Map<string, Message>,
): Promise<boolean> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: 10,
      VisibilityTimeout: PEEK_SECONDS,
      // Long polling asks every SQS server, so that nothing is overlooked.
      WaitTimeSeconds: 1,
      MessageAttributeNames: ['All'],
    }),
  );
  const before = seen.size;
  for (const message of Messages) seen.set(message.MessageId ?? '', message);
  return seen.size > before;
}

async function showAgain(
  sqs: SQSClient,
  queueUrl: string | undefined,
  messages: readonly Message[],
): Promise<void> {
  for (let start = 0; start < messages.length; start += 10) {
    await sqs.send(
      new ChangeMessageVisibilityBatchCommand({
        QueueUrl: queueUrl,
        Entries: messages.slice(start, start + 10).map(({ ReceiptHandle }, index) => ({
          Id: `${index}`,
          ReceiptHandle,
          VisibilityTimeout: 0,
        })),
      }),
    );
  }
}

function readMessage({ MessageId = '', Body = '', MessageAttributes = {} }: Message): DeadLetterMessage {
  const attributes = Object.entries(MessageAttributes).map(([name, { StringValue = '' }]) => [
    name,
    StringValue,
  ]);
  return { messageId: MessageId, body: Body, attributes: Object.fromEntries(attributes) };
}
