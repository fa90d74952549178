import type { Duration } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { DeliverMetric } from '../lambdas/deliver/measure-outcome.ts';
import type { IngestMetric, SourceMetric } from '../lambdas/ingest/measure-reception.ts';
import { METRIC_NAMESPACE } from '../lambdas/metric-directive.ts';

type MetricForm = { readonly statistic: string; readonly period: Duration };

/** A metric that a function writes about its stage as a whole; a name that none writes does not compile. */
export function stageMetric(
  stack: string,
  metricName: DeliverMetric | IngestMetric,
  form: MetricForm,
): Metric {
  return new Metric({ namespace: METRIC_NAMESPACE, metricName, dimensionsMap: { stack }, ...form });
}

/** A metric that ingest writes about a source. */
export function sourceMetric(
  stack: string,
  source: string,
  metricName: SourceMetric,
  form: MetricForm,
): Metric {
  return new Metric({ namespace: METRIC_NAMESPACE, metricName, dimensionsMap: { stack, source }, ...form });
}
