import * as z from 'zod';

const alarmSchema = z.object({
  Metrics: z
    .array(z.object({ MetricStat: z.unknown().optional(), Expression: z.string().default('') }))
    .default([]),
});

/**
 * How many metrics alarms are billed by: one of a simple alarm, each metric of an expression, and for an anomaly the metric
 * with the upper and the lower bound (aws.amazon.com/cloudwatch/pricing).
 */
export function countAlarmMetrics(alarms: readonly unknown[]): number {
  return alarms.reduce<number>((sum, alarm) => {
    const { Metrics } = alarmSchema.parse(alarm);
    const stats = Metrics.filter(({ MetricStat }) => MetricStat !== undefined).length;
    const bands = Metrics.filter(({ Expression }) => Expression.includes('ANOMALY_DETECTION_BAND')).length;
    return sum + Math.max(1, stats) + 2 * bands;
  }, 0);
}
