import {
  MathExpression,
  type MathExpressionOptions,
  Metric,
  type MetricOptions,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { DeliverMetric } from '../../lambdas/deliver/log-line.ts';
import type { IngestMetric, SourceMetric } from '../../lambdas/ingest/log-line.ts';
import { METRIC_NAMESPACE } from '../../lambdas/metric-directive.ts';

/** One kind of outcome of one kind of event, as every line of deliver's log counts it. */
export type CountedEvents = {
  readonly source: string;
  /** The event's name in the mapping. */
  readonly event: string;
  /** `delivered`, or the code of another outcome. */
  readonly code: string;
};

/** A metric of a whole adapter. A metric that no function writes does not compile. @param name begins its queues' names */
export function adapterMetric(
  name: string,
  metricName: DeliverMetric | IngestMetric,
  props: MetricOptions,
): Metric {
  return metricOf(name, metricName, { statistic: 'Sum', ...props });
}

/** A metric that ingest writes about one source. */
export function sourceMetric(
  name: string,
  source: string,
  metricName: SourceMetric,
  props: MetricOptions,
): Metric {
  return metricOf(name, metricName, { statistic: 'Sum', dimensionsMap: { source }, ...props });
}

/** How many events of one kind ended in one way. */
export function eventsMetric(name: string, counted: CountedEvents, props: MetricOptions): Metric {
  const dimensionsMap = { stage: 'deliver', ...counted };
  return metricOf(name, 'Events', { statistic: 'Sum', dimensionsMap, ...props });
}

/** How many webhooks were signed in the form of a source and did not verify. Each is written as a verified webhook, of 0. */
export function refusedMetric(name: string, source: string, props: MathExpressionOptions): MathExpression {
  const count = (statistic: string) => sourceMetric(name, source, 'VerifiedWebhooks', { statistic });
  return new MathExpression({
    expression: 'signed - verified',
    usingMetrics: { signed: count('SampleCount'), verified: count('Sum') },
    label: `Refused webhooks of ${source}`,
    ...props,
  });
}

function metricOf(stack: string, metricName: string, { dimensionsMap, ...props }: MetricOptions): Metric {
  return new Metric({
    namespace: METRIC_NAMESPACE,
    metricName,
    dimensionsMap: { stack, ...dimensionsMap },
    ...props,
  });
}
