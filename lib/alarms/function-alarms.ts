import { Duration } from 'aws-cdk-lib';
import { ComparisonOperator, Metric, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { DeliverMetric } from '../../lambdas/deliver/log-line.ts';
import { LONGEST_PAUSE_SECONDS } from '../../lambdas/deliver/retry-schedule.ts';
import type { Ledger } from '../deliver/ledger.ts';
import type { DeliverWorker } from '../deliver/worker.ts';
import type { IngestEndpoint } from '../ingest/endpoint.ts';
import { adapterMetric, sourceMetric } from '../operate/metrics.ts';
import { ACCOUNT_CONCURRENCY } from '../stages/limits.ts';
import { type AlarmSettings, FRESH_WITHIN, type StageAlarm } from './stage-alarm.ts';

/** The shortest time that a vendor waits for an answer: Slack and Zoom (providers.md, section 2). */
export const SHORTEST_DEADLINE = Duration.seconds(3);

const FIVE_MINUTES = Duration.minutes(5);
const SIX_HOURS = Duration.hours(6);
const DAY = Duration.days(1);

type IngestAlarmsProps = Pick<AlarmSettings, 'silentAfter' | 'lambdaConcurrency'> & {
  /** Of the stack, in the metrics. */
  readonly name: string;
  readonly endpoint: Pick<IngestEndpoint, 'api'>;
  /** The names of all sources. */
  readonly sources: readonly string[];
};

/** What can go wrong at ingest. A stranger cannot make an alarm page: ingest refuses what he sends, and does not fail. */
export function ingestAlarms(props: IngestAlarmsProps): readonly StageAlarm[] {
  const { name, endpoint, sources, silentAfter = {}, lambdaConcurrency = ACCOUNT_CONCURRENCY } = props;
  return [
    ...endpointAlarms(endpoint),
    misconfigurationAlarm(name),
    concurrencyAlarm(lambdaConcurrency),
    ...sources.flatMap((source) => sourceAlarms(name, source)),
    ...Object.entries(silentAfter).map(([source, after]) => silenceAlarm(name, source, after)),
  ];
}

/** How the API answers the vendors, as it measures itself. */
function endpointAlarms({ api }: IngestAlarmsProps['endpoint']): readonly StageAlarm[] {
  return [
    {
      runbookSection: 'ingest-failing',
      impact:
        'Webhooks are answered 5xx. Most vendors repeat them for hours, some not at all, and some switch the webhook off after a few failures.',
      urgency: 'page',
      // Vendors repeat a single one.
      metric: api.metricServerError({ statistic: Stats.SUM, period: Duration.minutes(15) }),
      threshold: 5,
    },
    {
      runbookSection: 'ingest-mostly-failing',
      impact:
        'Half of the webhooks of six hours, or more, were answered 5xx. They were too few to page: at little traffic even one counts, and its vendor may not repeat it.',
      urgency: 'tomorrow',
      // Long enough that a source with a webhook every few hours is one alarm, and not one each time.
      metric: api.metricServerError({ statistic: Stats.AVERAGE, period: SIX_HOURS }),
      threshold: 0.5,
    },
    {
      runbookSection: 'ingest-slow',
      impact:
        'One webhook in ten is answered too late for the vendors with the shortest deadline: they count it as failed, repeat it, and may switch the webhook off.',
      urgency: 'page',
      // Not the whole latency: that has the sender's own slowness in it.
      metric: api.metricIntegrationLatency({
        statistic: Stats.percentile(90),
        period: FIVE_MINUTES,
      }),
      threshold: SHORTEST_DEADLINE.toMilliseconds(),
      // Of three hours, so that it goes off at a webhook an hour, too.
      periods: 3,
      among: 36,
    },
  ];
}

function misconfigurationAlarm(name: string): StageAlarm {
  return {
    runbookSection: 'source-misconfigured',
    impact:
      'Webhooks of a source are answered 503, as its signing secret or its URL is missing or wrong: no customer hears of its events until that is mended.',
    // Where it is many, ingest-failing pages.
    urgency: 'tomorrow',
    metric: adapterMetric(name, 'Misconfigurations', { statistic: Stats.SUM, period: SIX_HOURS }),
    threshold: 1,
  };
}

/** All functions of the account share the limit: another team's function may use it up. */
function concurrencyAlarm(limit: number): StageAlarm {
  return {
    runbookSection: 'concurrency-near-limit',
    impact:
      'The account runs nearly as many functions as it may. At the limit webhooks are answered 5xx and events wait.',
    urgency: 'tomorrow',
    metric: new Metric({
      namespace: 'AWS/Lambda',
      metricName: 'ClaimedAccountConcurrency',
      statistic: Stats.MAXIMUM,
      period: FIVE_MINUTES,
    }),
    threshold: Math.floor(0.8 * limit),
    periods: 3,
  };
}

function sourceAlarms(name: string, source: string): readonly StageAlarm[] {
  return [
    {
      runbookSection: 'signatures-refused',
      source,
      impact: `For two hours whatever was signed as ${source} signs has been refused, and nothing was accepted: either somebody forges its webhooks, or its secret has changed and its customers hear nothing.`,
      urgency: 'tomorrow',
      // The best of two hours: 1 where one webhook verified, 0 where none of those that came did.
      metric: sourceMetric(name, source, 'VerifiedWebhooks', {
        statistic: Stats.MAXIMUM,
        period: Duration.hours(2),
      }),
      threshold: 1,
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      // A source that sends rarely stays in alarm until one of its webhooks verifies.
      treatMissingData: TreatMissingData.IGNORE,
    },
    {
      runbookSection: 'rotation-unfinished',
      source,
      impact: `For three days two signing secrets of ${source} have been valid: a rotation was begun and not finished, and the old secret is still worth stealing.`,
      urgency: 'tomorrow',
      // Whether the old one has signed (1) or not (0): it is measured only where there are several.
      metric: sourceMetric(name, source, 'OldSecretUses', { statistic: Stats.MAXIMUM, period: DAY }),
      threshold: 0,
      periods: 3,
    },
  ];
}

/** In steps of five minutes. With a period as long as the silence, CloudWatch would notice missing data days later. */
function silenceAlarm(name: string, source: string, after: Duration): StageAlarm {
  return {
    runbookSection: 'source-silent',
    source,
    impact: `${source} has sent nothing for ${after.toHumanString()}, which it never does: the vendor may have switched the webhook off, and its customers hear nothing.`,
    urgency: 'page',
    metric: sourceMetric(name, source, 'VerifiedWebhooks', { statistic: Stats.SUM, period: FIVE_MINUTES }),
    threshold: 1,
    comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
    periods: Math.ceil(after.toSeconds() / FIVE_MINUTES.toSeconds()),
    treatMissingData: TreatMissingData.BREACHING,
  };
}

type DeliverAlarmsProps = Pick<AlarmSettings, 'freshWithin'> & {
  readonly name: string;
  readonly worker: Pick<DeliverWorker, 'function'>;
  readonly ledger: Pick<Ledger, 'table'>;
};

/** What keeps events from Webex Campaign. No event is lost by it: they wait, for up to 24 hours. */
export function deliverAlarms(props: DeliverAlarmsProps): readonly StageAlarm[] {
  return [
    ...pauseAlarms(props.name),
    forgottenPauseAlarm(props.name),
    ...latenessAlarms(props),
    ...faultAlarms(props),
    ...noticeAlarms(props),
  ];
}

/**
 * Every event that waits writes a 1, and the first call that succeeds writes a 0. Missing data keeps the current state. Ten
 * minutes, as the breaker tries once a minute by itself; but of half an hour, as a single event waits for up to a quarter of
 * an hour from one try to the next.
 */
function pauseAlarm(
  name: string,
  metric: DeliverMetric,
  alarm: Pick<StageAlarm, 'runbookSection' | 'impact'>,
): StageAlarm {
  return {
    urgency: 'page',
    ...alarm,
    metric: adapterMetric(name, metric, { statistic: Stats.MAXIMUM, period: FIVE_MINUTES }),
    threshold: 1,
    periods: 2,
    among: 6,
    treatMissingData: TreatMissingData.IGNORE,
  };
}

function pauseAlarms(name: string): readonly StageAlarm[] {
  return [
    pauseAlarm(name, 'PausedByCredentials', {
      runbookSection: 'credentials-refused',
      impact: 'Webex Campaign refuses every key that we have: no customer gets any message. Events wait.',
    }),
    pauseAlarm(name, 'PausedByEndpoint', {
      runbookSection: 'endpoint-failing',
      impact:
        'Webex Campaign cannot be reached, or does not answer: no customer gets any message. Events wait.',
    }),
    pauseAlarm(name, 'PausedByKeys', {
      runbookSection: 'keys-unusable',
      impact:
        'The secret with the keys of Webex Campaign is not set, wrong or cannot be read: no customer gets any message. Events wait.',
    }),
    pauseAlarm(name, 'PausedByLedger', {
      runbookSection: 'ledger-unavailable',
      impact:
        'The ledger does not answer, and nothing is sent without it, lest it be sent twice: no customer gets any message. Events wait.',
    }),
    {
      ...pauseAlarm(name, 'PausedByThrottling', {
        runbookSection: 'throttled',
        impact:
          'Webex Campaign has asked us again and again within an hour to slow down: messages are sent, but late.',
      }),
      // Where it makes events late beyond the promise, events-late pages.
      urgency: 'tomorrow',
      periods: 4,
      among: 12,
    },
  ];
}

function forgottenPauseAlarm(name: string): StageAlarm {
  return {
    runbookSection: 'paused',
    impact:
      'Somebody has paused a source, or all, and webhooks wait for it: these customers get no message until somebody resumes.',
    // It is wanted; it must not be forgotten.
    urgency: 'tomorrow',
    // A paused webhook is looked at every five minutes.
    metric: adapterMetric(name, 'PausedByPerson', {
      statistic: Stats.MAXIMUM,
      period: Duration.minutes(15),
    }),
    threshold: 1,
  };
}

function latenessAlarms({ name, freshWithin = FRESH_WITHIN }: DeliverAlarmsProps): readonly StageAlarm[] {
  return [
    {
      runbookSection: 'events-late',
      impact: `Events have been tried for longer than the ${freshWithin.toHumanString()} that were promised: these customers' messages are late.`,
      urgency: 'page',
      // Longer than the longest pause between two calls, so that an event that waits is measured in every period.
      metric: adapterMetric(name, 'WaitingTime', {
        statistic: Stats.MAXIMUM,
        period: Duration.seconds(LONGEST_PAUSE_SECONDS + 900),
      }),
      threshold: freshWithin.toSeconds(),
    },
  ];
}

function faultAlarms({ name, worker }: DeliverAlarmsProps): readonly StageAlarm[] {
  return [
    {
      runbookSection: 'deliver-crashing',
      impact:
        'The deliver function ends without finishing its work. What was in its hands waits, and is parked as unconfirmed if a call was under way.',
      urgency: 'page',
      metric: worker.function.metricErrors({ statistic: Stats.SUM, period: Duration.minutes(15) }),
      threshold: 3,
    },
    {
      runbookSection: 'deliver-faults',
      impact:
        'Some events meet a bug, or their dead letter cannot be written. They are tried again and again.',
      // Where it is all of them, events-late pages.
      urgency: 'tomorrow',
      metric: adapterMetric(name, 'Faults', { statistic: Stats.SUM, period: Duration.hours(1) }),
      threshold: 1,
    },
  ];
}

function noticeAlarms({ name, ledger }: DeliverAlarmsProps): readonly StageAlarm[] {
  return [
    {
      runbookSection: 'events-unconfirmed',
      impact:
        'Nobody can tell whether some events were accepted: these customers may have no message, or two where the mapping says "retry".',
      urgency: 'tomorrow',
      metric: adapterMetric(name, 'UnconfirmedEvents', { statistic: Stats.SUM, period: Duration.hours(1) }),
      threshold: 1,
    },
    {
      runbookSection: 'probe-not-understood',
      impact:
        'While Webex Campaign fails, the call that finds out whether that is over gets an answer that nobody expects. Events are sent in its place, and each that fails may be one for a person to decide.',
      urgency: 'tomorrow',
      metric: adapterMetric(name, 'ProbesNotUnderstood', { statistic: Stats.SUM, period: Duration.hours(1) }),
      threshold: 1,
    },
    {
      runbookSection: 'spare-key-in-use',
      impact:
        'In three hours of a day calls have been made with the secondary key: if it is refused too, everything stops.',
      urgency: 'tomorrow',
      metric: adapterMetric(name, 'SpareKeyCalls', { statistic: Stats.MAXIMUM, period: Duration.hours(1) }),
      threshold: 1,
      periods: 3,
      among: 24,
    },
    {
      runbookSection: 'ledger-throttled',
      impact: 'DynamoDB refuses some writes of the ledger for want of capacity: messages are late.',
      // Where it refuses so much that nothing goes on, ledger-unavailable pages.
      urgency: 'tomorrow',
      metric: ledger.table.metric('WriteThrottleEvents', { statistic: Stats.SUM, period: FIVE_MINUTES }),
      threshold: 1,
      periods: 3,
    },
  ];
}
