import { Duration } from 'aws-cdk-lib';
import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { type IQueue, Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { type AlarmSettings, FRESH_WITHIN } from '../alarms/settings.ts';
import type { StageAlarm } from '../alarms/stage-alarm.ts';
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

export type BufferAlarmsProps = Pick<AlarmSettings, 'freshWithin'> & { readonly buffer: BufferQueue };

/**
 * SQS leaves messages out of this age once they were received three times (SQS developer guide, "Available CloudWatch
 * metrics"). So it shows how long webhooks wait to be tried; deliver's own alarms are about those that are tried again.
 */
export function bufferAlarms({
  buffer,
  freshWithin = FRESH_WITHIN,
}: BufferAlarmsProps): readonly StageAlarm[] {
  return [
    {
      runbookSection: 'buffer-late',
      impact: `Webhooks lie on the buffer for longer than the ${freshWithin.toHumanString()} that were promised: more come in than are sent on, and every customer's message is late.`,
      urgency: 'page',
      metric: buffer.queue.metricApproximateAgeOfOldestMessage({
        statistic: Stats.MAXIMUM,
        period: Duration.minutes(5),
      }),
      threshold: freshWithin.toSeconds(),
      periods: 2,
    },
  ];
}
