import { Duration } from 'aws-cdk-lib';
import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { AlarmSettings } from '../alarms/settings.ts';
import type { StageAlarm } from '../alarms/stage-alarm.ts';
import type { BufferQueue } from './queue.ts';

/** How long after its webhook an event has reached Webex Campaign at the latest, unless the deployment says otherwise. */
export const FRESH_WITHIN = Duration.minutes(15);

export type BufferAlarmsProps = Pick<AlarmSettings, 'freshWithin'> & { readonly buffer: BufferQueue };

/**
 * SQS leaves out of this age whatever was received three times (SQS developer guide, "Available CloudWatch metrics"). So it
 * tells of what nobody has worked on; what is tried again and again is deliver's to tell.
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
