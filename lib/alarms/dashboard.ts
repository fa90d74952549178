import { Duration, Stack } from 'aws-cdk-lib';
import {
  type Alarm,
  AlarmStatusWidget,
  Dashboard as CloudWatchDashboard,
  Color,
  GraphWidget,
  type IMetric,
  type IWidget,
  MathExpression,
  Stats,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { DeliverMetric } from '../../lambdas/deliver/log-line.ts';
import { METRIC_NAMESPACE } from '../../lambdas/metric-directive.ts';
import { adapterMetric } from '../operate/metrics.ts';
import type { Alarms, Watched } from './alarms.ts';
import { SHORTEST_DEADLINE } from './function-alarms.ts';
import { FRESH_WITHIN } from './stage-alarm.ts';

const PERIOD = Duration.minutes(5);
const MAXIMUM = { statistic: Stats.MAXIMUM, period: PERIOD };
const SUM = { statistic: Stats.SUM, period: PERIOD };
const MEDIAN = { statistic: Stats.percentile(50), period: PERIOD };
const P99 = { statistic: Stats.percentile(99), period: PERIOD };

export type DashboardProps = Watched & {
  /** Missing where the app has alarms of its own. */
  readonly alarms: Alarms | undefined;
  readonly freshWithin?: Duration | undefined;
};

/** The path of a webhook as it is now: one row a stage, in their order, under the alarms. */
export class Dashboard extends Construct {
  /** Where it is shown. */
  readonly url: string;

  constructor(scope: Construct, id: string, props: DashboardProps) {
    super(scope, id);
    const { region } = Stack.of(this);
    // Dashboards are of the whole account, and an adapter is of one region.
    const dashboardName = `${props.name}-${region}`;
    new CloudWatchDashboard(this, 'Board', {
      dashboardName,
      defaultInterval: Duration.days(1),
      widgets: [
        ...alarmRows(props.alarms?.all ?? []),
        ...ingestRow(props),
        ...bufferRow(props),
        ...mapRow(props),
        ...deliverRow(props),
        ...deadLetterRow(props),
      ],
    });
    this.url = `https://${region}.console.aws.amazon.com/cloudwatch/home?region=${region}#dashboards/dashboard/${dashboardName}`;
  }
}

/** CloudWatch takes so many alarms for a widget ("Dashboard body structure and syntax", `alarms`). */
const ALARMS_OF_A_WIDGET = 100;

function alarmRows(alarms: readonly Alarm[]): readonly IWidget[][] {
  const rows = Math.ceil(alarms.length / ALARMS_OF_A_WIDGET);
  return Array.from({ length: rows }, (_, row) => {
    const title = rows === 1 ? 'In alarm' : `In alarm (${row + 1} of ${rows})`;
    const some = alarms.slice(row * ALARMS_OF_A_WIDGET, (row + 1) * ALARMS_OF_A_WIDGET);
    return [new AlarmStatusWidget({ title, width: 24, height: 4, alarms: some })];
  });
}

function ingestRow({ name, ingest }: Watched): readonly IWidget[][] {
  const { api } = ingest;
  return row('1. ingest', 'Webhooks are verified, answered and put on the buffer.', [
    graph('Webhooks by source and code', [countBy(name, 'Webhooks', ['source', 'code'], 'stage="ingest"')]),
    graph('Refused (4xx) and failed (5xx)', [api.metricClientError(SUM), api.metricServerError(SUM)]),
    graph(
      'Time to answer, ms: half, and all but one in a hundred',
      [api.metricIntegrationLatency(MEDIAN), api.metricIntegrationLatency(P99)],
      { value: SHORTEST_DEADLINE.toMilliseconds(), label: 'shortest deadline of a vendor' },
    ),
  ]);
}

function bufferRow({ buffer, freshWithin = FRESH_WITHIN }: DashboardProps): readonly IWidget[][] {
  const { queue } = buffer;
  return row('2. buffer', 'Webhooks wait for deliver: the first time, or to be tried again.', [
    graph('Waiting, and in work or paused', [
      queue.metricApproximateNumberOfMessagesVisible(MAXIMUM),
      queue.metricApproximateNumberOfMessagesNotVisible(MAXIMUM),
    ]),
    graph('Oldest that was not tried three times, s', [queue.metricApproximateAgeOfOldestMessage(MAXIMUM)], {
      value: freshWithin.toSeconds(),
      label: 'promised',
    }),
    graph('In and out', [queue.metricNumberOfMessagesSent(SUM), queue.metricNumberOfMessagesDeleted(SUM)]),
  ]);
}

function mapRow({ name }: Watched): readonly IWidget[][] {
  return row('3. map', 'Webhooks become campaign events.', [
    graph('Events by mapping', [countBy(name, 'Events', ['source', 'event', 'code'], 'stage="deliver"')]),
    graph('Messages without an event', [
      countBy(name, 'UnopenedMessages', ['source', 'code'], 'stage="deliver"'),
    ]),
  ]);
}

function deliverRow(props: DashboardProps): readonly IWidget[][] {
  const { name, deliver, ledger, freshWithin = FRESH_WITHIN } = props;
  const metric = (of: DeliverMetric, form = MAXIMUM) => adapterMetric(name, of, form);
  const causes = ['Credentials', 'Throttling', 'Endpoint', 'Keys', 'Ledger'] as const;
  return row('4. deliver', 'Events are claimed, sent to Webex Campaign, and settled in the ledger.', [
    graph('From webhook to "accepted", ms', [metric('DeliveryDelay', MEDIAN), metric('DeliveryDelay', P99)], {
      value: freshWithin.toMilliseconds(),
      label: 'promised',
    }),
    graph('A call of Webex Campaign, ms', [metric('CallDuration', MEDIAN), metric('CallDuration', P99)]),
    graph(
      'What holds events up (1: it does)',
      causes.map((cause) => metric(`PausedBy${cause}`)),
    ),
    graph('Waiting longest, s', [metric('WaitingTime')]),
    graph('Workers, their errors, throttled writes of the ledger', [
      deliver.function.metric('ConcurrentExecutions', MAXIMUM),
      deliver.function.metricErrors(SUM),
      ledger.table.metric('WriteThrottleEvents', SUM),
    ]),
    graph('Unconfirmed, faults, probes that are not understood', [
      metric('UnconfirmedEvents', SUM),
      metric('Faults', SUM),
      metric('ProbesNotUnderstood', SUM),
    ]),
  ]);
}

function deadLetterRow({ name, deadLetter }: Watched): readonly IWidget[][] {
  const { queue } = deadLetter;
  return row('5. dead-letter', 'What could not be delivered lies here for two weeks, each with its reason.', [
    graph('Lying here', [queue.metricApproximateNumberOfMessagesVisible(MAXIMUM)]),
    graph('New', [adapterMetric(name, 'DeadLetters', SUM)]),
    graph('Oldest, s', [queue.metricApproximateAgeOfOldestMessage(MAXIMUM)]),
  ]);
}

/** A heading over the whole width, and its graphs, three abreast. */
function row(heading: string, sentence: string, graphs: readonly IWidget[]): readonly IWidget[][] {
  return [[new TextWidget({ markdown: `## ${heading}\n${sentence}`, width: 24, height: 2 })], [...graphs]];
}

function graph(
  title: string,
  left: readonly IMetric[],
  limit?: { readonly value: number; readonly label: string },
): IWidget {
  const leftAnnotations = limit === undefined ? [] : [{ ...limit, color: Color.RED }];
  return new GraphWidget({ title, width: 8, height: 6, left: [...left], leftAnnotations });
}

/** A line for each combination of dimensions that there has been. People can look at it, alarms cannot. */
function countBy(stack: string, metric: string, dimensions: readonly string[], where: string): IMetric {
  const schema = [METRIC_NAMESPACE, 'stack', 'stage', ...dimensions].join(',');
  return new MathExpression({
    expression: `SEARCH('{${schema}} stack="${stack}" ${where} MetricName="${metric}"', 'Sum', ${PERIOD.toSeconds()})`,
    usingMetrics: {},
    label: dimensions.map((dimension) => `\${PROP('Dim.${dimension}')}`).join(' '),
    period: PERIOD,
  });
}
