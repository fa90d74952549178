import { Duration } from 'aws-cdk-lib';
import { type IQueue, Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { DELIVERY_TIMES } from '../deliver/times.ts';
import { type DataProtection, queueProtection } from '../protection/data-protection.ts';
import { MESSAGE_SIZES } from './message-sizes.ts';

export type BufferQueueProps = {
  readonly name: string;
  /** Where SQS moves a message that crashes the deliver function again and again. */
  readonly deadLetter: IQueue;
  readonly protection: DataProtection;
};

/** Stage 2, buffer: the queue between ingest and deliver. */
export class BufferQueue extends Construct {
  readonly queue: Queue;

  constructor(scope: Construct, id: string, { name, deadLetter, protection }: BufferQueueProps) {
    super(scope, id);

    this.queue = new Queue(this, 'Queue', {
      ...queueProtection(protection),
      queueName: name,
      maxMessageSizeBytes: MESSAGE_SIZES.queue,
      visibilityTimeout: Duration.seconds(DELIVERY_TIMES.visibility),
      retentionPeriod: Duration.seconds(DELIVERY_TIMES.bufferRetention),
      deadLetterQueue: { queue: deadLetter, maxReceiveCount: DELIVERY_TIMES.maxReceiveCount },
    });
  }
}
