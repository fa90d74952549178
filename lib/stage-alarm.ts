import { Alarm, ComparisonOperator, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { Construct } from 'constructs';
import type { AlarmTopics, Urgency } from './alarm-topics.ts';

/** Where the sections of the alarms are. */
const RUNBOOK = 'docs/runbook.md';

/** One alarm of a stage. Without an impact and something to do about it there is no reason to wake anybody. */
export type StageAlarm = {
  /** The heading of its section in the runbook; ends the alarm's name. */
  readonly runbookSection: string;
  /** The source that it is about, where each has one. */
  readonly source?: string;
  /** Who is hurt and how, in a sentence or two. */
  readonly impact: string;
  readonly urgency: Urgency;
  readonly metric: IMetric;
  readonly threshold: number;
  /** @default GREATER_THAN_OR_EQUAL_TO_THRESHOLD */
  readonly comparisonOperator?: ComparisonOperator;
  /**
   * How many periods in a row it has to be so.
   * @default 1
   */
  readonly periods?: number;
  /** @default NOT_BREACHING: most metrics are written only when something is wrong */
  readonly treatMissingData?: TreatMissingData;
};

export type AlarmSurroundings = {
  /** Begins the alarm's name. */
  readonly name: string;
  readonly topics: AlarmTopics;
};

/** Creates an alarm whose message says who is hurt and where it is written what to do. */
export function createStageAlarm(
  scope: Construct,
  { runbookSection, source, impact, urgency, ...rule }: StageAlarm,
  { name, topics }: AlarmSurroundings,
): Alarm {
  const id = source === undefined ? runbookSection : `${runbookSection}-${source}`;
  const { metric, threshold, periods: evaluationPeriods = 1 } = rule;
  const alarm = new Alarm(scope, id, {
    alarmName: `${name}-${id}`,
    alarmDescription: `${impact}\nUrgency: ${urgency}.\nWhat to do: ${RUNBOOK}#${runbookSection}`,
    metric,
    threshold,
    evaluationPeriods,
    comparisonOperator: rule.comparisonOperator ?? ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    treatMissingData: rule.treatMissingData ?? TreatMissingData.NOT_BREACHING,
  });
  const action = new SnsAction(topics[urgency]);
  alarm.addAlarmAction(action);
  // Whoever was woken wants to hear that it is over.
  if (urgency === 'page') alarm.addOkAction(action);
  return alarm;
}
