import { Duration } from 'aws-cdk-lib';
import { Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { DeliverMetric } from '../../lambdas/deliver/log-line.ts';
import { LONGEST_PAUSE_SECONDS } from '../../lambdas/deliver/retry-schedule.ts';
import type { StageAlarm } from '../alarms/stage-alarm.ts';
import { type AlarmSettings, FRESH_WITHIN } from '../alarms/stage-alarm.ts';
import { adapterMetric } from '../operate/metrics.ts';
import type { Ledger } from './ledger.ts';
import type { DeliverWorker } from './worker.ts';

const FIVE_MINUTES = Duration.minutes(5);

export type DeliverAlarmsProps = Pick<AlarmSettings, 'freshWithin'> & {
  readonly name: string;
  readonly worker: Pick<DeliverWorker, 'function'>;
  readonly ledger: Pick<Ledger, 'table'>;
};

/** What keeps events from Webex Campaign. No event is lost by it: they wait, for up to 24 hours. */
export function deliverAlarms(props: DeliverAlarmsProps): readonly StageAlarm[] {
  return [
    ...pauseAlarms(props.name),
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
