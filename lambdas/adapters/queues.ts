import {
  ChangeMessageVisibilityCommand,
  GetQueueAttributesCommand,
  type MessageAttributeValue,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { BufferMessage } from '../buffer/buffered-webhook.ts';
import { fail, type Result, succeed } from '../result.ts';
import { LEAN_SETTINGS, withoutLogger } from './lean-client.ts';

/** The name of what went wrong: an SDK error's message may quote the request. */
type QueueFailure = { readonly cause: string };

export type Queues = {
  /** Asks for nothing, so that the connection and all that leads to it is there when a message is to be put. */
  readonly connect: (queueUrl: string) => Promise<Result<void, QueueFailure>>;
  /** Puts a message on a queue, to be seen after so many seconds (at once where none are given; at most 900). */
  readonly put: (
    queueUrl: string,
    message: BufferMessage,
    delaySeconds?: number,
  ) => Promise<Result<void, QueueFailure>>;
  /** Does all that `put` does but for sending anything, so that it has run once when a message is to be put. */
  readonly putDry: Queues['put'];
  /** Leaves a message on its queue, unseen for so many seconds from now. */
  readonly hide: (
    queueUrl: string,
    receiptHandle: string,
    seconds: number,
  ) => Promise<Result<void, QueueFailure>>;
};

/** SQS takes no longer delay. */
const MAX_DELAY_SECONDS = 900;

/** SQS, as far as the functions use it. */
export function createQueues(): Queues {
  let made: SQSClient | undefined;
  // Most cold starts of deliver have nothing to hide or to bury.
  const client = () => {
    made ??= withoutLogger(new SQSClient(LEAN_SETTINGS));
    return made;
  };
  return {
    connect: (QueueUrl) => settle(client().send(new GetQueueAttributesCommand({ QueueUrl }))),
    put: (...message) => settle(client().send(writeMessage(...message))),
    putDry: (...message) => {
      const command = new DrySendMessageCommand(writeMessage(...message).input);
      // In the place of the last step, which would have the request sent.
      command.middlewareStack.add(() => answerNothing, { step: 'deserialize', priority: 'low' });
      return settle(client().send(command));
    },
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

/** A class of its own: the client keeps the steps that it has put together for a class, and takes them for the next one. */
class DrySendMessageCommand extends SendMessageCommand {}

/** As if SQS had answered: the SDK reads it, and finds that the message's digest is missing. */
const answerNothing = async () => ({
  response: { statusCode: 200, headers: {}, body: Buffer.from('{}') },
});

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
