import { isDeadLetterCode } from '../../lambdas/dead-letter/note.ts';
import type { Evidence } from '../evidence/evidence.ts';
import type { Remains } from '../evidence/remains.ts';
import { digestOf, eventsOf, type Plan } from '../plan/plan.ts';
import type { Befallen } from '../play/levers.ts';
import { type Judged, judgeEvent } from './judge-event.ts';

/** SQS hands a worker so many messages at once: a crash leaves so many claims behind at most. */
const BATCH_SIZE = 10;

/** How many calls of two workers can be on connections that an outage closes. */
const CALLS_AT_ONCE = 20;

/** All that a judgement is made of. */
type Case = {
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
  /** Requests at ingest, copies and repetitions included. */
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
  readonly refusedAtIngest: Readonly<Record<string, number>>;
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

/** Judges a rehearsal from Webex Campaign: what was accepted there, and what is left here. */
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
    refusedAtIngest: mergeCounts(door.map(({ refusals }) => refusals)),
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

type Findings = {
  /** What is not as it should be, in sentences. */
  readonly wrong: readonly string[];
  /** Events that were parked for a crash or an outage that the script did not mean for them. */
  readonly parked: number;
  /** Events that were repeated for one, as their mapping has it. */
  readonly repeats: number;
};

/**
 * Finds what is wrong. A worker that is killed takes its whole batch with it, and an outage the calls on its connections:
 * so many events, and no more, may be unconfirmed beside those that the script means to be.
 */
function findWrong(judged: readonly Judged[], trial: Case): Findings {
  const { evidence, befallen } = trial;
  let spared = evidence.crashes() * BATCH_SIZE + befallen.outages * CALLS_AT_ONCE;
  const isSpared = () => {
    spared -= 1;
    return spared >= 0;
  };
  const parked = judged.filter((one) => isCollateral(one) && isSpared());
  const repeats = judged.filter((one) => isRepeatedAfterCrash(one) && isSpared());
  const wrong = [
    ...judged
      .filter(({ isExpected }) => !isExpected)
      .filter((one) => !parked.includes(one))
      .map(formatEnd),
    ...judged
      .filter(({ duplicated }) => duplicated > 0)
      .filter((one) => !repeats.includes(one))
      .map(formatCopies),
    ...judged.filter(({ sentThoughParked }) => sentThoughParked > 0).map(formatParked),
    ...findElsewhere(trial),
  ];
  return { wrong, parked: parked.length, repeats: repeats.length };
}

/**
 * One that its mapping repeats is unconfirmed as well if the repetition is refused; and accepted after all, if the answer
 * that was to refuse it is what was lost.
 */
function isCollateral({ end, isExpected, file: { planned, calls } }: Judged): boolean {
  const isRepeated = planned.policy === 'retry' && calls.length > 1;
  return !isExpected && (end === 'unconfirmed' || (end === 'delivered' && isRepeated));
}

function isRepeatedAfterCrash({ file, duplicated }: Judged): boolean {
  return duplicated === 1 && file.planned.policy === 'retry';
}

/** What is wrong beside the events themselves. */
function findElsewhere(trial: Case): readonly string[] {
  const { evidence, remains, befallen } = trial;
  const broughtBack = countBroughtBack(trial);
  const mayBe = befallen.redelivered + evidence.crashes() * BATCH_SIZE;
  const unreadable = remains.letters.filter(({ code }) => code === 'message-unreadable').length;
  const unnamed = remains.letters.filter(({ code }) => code === undefined).length;
  const rules: readonly (readonly [boolean, string])[] = [
    [remains.waiting === 0, `${remains.waiting} messages are still on the buffer`],
    [befallen.replayFailures === 0, `${befallen.replayFailures} dead letters could not be replayed`],
    [unnamed === 0, `${unnamed} dead letters have no note that says why`],
    [unreadable >= befallen.unreadable, 'a message that is no webhook is not among the dead letters'],
    [evidence.strayCalls() === 0, `${evidence.strayCalls()} calls are about nothing that was planned`],
    [evidence.leaks.size === 0, `a secret or an event key is in: ${[...evidence.leaks].join(', ')}`],
    [
      broughtBack <= mayBe,
      `${broughtBack} webhooks were worked on again for nothing; ${mayBe} might have been`,
    ],
  ];
  return rules.flatMap(([holds, sentence]) => (holds ? [] : [sentence]));
}

/** Webhooks that were sent once and yet recognised as known: a batch, or a part of one, has come back as a whole. */
function countBroughtBack({ plan, ledgerNames, evidence, befallen }: Case): number {
  return plan.webhooks.filter((webhook, place) => {
    const id = ledgerNames[place]?.slice(webhook.source.length + 1) ?? '';
    const isOneEvent = eventsOf(webhook).length === 1;
    const isSentOnce = evidence.door.get(place)?.requests === 1;
    return isOneEvent && isSentOnce && !befallen.replayed.has(id) && (evidence.recognised.get(id) ?? 0) > 0;
  }).length;
}

function formatEnd({ file: { planned, calls, door }, end }: Judged): string {
  const { webhook, identity, policy } = planned;
  const right = planned.ends.join(' or ');
  const answered = [...(door?.refusals ?? [])].map(([code, times]) => `${code} ×${times}`).join(', ');
  const seen = `${calls.length} calls, ${calls.filter(({ isAccepted }) => isAccepted).length} accepted`;
  return `${identity} (${webhook.fault.name}, ${policy}): ${end}, not ${right}; ${seen}${answered && `; at the door ${answered}`}`;
}

function formatCopies({ file: { planned }, duplicated }: Judged): string {
  const { identity, webhook, policy } = planned;
  return `${identity} (${webhook.fault.name}, ${policy}): accepted ${duplicated} times too often`;
}

function formatParked({ file: { planned }, sentThoughParked }: Judged): string {
  return `${planned.identity} (${planned.webhook.fault.name}): called ${sentThoughParked} times though parked`;
}

/** How often each name is there, in the order of the alphabet. */
function countBy(names: readonly string[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return mergeCounts([counts]);
}

/** Several counts as one. */
function mergeCounts(counts: readonly ReadonlyMap<string, number>[]): Readonly<Record<string, number>> {
  const merged = new Map<string, number>();
  for (const [name, count] of counts.flatMap((one) => [...one])) {
    merged.set(name, (merged.get(name) ?? 0) + count);
  }
  return Object.fromEntries([...merged].sort(([one], [other]) => one.localeCompare(other)));
}
