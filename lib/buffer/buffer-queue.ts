import { Duration } from 'aws-cdk-lib';
import { type IQueue, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { DELIVERY_TIMES } from '../deliver/delivery-times.ts';

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
      visibilityTimeout: Duration.seconds(DELIVERY_TIMES.visibility),
      retentionPeriod: Duration.seconds(DELIVERY_TIMES.bufferRetention),
      deadLetterQueue: { queue: deadLetter, maxReceiveCount: DELIVERY_TIMES.maxReceiveCount },
    });
  }
}
