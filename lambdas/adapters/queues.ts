import {
  ChangeMessageVisibilityCommand,
  GetQueueAttributesCommand,
  type MessageAttributeValue,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { BufferMessage } from '../buffer/message.ts';
import { fail, type Result, succeed } from '../result.ts';

/** The name of what went wrong: an SDK error's message may quote the request. */
type QueueFailure = { readonly cause: string };

export type Queues = {
  /** Opens the connection with a cheap call, so that the first message does not wait for it. */
  readonly connect: (queueUrl: string) => Promise<Result<void, QueueFailure>>;
  /** Puts a message on a queue; it becomes visible after a delay (none by default, at most 900 seconds). */
  readonly put: (
    queueUrl: string,
    message: BufferMessage,
    delaySeconds?: number,
  ) => Promise<Result<void, QueueFailure>>;
  /** Hides a message on its queue for a time from now. */
  readonly hide: (
    queueUrl: string,
    receiptHandle: string,
    seconds: number,
  ) => Promise<Result<void, QueueFailure>>;
};

/** SQS allows no longer delay. */
const MAX_DELAY_SECONDS = 900;

/** SQS, as far as the functions use it. */
export function createQueues(): Queues {
  let made: SQSClient | undefined;
  // Most workers of deliver never hide or dead-letter a message: they need no client.
  const client = () => {
    // TLS protects a message on its way. The MD5 of it, computed again and compared, would take 2 % of ingest's CPU.
    made ??= new SQSClient({ cacheMiddleware: true, md5: false });
    return made;
  };
  return {
    connect: (QueueUrl) => settle(client().send(new GetQueueAttributesCommand({ QueueUrl }))),
    put: (...message) => settle(client().send(writeMessage(...message))),
    hide: (QueueUrl, ReceiptHandle, VisibilityTimeout) =>
      settle(
        client().send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout })),
      ),
  };
}

function writeMessage(...[QueueUrl, message, delaySeconds]: Parameters<Queues['put']>): SendMessageCommand {
  return new SendMessageCommand({
    QueueUrl,
    MessageBody: message.body,
    MessageAttributes: writeAttributes(message.attributes),
    ...(delaySeconds !== undefined && { DelaySeconds: Math.min(delaySeconds, MAX_DELAY_SECONDS) }),
  });
}

function writeAttributes(
  attributes: Readonly<Record<string, string>>,
): Record<string, MessageAttributeValue> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name, { DataType: 'String', StringValue: value }]),
  );
}

async function settle(call: Promise<unknown>): Promise<Result<void, QueueFailure>> {
  try {
    await call;
    return succeed(undefined);
  } catch (error) {
    return fail({ cause: error instanceof Error ? error.name : 'unknown' });
  }
}
