import { beforeAll, describe, expect, test } from '@jest/globals';
import { Duration } from 'aws-cdk-lib';
import { LONGEST_PAUSE_SECONDS, nextDelaySeconds } from '../../../lambdas/deliver/retry-schedule.ts';
import { DELIVERY_TIMES } from '../../../lib/deliver/times.ts';
import { alarmsOf, sectionOf, synthesizeAlarms, type TemplateAlarm } from './alarm-template.ts';
import { changesOf, EXTRA_POINTS, type Sample } from './cloudwatch-model.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Seconds between two webhooks: in every period of the shortest alarm, and fewer than one an hour. */
const TRAFFIC = { high: 4 * MINUTE, low: 3 * HOUR };
type Traffic = keyof typeof TRAFFIC;

/** What writes a metric while something is wrong. */
type Writer = (from: number, to: number, every: number) => readonly Sample[];

/** How an alarm's metric is written while all is well, and while something is wrong for days. */
type Scenario = {
  readonly well: Writer;
  readonly wrong: Writer;
  /** Within how many hours it goes off, by the traffic; missing where it needs not, for the reason or the alarm that is named. */
  readonly within: Readonly<Record<Traffic, number | string>>;
  readonly faultDays?: number;
  /** Within how many days after the fault it ends: longer where it ends by missing data alone, in long periods. */
  readonly endDays?: number;
  /** Each event that is wrong is a message of its own, and needs one. */
  readonly isEach?: true;
};

/** How many webhooks of the same moment a sample of a sum stands for. */
const FEW = 3;

/** A value with each webhook. */
const each =
  (value: number): Writer =>
  (from, to, every) =>
    Array.from({ length: Math.ceil((to - from) / every) }, (_, index) => ({
      at: from + index * every,
      value,
    }));

const nothing: Writer = () => [];

/** A value every few minutes, whatever the traffic: AWS measures it by itself. */
const gauge =
  (value: number): Writer =>
  (from, to) =>
    each(value)(from, to, 4 * MINUTE);

/** At little traffic one event alone waits, tried again with pauses as long as they can be; otherwise there is always one. */
const waiting =
  (pause: (receives: number) => number, valueAt: (age: number) => number = () => 1): Writer =>
  (from, to, every) => {
    if (every === TRAFFIC.high) {
      return each(0)(from, to, every).map(({ at }) => ({ at, value: valueAt(at - from) }));
    }
    const samples: Sample[] = [];
    for (let [at, receives] = [from, 1]; at < Math.min(to, from + DAY); at += pause(receives), receives += 1)
      samples.push({ at, value: valueAt(at - from) });
    return samples;
  };

const slowest = (receives: number) => nextDelaySeconds(receives, 1);

const PAUSED: Scenario = {
  well: each(0),
  wrong: waiting(slowest),
  within: { high: 0.25, low: 0.5 },
  faultDays: 1,
};

/** A day of health, days of one fault, and days of health again, by the section of the runbook. */
const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'ingest-failing': {
    well: each(0),
    wrong: each(FEW),
    within: { high: 0.25, low: 'ingest-mostly-failing' },
  },
  'ingest-mostly-failing': { well: each(0), wrong: each(1), within: { high: 3.1, low: 3.1 } },
  'ingest-slow': {
    well: each(200),
    wrong: each(3_500),
    within: { high: 0.5, low: 'a webhook in three hours shows no trend; the vendor repeats it' },
  },
  'source-misconfigured': { well: nothing, wrong: each(1), within: { high: 0.1, low: 0.1 } },
  'concurrency-near-limit': {
    well: gauge(10),
    wrong: gauge(900),
    within: { high: 0.5, low: 'the whole account’s traffic' },
  },
  'signatures-refused': { well: each(1), wrong: each(0), within: { high: 2.1, low: 2.1 } },
  'rotation-unfinished': {
    // Measured only while there are two secrets.
    well: nothing,
    wrong: each(0),
    within: { high: 3 * 24 + 1, low: 3 * 24 + 1 },
    faultDays: 5,
    endDays: 4,
  },
  'source-silent': {
    well: each(1),
    wrong: nothing,
    within: { high: 2.2, low: 'its setting must be longer than the quietest night' },
  },
  'buffer-late': { well: gauge(1), wrong: gauge(1_800), within: { high: 0.25, low: 0.25 } },
  'credentials-refused': PAUSED,
  'endpoint-failing': PAUSED,
  'keys-unusable': PAUSED,
  'ledger-unavailable': PAUSED,
  throttled: { ...PAUSED, within: { high: 0.5, low: 1.2 } },
  'events-late': {
    well: nothing,
    wrong: waiting(
      () => LONGEST_PAUSE_SECONDS,
      (age) => age,
    ),
    within: { high: 0.3, low: 1.1 },
    faultDays: 1,
  },
  'deliver-crashing': {
    well: each(0),
    wrong: waiting(() => DELIVERY_TIMES.visibility),
    within: { high: 0.25, low: 0.25 },
    faultDays: 1,
  },
  'deliver-faults': { well: nothing, wrong: waiting(slowest), within: { high: 0.1, low: 0.1 }, faultDays: 1 },
  'events-unconfirmed': { well: nothing, wrong: each(1), within: { high: 0.1, low: 0.1 }, isEach: true },
  // A paused webhook is looked at every five minutes, whatever the traffic.
  paused: { well: nothing, wrong: gauge(1), within: { high: 0.3, low: 0.3 } },
  'probe-not-understood': { well: nothing, wrong: each(1), within: { high: 0.1, low: 0.1 }, isEach: true },
  'spare-key-in-use': { well: each(0), wrong: each(1), within: { high: 3, low: 9 } },
  'ledger-throttled': {
    well: nothing,
    wrong: each(1),
    within: { high: 0.5, low: 'little traffic needs little capacity' },
  },
  'dead-letters-present': { well: gauge(0), wrong: gauge(1), within: { high: 0.1, low: 0.1 } },
  'dead-letters-many': {
    well: nothing,
    wrong: each(FEW),
    within: { high: 0.25, low: 'dead-letters-present' },
  },
  'dead-letters-expiring': { well: gauge(1), wrong: gauge(900_000), within: { high: 0.1, low: 0.1 } },
};

/** One alarm of each kind: those of all sources have the same rule. */
const alarms = new Map<string, TemplateAlarm>();
beforeAll(() => {
  const all = alarmsOf(synthesizeAlarms({ silentAfter: { stripe: Duration.hours(2) } }));
  for (const alarm of all) alarms.set(sectionOf(alarm), alarm);
});

const CASES = Object.entries(SCENARIOS).flatMap(([section, scenario]) =>
  // A source that is silent by nature must not be watched for silence.
  (section === 'source-silent' ? (['high'] as const) : (['high', 'low'] as const)).flatMap((traffic) =>
    EXTRA_POINTS.map((extra) => [section, traffic, extra, scenario] as const),
  ),
);

/** Plays a scenario; `undefined` where the alarm is not in this stack. */
function play(section: string, traffic: Traffic, extra: number) {
  const { well, wrong, faultDays = 2, endDays = 2 } = SCENARIOS[section] as Scenario;
  const [from, to] = [DAY, (1 + faultDays) * DAY];
  const until = to + endDays * DAY;
  const every = TRAFFIC[traffic];
  const samples = [...well(0, from, every), ...wrong(from, to, every), ...well(to, until, every)];
  const rule = alarms.get(section);
  const changes = rule && changesOf(rule, samples, { until, extra });
  return changes && { changes, from, to };
}

describe('by CloudWatch’s rules,', () => {
  test('every alarm has its scenario', () => {
    expect([...alarms.keys()].filter((section) => !(section in SCENARIOS))).toEqual([]);
  });

  test.each(CASES)(
    '%s, at %s traffic, with %d points more: is silent while all is well, and goes off when it is not',
    (section, traffic, extra, { within, isEach }) => {
      const played = play(section, traffic, extra);
      if (played === undefined) return;
      const { changes, from, to } = played;
      const alarmed = changes.filter((change) => change.to === 'ALARM').map(({ at }) => at);
      const hours = within[traffic];

      expect(alarmed.filter((at) => at < from)).toEqual([]);
      // A silence begins with the last webhook, and a long window ends after the fault.
      expect(alarmed.filter((at) => at > to + DAY)).toEqual([]);
      if (typeof hours === 'string') return;
      expect(((alarmed[0] ?? Number.POSITIVE_INFINITY) - from) / HOUR).toBeLessThanOrEqual(hours);
      // One message for one fault; the fault of each event may have its own.
      if (isEach === undefined) expect(alarmed.filter((at) => at <= to)).toHaveLength(1);
      expect(changes.at(-1)?.to).toBe('OK');
    },
  );

  test('where an alarm needs not go off at little traffic, the one that is named in its place does', () => {
    const standIns = Object.values(SCENARIOS).flatMap(({ within }) =>
      typeof within.low === 'string' && within.low in SCENARIOS ? [within.low] : [],
    );

    expect(standIns).toEqual(['ingest-mostly-failing', 'dead-letters-present']);
    expect(standIns.map((section) => typeof SCENARIOS[section]?.within.low)).toEqual(['number', 'number']);
  });
});

describe('the model of CloudWatch', () => {
  const rule = {
    Statistic: 'Maximum',
    Period: MINUTE,
    EvaluationPeriods: 3,
    Threshold: 1,
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
  };
  /** Data points as the guide's tables have them, the oldest first: "-" is missing, "X" breaching. */
  const stateAfter = (points: string, TreatMissingData: string, DatapointsToAlarm: number) => {
    const samples = [...points].flatMap((point, index) =>
      point === '-' ? [] : [{ at: (index + 1) * MINUTE - 1, value: point === 'X' ? 1 : 0 }],
    );
    const settings = { until: points.length * MINUTE, extra: points.length - rule.EvaluationPeriods };
    const changes = changesOf({ ...rule, TreatMissingData, DatapointsToAlarm }, samples, settings);
    return changes.at(-1)?.to ?? 'kept';
  };

  // "Configuring how CloudWatch alarms treat missing data": three of three, then two of three.
  test.each([
    ['---X-', 3, ['kept', 'ALARM', 'kept']],
    ['-----', 3, ['kept', 'ALARM', 'kept']],
    ['0XX-X', 3, ['ALARM', 'ALARM', 'ALARM']],
    ['0-X-X', 2, ['ALARM', 'ALARM', 'ALARM']],
    ['00X0X', 2, ['ALARM', 'ALARM', 'ALARM']],
    ['---X-', 2, ['kept', 'ALARM', 'kept']],
  ])('takes %s for what the guide says of it, with %d of three', (points, datapoints, states) => {
    expect(
      ['ignore', 'breaching', 'notBreaching'].map((treat) => stateAfter(points, treat, datapoints)),
    ).toEqual(states);
  });
});
