import { Duration } from 'aws-cdk-lib';
import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { type AlarmSettings, FRESH_WITHIN } from '../alarms/settings.ts';
import type { StageAlarm } from '../alarms/stage-alarm.ts';
import type { BufferQueue } from './queue.ts';

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
