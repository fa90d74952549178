import type { Message } from '@aws-sdk/client-sqs';
import { REGION } from '../template/read-template.ts';

/** A message as Lambda puts it into an SQS event. */
export function toRecord(message: Message, queueArn: string): object {
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
