import { isDeadLetterCode } from '../../lambdas/dead-letter/note.ts';
import type { End } from '../plan/faults.ts';
import { digestOf, eventsOf, type Plan, type PlannedEvent } from '../plan/plan.ts';
import type { Befallen } from '../play/levers.ts';
import type { Evidence, IngestStory, SeenCall } from './evidence.ts';
import type { FoundDeadLetter, FoundEntry, LedgerNames, Remains } from './remains.ts';
import type { Scoreboard } from './scoreboard.ts';

/** The most messages that a worker gets at once, and so the most webhooks that a crash leaves with claims. */
const BATCH_SIZE = 10;

const WORKERS = 2;

/** Webhooks whose calls can be on connections that an outage closes. */
const WEBHOOKS_AT_ONCE = WORKERS * BATCH_SIZE;

/** A worker's breaker opens after so many failures in a row (breaker.ts). */
const OPENING_FAILURES = 5;

/** All that a judgement is made of. */
type Case = {
  readonly plan: Plan;
  readonly ledgerNames: LedgerNames;
  readonly evidence: Evidence;
  readonly remains: Remains;
  readonly befallen: Befallen;
  /** How long it took, and how many seconds of the queues' clock pass in one of these. */
  readonly seconds: number;
  readonly speed: number;
};

/** Judges a rehearsal by what Webex Campaign accepted and by what is left in queues and ledger. */
export function judge(trial: Case): Scoreboard {
  const { plan, evidence, remains } = trial;
  const judged = judgeAll(trial);
  const { wrong, parked, repeats } = findWrong(judged, trial);
  const ends = countBy(judged.map(({ end }) => end));
  const stories = [...evidence.ingest.values()];
  const total = (name: 'duplicated' | 'repeated' | 'sentThoughParked') =>
    judged.reduce((sum, one) => sum + one[name], 0);
  const delays = judged.map(({ delay = 0 }) => delay);
  return {
    ok: wrong.length === 0,
    seed: plan.seed,
    script: digestOf(plan),
    webhooks: plan.webhooks.length,
    requests: stories.reduce((sum, { requests }) => sum + requests, 0),
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
    refusedAtIngest: mergeCounts(stories.map(({ refusals }) => refusals)),
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
  const ofEvents = Map.groupBy(remains.deadLetters, ({ event }) => event);
  const ofWhole = Map.groupBy(remains.deadLetters, ({ webhook, event }) =>
    event === undefined ? webhook : undefined,
  );
  return plan.webhooks.flatMap((webhook, place) => {
    const requests = ledgerNames.requests[place] ?? new Set<string>();
    const whole = [...requests].flatMap((request) => ofWhole.get(request) ?? []);
    const isReplayed = [...requests].some((request) =>
      befallen.replayed.has(request.slice(webhook.source.length + 1)),
    );
    return eventsOf(webhook).map((planned) => {
      const name = ledgerNames.events.get(planned.identity) ?? '';
      return judgeEvent({
        planned,
        ingest: evidence.ingest.get(place),
        calls: evidence.calls.get(planned.identity) ?? [],
        deadLetters: [...(ofEvents.get(name) ?? []), ...whole],
        entry: remains.entries.get(name),
        mayExpire: seconds * speed > (planned.worthSeconds ?? Number.POSITIVE_INFINITY),
        isReplayed,
        isAnythingWaiting: remains.waiting > 0,
      });
    });
  });
}

/** All that is known of one planned event at the end. */
export type EventFile = {
  readonly planned: PlannedEvent;
  readonly ingest: IngestStory | undefined;
  readonly calls: readonly SeenCall[];
  /** Those about it, and those about its webhook as a whole. */
  readonly deadLetters: readonly FoundDeadLetter[];
  readonly entry: FoundEntry | undefined;
  /** Whether a dead letter of its webhook was put back on the buffer. */
  readonly isReplayed: boolean;
  /** Whether it may have waited for longer than its mapping has it worth saying. */
  readonly mayExpire: boolean;
  /** Whether messages are left on the buffer. */
  readonly isAnythingWaiting: boolean;
};

/** How an event ended. */
type JudgedEnd = End | 'lost' | 'waiting' | 'never-taken' | 'wrongly-taken' | 'unnamed';

export type Judged = {
  readonly file: EventFile;
  readonly end: JudgedEnd;
  /** Whether it is an end that the script allows. */
  readonly isExpected: boolean;
  /** Accepted more often than once, as `on-unconfirmed: retry` allows where an answer was unclear. */
  readonly repeated: number;
  /** Accepted more often than that. */
  readonly duplicated: number;
  /** Calls after one whose answer was unclear, though its mapping parks. */
  readonly sentThoughParked: number;
  /** From the moment it was taken to the moment it was accepted first, in milliseconds. */
  readonly delay?: number;
};

/** Judges one event by what Webex Campaign has seen of it and what is left of it. */
export function judgeEvent(file: EventFile): Judged {
  const { planned, calls, ingest } = file;
  const end = endOf(file);
  const accepted = calls.filter(({ isAccepted }) => isAccepted);
  const more = Math.max(0, accepted.length - 1);
  const repeated = Math.min(more, allowedRepeats(file));
  const letIn = calls.filter(({ isLetIn }) => isLetIn).length;
  const first = accepted[0];
  return {
    file,
    end,
    isExpected: isExpected(file, end),
    repeated,
    duplicated: more - repeated,
    sentThoughParked: isToBeParked(planned) ? Math.max(0, letIn - 1) : 0,
    ...(first !== undefined && ingest?.takenAt !== undefined && { delay: first.at - ingest.takenAt }),
  };
}

function endOf(file: EventFile): JudgedEnd {
  const { planned, ingest, calls, isAnythingWaiting } = file;
  const { fault } = planned.webhook;
  if (fault.flaw !== undefined) {
    return ingest?.takenAt === undefined && calls.length === 0 ? 'refused' : 'wrongly-taken';
  }
  if (ingest?.takenAt === undefined) return 'never-taken';
  if (ingest.code === 'ignored') return 'ignored';
  const recorded = recordedEnd(file);
  if (recorded !== undefined) return recorded;
  if (calls.some(({ isAccepted }) => isAccepted)) return 'delivered';
  // A skipped event leaves no trace: all there is to see is that it was not called.
  if (planned.ends.includes('skipped')) return 'skipped';
  return isAnythingWaiting ? 'waiting' : 'lost';
}

/** The end that a dead letter or the ledger records, for an event that was not simply delivered. */
function recordedEnd({ deadLetters, entry, isReplayed }: EventFile): JudgedEnd | undefined {
  const [deadLetter] = deadLetters;
  if (deadLetter !== undefined) return (deadLetter.code as JudgedEnd | undefined) ?? 'unnamed';
  if (entry?.state === 'expired') return 'expired';
  const isEnded = entry?.state === 'failed' || entry?.state === 'unconfirmed';
  return isReplayed && isEnded ? ((entry?.code ?? entry?.state) as JudgedEnd) : undefined;
}

function isExpected({ planned, isReplayed, mayExpire }: EventFile, end: JudgedEnd): boolean {
  const right = planned.ends;
  if (right.some((one) => one === end) || (mayExpire && end === 'expired')) return true;
  // What was refused may be taken once it is replayed; what is parked may not.
  return isReplayed && end === 'delivered' && !right.includes('unconfirmed');
}

function allowedRepeats({ planned: { policy, answers }, calls }: EventFile): number {
  if (policy !== 'retry') return 0;
  const scripted = answers.filter(({ accepts }) => accepts === true).length;
  return scripted + calls.filter(({ isAccepted, isInOutage }) => isAccepted && isInOutage).length;
}

function isToBeParked({ ends }: PlannedEvent): boolean {
  return ends.includes('unconfirmed');
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
 * Finds what is wrong. A worker that is killed takes its whole batch with it, and an outage takes the calls on its
 * connections: the events of that many webhooks may be unconfirmed beside those that the script means to be.
 */
function findWrong(judged: readonly Judged[], trial: Case): Findings {
  const { evidence, befallen } = trial;
  const inOutage = judged.filter((one) => isCollateral(one) && isOfOutage(one));
  const spare = createAllowance(
    evidence.crashes.length * BATCH_SIZE + befallen.outages.length * WEBHOOKS_AT_ONCE,
  );
  const times = [...evidence.crashes, ...befallen.outages];
  const spared = (one: Judged) => isHit(one, times) && spare(one);
  const parked = judged.filter((one) => isCollateral(one) && (isOfOutage(one) || spared(one)));
  const repeats = judged.filter((one) => isRepeatedAfterCrash(one) && spared(one));
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
    ...judgeOutages(inOutage, trial),
    ...findElsewhere(trial),
  ];
  return { wrong, parked: parked.length, repeats: repeats.length };
}

/** A call is given up after ten seconds. What came of it is written down within another, unless the ledger is away. */
const LONGEST_CALL_MILLISECONDS = 12_000;

/** Whether a crash or an outage may have been the end of one of its calls, or of one that was not seen. */
function isHit({ file: { calls } }: Judged, times: readonly number[]): boolean {
  const isNear = (at: number, time: number) => time > at - 1_000 && time < at + LONGEST_CALL_MILLISECONDS;
  return calls.length === 0 || calls.some(({ at }) => times.some((time) => isNear(at, time)));
}

/** Takes events of this many webhooks: those of one webhook are called side by side. */
function createAllowance(webhooks: number): (judged: Judged) => boolean {
  const taken = new Set<unknown>();
  return ({ file: { planned } }) => {
    if (taken.size < webhooks) taken.add(planned.webhook);
    return taken.has(planned.webhook);
  };
}

function isOfOutage({ file: { calls } }: Judged): boolean {
  return calls.some(({ isInOutage }) => isInOutage);
}

/**
 * In an hour of failures, a worker has one batch in flight when it begins, and its breaker opens after some failures; from
 * then on only an event that follows a probe's lie is called.
 */
function judgeOutages(parked: readonly Judged[], { befallen, evidence }: Case): readonly string[] {
  const webhooks = new Set(parked.map(({ file: { planned } }) => planned.webhook)).size;
  const workers = WORKERS * befallen.hours + evidence.crashes.length;
  const most = workers * (BATCH_SIZE + OPENING_FAILURES) + evidence.liesToProbes();
  if (webhooks <= most) return [];
  return [`${webhooks} webhooks were parked in an hour of failures; at most ${most} may be`];
}

/**
 * Whether an event ended otherwise than the script means, for a crash or an outage. An event that its mapping repeats may
 * end as unconfirmed (the repetition was refused) or as delivered (the refusal itself was lost).
 */
function isCollateral({ end, isExpected, file: { planned, calls } }: Judged): boolean {
  const isRepeated = planned.policy === 'retry' && calls.length > 1;
  return !isExpected && (end === 'unconfirmed' || (end === 'delivered' && isRepeated));
}

function isRepeatedAfterCrash({ file, duplicated }: Judged): boolean {
  return duplicated === 1 && file.planned.policy === 'retry';
}

/** What is wrong apart from single events. */
function findElsewhere(trial: Case): readonly string[] {
  const { evidence, remains, befallen } = trial;
  const broughtBack = countBroughtBack(trial);
  const mayBe = befallen.redelivered + evidence.crashes.length * BATCH_SIZE;
  const unreadable = remains.deadLetters.filter(({ code }) => code === 'message-unreadable').length;
  const unnamed = remains.deadLetters.filter(({ code }) => code === undefined).length;
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

/** Webhooks that were sent once and yet recognised as duplicates: SQS has delivered their batch again. */
function countBroughtBack({ plan, ledgerNames, evidence, befallen }: Case): number {
  return plan.webhooks.filter((webhook, place) => {
    const [request = ''] = ledgerNames.requests[place] ?? [];
    const id = request.slice(webhook.source.length + 1);
    const isOneEvent = eventsOf(webhook).length === 1;
    const isSentOnce = evidence.ingest.get(place)?.requests === 1;
    return isOneEvent && isSentOnce && !befallen.replayed.has(id) && (evidence.recognised.get(id) ?? 0) > 0;
  }).length;
}

function formatEnd({ file: { planned, calls, ingest }, end }: Judged): string {
  const { webhook, identity, policy } = planned;
  const right = planned.ends.join(' or ');
  const answered = [...(ingest?.refusals ?? [])].map(([code, times]) => `${code} ×${times}`).join(', ');
  const seen = `${calls.length} calls, ${calls.filter(({ isAccepted }) => isAccepted).length} accepted`;
  return `${identity} (${webhook.fault.name}, ${policy}): ${end}, not ${right}; ${seen}${answered && `; ingest answered ${answered}`}`;
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
