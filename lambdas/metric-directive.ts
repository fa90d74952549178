/** Everything that the functions measure; alarms and dashboard look here. */
export const METRIC_NAMESPACE = 'WebhookAdapter';

export type Unit = 'Count' | 'Milliseconds' | 'Seconds';

/** A metric's name, and what it is counted in. */
export type Units = Readonly<Record<string, Unit>>;

/** How CloudWatch is told which members of a log line are metrics (embedded metric format). */
export type MetricDirective = {
  readonly Namespace: string;
  readonly Dimensions: readonly (readonly string[])[];
  /** Of a count the unit is left out: every line is paid for by the byte, and nobody reads it. */
  readonly Metrics: readonly { readonly Name: string; readonly Unit?: Unit }[];
};

/**
 * Declares metrics of a log line. The first dimension is always the stack: several stages may live in one account, and
 * the alarms of one must not hear of another. A dimension's value is text, and has to be one of few.
 */
export function declareMetrics(dimensions: readonly string[], units: Units): MetricDirective {
  return {
    Namespace: METRIC_NAMESPACE,
    Dimensions: [['stack', ...dimensions]],
    Metrics: Object.entries(units).map(([Name, Unit]) => (Unit === 'Count' ? { Name } : { Name, Unit })),
  };
}

/** The units of what was measured, out of those of all that can be. */
export function unitsOf(measured: Readonly<Record<string, number>>, units: Units): Units {
  return Object.fromEntries(Object.entries(units).filter(([name]) => Object.hasOwn(measured, name)));
}
