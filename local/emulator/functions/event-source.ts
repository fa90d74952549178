import {
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { REGION } from '../template.ts';
import type { FunctionPool, Invocation } from './pool.ts';

/** An event source mapping: the queue that feeds a function. */
export type EventSourceSettings = {
  readonly queueUrl: string;
  readonly queueArn: string;
  /** The queue's own visibility timeout, in seconds of its clock. */
  readonly visibilitySeconds: number;
  readonly batchSize: number;
  readonly reportsFailures: boolean;
  readonly concurrency: number;
  /** How many seconds of the queue's clock pass in a true one. */
  readonly speed: number;
  /** How many of the next messages are delivered again though they were worked off, as SQS may do at any time. */
  readonly redelivery: { messages: number };
};

/** SQS hides a message for twelve hours at most. */
const MAX_VISIBILITY_SECONDS = 43_200;

/** Polls the queue and invokes the function until it is stopped. */
export function startEventSource(
  client: SQSClient,
  pool: FunctionPool,
  settings: EventSourceSettings,
): { readonly stop: () => Promise<void> } {
  const stopping = new AbortController();
  const pollers = Array.from({ length: settings.concurrency }, async () => {
    while (!stopping.signal.aborted) {
      const messages = await receive(client, pool, settings, stopping.signal);
      if (messages.length > 0) await workOn(messages, client, pool, settings);
    }
  });
  return {
    stop: async () => {
      stopping.abort();
      await Promise.all(pollers);
    },
  };
}

async function receive(
  client: SQSClient,
  pool: FunctionPool,
  settings: EventSourceSettings,
  signal: AbortSignal,
): Promise<readonly Message[]> {
  const command = new ReceiveMessageCommand({
    QueueUrl: settings.queueUrl,
    MaxNumberOfMessages: settings.batchSize,
    WaitTimeSeconds: 20,
    VisibilityTimeout: visibilityTimeoutOf(settings, pool.settings.timeoutSeconds),
    MessageAttributeNames: ['All'],
    MessageSystemAttributeNames: ['All'],
  });
  try {
    const { Messages = [] } = await client.send(command, { abortSignal: signal });
    return Messages;
  } catch (error) {
    if (signal.aborted) return [];
    throw error;
  }
}

/** On a fast clock the queue's visibility timeout may be over before the function is: then messages are hidden for longer. */
export function visibilityTimeoutOf(
  { visibilitySeconds, speed }: Pick<EventSourceSettings, 'visibilitySeconds' | 'speed'>,
  timeoutSeconds: number,
): number {
  const needed = speed === 1 ? 0 : Math.ceil(speed * (timeoutSeconds + 2));
  return Math.min(Math.max(visibilitySeconds, needed), MAX_VISIBILITY_SECONDS);
}

async function workOn(
  messages: readonly Message[],
  client: SQSClient,
  pool: FunctionPool,
  settings: EventSourceSettings,
): Promise<void> {
  const startedAt = performance.now();
  const invocation = await pool.invoke({
    Records: messages.map((message) => toRecord(message, settings.queueArn)),
  });
  const ids = messages.map(({ MessageId = '' }) => MessageId);
  const failed = readBatchResponse(invocation, ids, settings.reportsFailures);
  if (failed === 'all') {
    const passedSeconds = ((performance.now() - startedAt) / 1000) * settings.speed;
    return showAgain(messages, client, settings, settings.visibilitySeconds - passedSeconds);
  }

  const done = messages.filter(({ MessageId = '' }) => !failed.includes(MessageId));
  const again = done.splice(0, settings.redelivery.messages);
  settings.redelivery.messages -= again.length;
  await hide(again, client, settings, 0);
  if (done.length === 0) return;
  const Entries = done.map(({ ReceiptHandle }, index) => ({ Id: `${index}`, ReceiptHandle }));
  await client.send(new DeleteMessageBatchCommand({ QueueUrl: settings.queueUrl, Entries }));
}

/** Messages that were hidden for longer come back when the queue's own visibility timeout would have ended. */
async function showAgain(
  messages: readonly Message[],
  client: SQSClient,
  settings: EventSourceSettings,
  seconds: number,
): Promise<void> {
  if (settings.speed > 1) await hide(messages, client, settings, Math.max(0, Math.ceil(seconds)));
}

async function hide(
  messages: readonly Message[],
  client: SQSClient,
  { queueUrl }: EventSourceSettings,
  VisibilityTimeout: number,
): Promise<void> {
  for (const { ReceiptHandle } of messages) {
    const command = new ChangeMessageVisibilityCommand({
      QueueUrl: queueUrl,
      ReceiptHandle,
      VisibilityTimeout,
    });
    await client.send(command).catch(rethrowUnlessSeen);
  }
}

/** A function may have given a message back before it crashed; then the message is no longer hidden. */
function rethrowUnlessSeen(error: unknown): void {
  if (!(error instanceof Error && error.name.endsWith('MessageNotInflight'))) throw error;
}

const responseSchema = z.object({
  batchItemFailures: z.array(z.object({ itemIdentifier: z.string().min(1) })).nullish(),
});

/**
 * Which messages of a batch a function has not worked off. Nothing or an empty list means that all succeeded; a wrong
 * form, or an error, that all failed. Source: Lambda developer guide, "Reporting batch item failures".
 */
export function readBatchResponse(
  invocation: Invocation,
  messageIds: readonly string[],
  reportsFailures: boolean,
): readonly string[] | 'all' {
  if (!invocation.ok) return 'all';
  if (!reportsFailures || invocation.value === null) return [];
  const response = responseSchema.safeParse(invocation.value);
  if (!response.success) return 'all';
  const failed = (response.data.batchItemFailures ?? []).map(({ itemIdentifier }) => itemIdentifier);
  return failed.every((id) => messageIds.includes(id)) ? failed : 'all';
}

/** A message as Lambda puts it into an SQS event. */
function toRecord(message: Message, queueArn: string): object {
  const attributes = Object.entries(message.MessageAttributes ?? {}).map(([name, value]) => [
    name,
    { stringValue: value.StringValue, dataType: value.DataType, stringListValues: [], binaryListValues: [] },
  ]);
  return {
    messageId: message.MessageId,
    receiptHandle: message.ReceiptHandle,
    body: message.Body,
    attributes: message.Attributes,
    messageAttributes: Object.fromEntries(attributes),
    md5OfBody: message.MD5OfBody,
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: REGION,
  };
}
