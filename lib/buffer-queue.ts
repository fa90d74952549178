import { Duration } from 'aws-cdk-lib';
import { type IQueue, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { DELIVER_TIMEOUT } from './stage-function.ts';

/** The most that SQS allows. It is the net for crash loops alone: the retry schedule gives up by time, long before. */
const MAX_RECEIVE_COUNT = 1_000;

export type BufferQueueProps = {
  readonly name: string;
  /** Where SQS moves a message that crashes the deliver function again and again. */
  readonly deadLetter: IQueue;
};

/** Stage 2, buffer: the queue between ingest and deliver. */
export class BufferQueue extends Construct {
  readonly queue: Queue;

  constructor(scope: Construct, id: string, { name, deadLetter }: BufferQueueProps) {
    super(scope, id);

    this.queue = new Queue(this, 'Queue', {
      queueName: name,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      // Six times the function's timeout, as AWS advises for event sources (Lambda developer guide, "Using Lambda with SQS").
      visibilityTimeout: Duration.seconds(DELIVER_TIMEOUT.toSeconds() * 6),
      retentionPeriod: Duration.days(4),
      deadLetterQueue: { queue: deadLetter, maxReceiveCount: MAX_RECEIVE_COUNT },
    });
  }
}
