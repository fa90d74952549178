import { Duration } from 'aws-cdk-lib';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { MESSAGE_SIZES } from '../buffer/message-sizes.ts';
import { DELIVERY_TIMES } from '../deliver/times.ts';
import { type DataProtection, queueProtection } from '../protection/data-protection.ts';

export type DeadLetterQueueProps = {
  readonly name: string;
  readonly protection: DataProtection;
};

/** Stage 5, dead-letter: webhooks that could not be delivered, each with a note that says why. */
export class DeadLetterQueue extends Construct {
  readonly queue: Queue;

  constructor(scope: Construct, id: string, { name, protection }: DeadLetterQueueProps) {
    super(scope, id);

    this.queue = new Queue(this, 'Queue', {
      ...queueProtection(protection),
      queueName: name,
      maxMessageSizeBytes: MESSAGE_SIZES.queue,
      // The most that SQS allows: time for a person to mend the cause.
      retentionPeriod: Duration.seconds(DELIVERY_TIMES.deadLetterRetention),
    });
  }
}
