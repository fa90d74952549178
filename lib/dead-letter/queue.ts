import { Duration } from 'aws-cdk-lib';
import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { StageAlarm } from '../alarms/stage-alarm.ts';
import { MESSAGE_SIZES } from '../buffer/queue.ts';
import { DELIVERY_TIMES } from '../deliver/times.ts';
import { adapterMetric } from '../operate/metrics.ts';
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

/** What a person needs at least to mend the cause of a dead letter and to replay it, a weekend included. */
const LAST_DAYS = Duration.days(4);

export type DeadLetterAlarmsProps = { readonly name: string; readonly deadLetter: DeadLetterQueue };

/** A dead letter is safe for two weeks: one alone waits for the morning, many at once do not. */
export function deadLetterAlarms({ name, deadLetter }: DeadLetterAlarmsProps): readonly StageAlarm[] {
  const { queue } = deadLetter;
  return [
    {
      runbookSection: 'dead-letters-present',
      impact: 'Some events could not be delivered. Their customers get no message until somebody decides.',
      urgency: 'tomorrow',
      metric: queue.metricApproximateNumberOfMessagesVisible({
        statistic: Stats.MAXIMUM,
        period: Duration.minutes(5),
      }),
      threshold: 1,
    },
    {
      runbookSection: 'dead-letters-many',
      impact:
        'Events fail one after the other, as when a mapping or an event definition was changed: none of those customers gets a message.',
      urgency: 'page',
      metric: adapterMetric(name, 'DeadLetters', { statistic: Stats.SUM, period: Duration.minutes(15) }),
      threshold: 10,
    },
    {
      runbookSection: 'dead-letters-expiring',
      impact: `A dead letter has been lying there so long that SQS will delete it within ${LAST_DAYS.toHumanString()}: the webhook would be lost for good.`,
      urgency: 'page',
      metric: queue.metricApproximateAgeOfOldestMessage({
        statistic: Stats.MAXIMUM,
        period: Duration.hours(1),
      }),
      threshold: DELIVERY_TIMES.deadLetterRetention - LAST_DAYS.toSeconds(),
    },
  ];
}
