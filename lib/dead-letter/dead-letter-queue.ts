import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { DELIVERY_TIMES } from '../deliver/delivery-times.ts';

export type DeadLetterQueueProps = {
  readonly name: string;
};

/** Stage 5, dead-letter: webhooks that could not be delivered, each with a note that says why. */
export class DeadLetterQueue extends Construct {
  readonly queue: Queue;

  constructor(scope: Construct, id: string, { name }: DeadLetterQueueProps) {
    super(scope, id);

    this.queue = new Queue(this, 'Queue', {
      queueName: name,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      // The most that SQS allows: time for a person to mend the cause.
      retentionPeriod: Duration.seconds(DELIVERY_TIMES.deadLetterRetention),
      removalPolicy: RemovalPolicy.RETAIN,
    });
  }
}
