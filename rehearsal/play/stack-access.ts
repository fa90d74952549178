import {
  type AttributeValue,
  DynamoDBClient,
  ScanCommand,
  type ScanCommandInput,
  type ScanCommandOutput,
} from '@aws-sdk/client-dynamodb';
import {
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { RunningStack } from '../../local/emulator/stack.ts';

const CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' };

/** Longer than any rehearsal, on any clock: what is taken is not seen by others. */
const TAKEN_SECONDS = 43_200;

/** An entry as DynamoDB has it. */
export type LedgerItem = Readonly<Record<string, AttributeValue>>;

/** The queues and the ledger of a stack, as an operator reaches them. */
export type StackAccess = {
  /** Messages on the buffer: waiting, being worked on, or hidden. */
  readonly bufferDepth: () => Promise<number>;
  readonly deadLetterDepth: () => Promise<number>;
  /** Takes every dead letter off its queue, giving each to `use` before it goes. */
  readonly takeDeadLetters: (use: (message: Message) => Promise<void>) => Promise<number>;
  readonly putOnBuffer: (message: Pick<Message, 'Body' | 'MessageAttributes'>) => Promise<void>;
  /** Reads every entry of the ledger, a page at a time. */
  readonly eachLedgerEntry: (use: (entries: readonly LedgerItem[]) => void) => Promise<void>;
  /** Items of the ledger, whatever they are about. */
  readonly ledgerSize: () => Promise<number>;
  readonly close: () => void;
};

/** Opens what a stack has on this machine. */
export function openStack({ region, endpoints, outputs }: RunningStack): StackAccess {
  const sqs = new SQSClient({ region, endpoint: endpoints.sqs, credentials: CREDENTIALS });
  const dynamoDb = new DynamoDBClient({ region, endpoint: endpoints.dynamoDb, credentials: CREDENTIALS });
  const outputOf = (name: string) =>
    Object.entries(outputs).find(([key]) => key.replace(/[^A-Za-z]/g, '').startsWith(name))?.[1] ?? '';
  const buffer = outputOf('BufferQueueUrl');
  const deadLetters = outputOf('DeadLetterQueueUrl');
  const TableName = outputOf('LedgerTable');
  return {
    bufferDepth: () => depthOf(sqs, buffer),
    deadLetterDepth: () => depthOf(sqs, deadLetters),
    takeDeadLetters: (use) => takeAll(sqs, deadLetters, use),
    putOnBuffer: async ({ Body, MessageAttributes }) => {
      await sqs.send(new SendMessageCommand({ QueueUrl: buffer, MessageBody: Body, MessageAttributes }));
    },
    eachLedgerEntry: async (use) => {
      for await (const page of scan(dynamoDb, { TableName, ...ENTRIES })) use(page.Items ?? []);
    },
    ledgerSize: async () => {
      let size = 0;
      for await (const { Count = 0 } of scan(dynamoDb, { TableName, Select: 'COUNT' })) size += Count;
      return size;
    },
    close: () => {
      sqs.destroy();
      dynamoDb.destroy();
    },
  };
}

const COUNTS = [
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
  'ApproximateNumberOfMessagesDelayed',
] as const;

async function depthOf(sqs: SQSClient, QueueUrl: string): Promise<number> {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...COUNTS] }),
  );
  return COUNTS.reduce((sum, name) => sum + Number(Attributes[name] ?? 0), 0);
}

async function takeAll(
  sqs: SQSClient,
  QueueUrl: string,
  use: (message: Message) => Promise<void>,
): Promise<number> {
  let taken = 0;
  for (;;) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: 10,
        VisibilityTimeout: TAKEN_SECONDS,
        WaitTimeSeconds: 1,
        MessageAttributeNames: ['All'],
      }),
    );
    if (Messages.length === 0) return taken;
    for (const message of Messages) await use(message);
    const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: `${index}`, ReceiptHandle }));
    await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
    taken += Messages.length;
  }
}

/** Receipts and people's actions lie in the ledger too; entries of events have a state. */
const ENTRIES = {
  FilterExpression: 'attribute_exists(#state)',
  ExpressionAttributeNames: { '#state': 'state' },
};

async function* scan(client: DynamoDBClient, input: ScanCommandInput): AsyncGenerator<ScanCommandOutput> {
  let ExclusiveStartKey: LedgerItem | undefined;
  do {
    const page = await client.send(new ScanCommand({ ...input, ExclusiveStartKey }));
    yield page;
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
}
