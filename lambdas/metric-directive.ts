/** The namespace of all metrics of the functions. */
export const METRIC_NAMESPACE = 'WebhookAdapter';

export type Unit = 'Count' | 'Milliseconds' | 'Seconds';

/** Units by the name of their metric. */
export type Units = Readonly<Record<string, Unit>>;

/** Tells CloudWatch which members of a log line are metrics (embedded metric format). */
export type MetricDirective = {
  readonly Namespace: string;
  readonly Dimensions: readonly (readonly string[])[];
  /** A count has no unit here: each line is paid for by the byte, and nothing reads it. */
  readonly Metrics: readonly { readonly Name: string; readonly Unit?: Unit }[];
};

/**
 * Declares metrics of a log line. The first dimension is always the stack: several stages may share an account, and the
 * alarms of one must not see the metrics of another. A dimension has few values, each of them text.
 */
export function declareMetrics(dimensions: readonly string[], units: Units): MetricDirective {
  return {
    Namespace: METRIC_NAMESPACE,
    Dimensions: [['stack', ...dimensions]],
    Metrics: Object.entries(units).map(([Name, Unit]) => (Unit === 'Count' ? { Name } : { Name, Unit })),
  };
}

/** The units of those metrics that were measured. */
export function unitsOf(measured: Readonly<Record<string, number>>, units: Units): Units {
  return Object.fromEntries(Object.entries(units).filter(([name]) => Object.hasOwn(measured, name)));
}
