import { isDeadLetterCode } from '../../lambdas/dead-letter/dead-letter-note.ts';
import { countBy, mergeCounts } from './count.ts';
import type { Evidence } from './evidence.ts';
import { findWrong } from './find-wrong.ts';
import { type Judged, judgeEvent } from './judge-event.ts';
import type { Befallen } from './levers.ts';
import { digestOf, eventsOf, type Plan } from './plan.ts';
import type { Remains } from './remains.ts';

/** All that a judgement is made of. */
export type Case = {
  readonly plan: Plan;
  /** The ledger's name of each webhook, by its place in the plan. */
  readonly ledgerNames: readonly string[];
  readonly evidence: Evidence;
  readonly remains: Remains;
  readonly befallen: Befallen;
  /** How long it took, and how many seconds of the queues' clock pass in one of these. */
  readonly seconds: number;
  readonly speed: number;
};

/** What a rehearsal has come to. Counts are of campaign events where nothing else is said. */
export type Scoreboard = {
  readonly ok: boolean;
  readonly seed: number;
  /** Of the script: equal for equal scripts. */
  readonly script: string;
  readonly webhooks: number;
  /** Requests at the door, copies and repetitions included. */
  readonly requests: number;
  readonly events: number;
  readonly delivered: number;
  readonly lost: number;
  readonly duplicated: number;
  /** Accepted again after an unclear answer, as `on-unconfirmed: retry` has it. */
  readonly repeated: number;
  readonly sentThoughParked: number;
  readonly deadLettered: Readonly<Record<string, number>>;
  readonly expired: number;
  readonly skipped: number;
  readonly ignored: number;
  readonly waiting: number;
  /** Requests that were not taken, by code. */
  readonly refusedAtTheDoor: Readonly<Record<string, number>>;
  /** Parked, or repeated, for a crash or an outage that the script did not mean for them. */
  readonly collateral: number;
  /** Where a key, a secret or an event key was seen. */
  readonly leaks: readonly string[];
  /** What of the mappings, or of the faults, could not be rehearsed, and why. */
  readonly notRehearsed: readonly string[];
  /** What is not as it should be, in sentences. */
  readonly wrong: readonly string[];
  readonly longestDelaySeconds: number;
  readonly seconds: number;
};

/** Judges a rehearsal from the far side: what was accepted there, and what is left here. */
export function judge(trial: Case): Scoreboard {
  const { plan, evidence, remains } = trial;
  const judged = judgeAll(trial);
  const { wrong, parked, repeats } = findWrong(judged, trial);
  const ends = countBy(judged.map(({ end }) => end));
  const door = [...evidence.door.values()];
  const total = (name: 'duplicated' | 'repeated' | 'sentThoughParked') =>
    judged.reduce((sum, one) => sum + one[name], 0);
  const delays = judged.map(({ delay = 0 }) => delay);
  return {
    ok: wrong.length === 0,
    seed: plan.seed,
    script: digestOf(plan),
    webhooks: plan.webhooks.length,
    requests: door.reduce((sum, { requests }) => sum + requests, 0),
    events: judged.length,
    delivered: ends.delivered ?? 0,
    lost: ends.lost ?? 0,
    duplicated: total('duplicated') - repeats,
    repeated: total('repeated') + repeats,
    sentThoughParked: total('sentThoughParked'),
    deadLettered: Object.fromEntries(Object.entries(ends).filter(([end]) => isDeadLetterCode(end))),
    expired: ends.expired ?? 0,
    skipped: ends.skipped ?? 0,
    ignored: ends.ignored ?? 0,
    waiting: remains.waiting,
    refusedAtTheDoor: mergeCounts(door.map(({ refusals }) => refusals)),
    collateral: parked + repeats,
    leaks: [...evidence.leaks],
    notRehearsed: plan.notRehearsed ?? [],
    wrong,
    longestDelaySeconds: Math.round(Math.max(0, ...delays) / 100) / 10,
    seconds: Math.round(trial.seconds),
  };
}

function judgeAll({
  plan,
  ledgerNames,
  evidence,
  remains,
  befallen,
  seconds,
  speed,
}: Case): readonly Judged[] {
  const letters = Map.groupBy(remains.letters, ({ webhook }) => webhook);
  const entries = new Map(remains.entries.map((entry) => [`${entry.webhook} ${entry.event}`, entry]));
  return plan.webhooks.flatMap((webhook, place) => {
    const name = ledgerNames[place] ?? '';
    return eventsOf(webhook).map((planned) =>
      judgeEvent({
        planned,
        door: evidence.door.get(place),
        calls: evidence.calls.get(planned.identity) ?? [],
        letters: letters.get(name) ?? [],
        entry: entries.get(`${name} ${planned.name}`),
        mayExpire: seconds * speed > (planned.worthSeconds ?? Number.POSITIVE_INFINITY),
        isReplayed: befallen.replayed.has(name.slice(webhook.source.length + 1)),
        isAnythingWaiting: remains.waiting > 0,
      }),
    );
  });
}
