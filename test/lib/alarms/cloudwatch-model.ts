import type { TemplateAlarm } from './alarm-template.ts';

/** A value that is written to a metric, and when, in seconds. */
export type Sample = { readonly at: number; readonly value: number };

/** When an alarm has changed its state, and to what. */
export type Change = { readonly at: number; readonly to: 'ALARM' | 'OK' };

/**
 * How often an alarm is evaluated, in seconds. CloudWatch does it each minute, and its windows slide with each evaluation;
 * of a long period, steps that are small beside it show the same.
 */
function stepOf({ Period }: Rule): number {
  return Math.max(60, Math.floor(Period / 20 / 60) * 60);
}

/**
 * How many data points CloudWatch looks at beyond those that the alarm asks for. Its guide has an example of two ("Configuring
 * how CloudWatch alarms treat missing data": three periods, a range of five) and promises no number.
 */
export const EXTRA_POINTS = [0, 2] as const;

type Rule = Pick<
  TemplateAlarm,
  | 'Statistic'
  | 'ExtendedStatistic'
  | 'Period'
  | 'EvaluationPeriods'
  | 'DatapointsToAlarm'
  | 'Threshold'
  | 'ComparisonOperator'
  | 'TreatMissingData'
>;

/** The changes of an alarm's state over its metric's samples, by the rules of the CloudWatch user guide. */
export function changesOf(
  rule: Rule,
  samples: readonly Sample[],
  { until, extra }: { readonly until: number; readonly extra: number },
): readonly Change[] {
  const inOrder = samples.toSorted((one, other) => one.at - other.at);
  const changes: Change[] = [];
  let state: Change['to'] = 'OK';
  const step = stepOf(rule);
  for (let now = step; now <= until; now += step) {
    const next: Change['to'] = judge(rule, pointsAt(rule, inOrder, now, extra)) ?? state;
    if (next !== state) changes.push({ at: now, to: next });
    state = next;
  }
  return changes;
}

/** The data points of an evaluation, the latest first; `undefined` where a period has no data. */
function pointsAt(
  { Period, EvaluationPeriods, ...rule }: Rule,
  samples: readonly Sample[],
  now: number,
  extra: number,
): readonly (number | undefined)[] {
  const range = EvaluationPeriods + extra;
  const values: number[][] = Array.from({ length: range }, () => []);
  for (let index = firstAt(samples, now) - 1; index >= 0; index -= 1) {
    const { at = 0, value = 0 } = samples[index] ?? {};
    const place = Math.ceil((now - at) / Period) - 1;
    if (place >= range) break;
    values[Math.max(0, place)]?.push(value);
  }
  return values.map((ofPeriod) => aggregate(rule, ofPeriod));
}

/** The place of the first sample that is later than a time. */
function firstAt(samples: readonly Sample[], time: number): number {
  let [low, high] = [0, samples.length];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((samples[middle]?.at ?? 0) <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

function aggregate(
  { Statistic, ExtendedStatistic }: Pick<Rule, 'Statistic' | 'ExtendedStatistic'>,
  values: readonly number[],
): number | undefined {
  if (values.length === 0) return undefined;
  const sum = values.reduce((total, value) => total + value, 0);
  switch (Statistic ?? ExtendedStatistic) {
    case 'Sum':
      return sum;
    case 'Average':
      return sum / values.length;
    case 'Maximum':
      return Math.max(...values);
    case 'p90':
      return values.toSorted((one, other) => one - other)[Math.ceil(0.9 * values.length) - 1];
    default:
      throw new Error(`The model does not know ${Statistic ?? ExtendedStatistic}.`);
  }
}

/** The state that the data points give; `undefined` where the current one is kept. */
function judge(
  { EvaluationPeriods, DatapointsToAlarm = EvaluationPeriods, TreatMissingData, ...rule }: Rule,
  points: readonly (number | undefined)[],
): Change['to'] | undefined {
  // Real data before missing, even from beyond the periods that were asked for; the latest first.
  const real = points.filter((point) => point !== undefined).slice(0, EvaluationPeriods);
  const missing = EvaluationPeriods - real.length;
  const breaching = real.filter((point) => isBreaching(rule, point)).length;
  if (breaching >= DatapointsToAlarm) return 'ALARM';
  switch (TreatMissingData) {
    case 'breaching':
      return breaching + missing >= DatapointsToAlarm ? 'ALARM' : 'OK';
    case 'ignore':
      return real.length > breaching ? 'OK' : undefined;
    default:
      return 'OK';
  }
}

function isBreaching(
  { ComparisonOperator, Threshold }: Pick<Rule, 'ComparisonOperator' | 'Threshold'>,
  point: number,
) {
  return ComparisonOperator === 'LessThanThreshold' ? point < Threshold : point >= Threshold;
}
