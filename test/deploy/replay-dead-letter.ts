import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import {
  DeleteMessageCommand,
  type MessageAttributeValue,
  ReceiveMessageCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { BUFFER_ATTRIBUTES } from '../../lambdas/buffer/buffered-webhook.ts';
import { readNote } from '../../lambdas/dead-letter/dead-letter-note.ts';
import { ledgerKey } from '../../lambdas/deliver/ledger-entry.ts';
import { clientsOf, type Workshop } from './workshop.ts';

/**
 * Puts the one dead letter back on the buffer, and has the ledger forget what it ended with. It stands in for
 * `adapter dead-letter replay`: once there is that command, this function is to run it and do nothing else.
 */
export async function replayDeadLetter(workshop: Workshop): Promise<void> {
  const { sqs, dynamoDb } = clientsOf(workshop);
  const { BufferQueueUrl, DeadLetterQueueUrl, LedgerTable } = workshop.outputs.get();
  const received = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: DeadLetterQueueUrl,
      MessageAttributeNames: ['All'],
      WaitTimeSeconds: 5,
    }),
  );
  const [letter] = received.Messages ?? [];
  if (letter === undefined) throw new Error('There is no dead letter to replay.');

  const attributes = letter.MessageAttributes ?? {};
  const { webhook, event } = keyOf(attributes);
  const Key = { webhook: { S: webhook }, event: { S: event } };
  await dynamoDb.send(new DeleteItemCommand({ TableName: LedgerTable, Key }));
  await sqs.send(
    new SendMessageCommand({
      QueueUrl: BufferQueueUrl,
      MessageBody: letter.Body,
      MessageAttributes: Object.fromEntries(
        Object.entries(attributes).filter(([name]) => BUFFER_ATTRIBUTES.includes(name)),
      ),
    }),
  );
  await sqs.send(
    new DeleteMessageCommand({ QueueUrl: DeadLetterQueueUrl, ReceiptHandle: letter.ReceiptHandle }),
  );
}

function keyOf(attributes: Record<string, MessageAttributeValue>) {
  const texts = Object.fromEntries(
    Object.entries(attributes).map(([name, { StringValue = '' }]) => [name, StringValue]),
  );
  const { source = '', 'deduplication-id': deduplicationId = '' } = texts;
  return ledgerKey({ source, deduplicationId }, { name: readNote(texts)?.event ?? '' });
}
