import type { Case } from './judge.ts';
import type { Judged } from './judge-event.ts';
import { eventsOf } from './plan.ts';

/** SQS hands a worker so many messages at once: a crash leaves so many claims behind at most. */
const BATCH_SIZE = 10;

/** How many calls of two workers can be on connections that an outage closes. */
const CALLS_AT_ONCE = 20;

export type Findings = {
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
export function findWrong(judged: readonly Judged[], trial: Case): Findings {
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
      .map(tellEnd),
    ...judged
      .filter(({ duplicated }) => duplicated > 0)
      .filter((one) => !repeats.includes(one))
      .map(tellCopies),
    ...judged.filter(({ sentThoughParked }) => sentThoughParked > 0).map(tellParked),
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

function tellEnd({ file: { planned, calls, door }, end }: Judged): string {
  const { webhook, identity, policy } = planned;
  const right = planned.ends.join(' or ');
  const answered = [...(door?.refusals ?? [])].map(([code, times]) => `${code} ×${times}`).join(', ');
  const seen = `${calls.length} calls, ${calls.filter(({ isAccepted }) => isAccepted).length} accepted`;
  return `${identity} (${webhook.fault.name}, ${policy}): ${end}, not ${right}; ${seen}${answered && `; at the door ${answered}`}`;
}

function tellCopies({ file: { planned }, duplicated }: Judged): string {
  const { identity, webhook, policy } = planned;
  return `${identity} (${webhook.fault.name}, ${policy}): accepted ${duplicated} times too often`;
}

function tellParked({ file: { planned }, sentThoughParked }: Judged): string {
  return `${planned.identity} (${planned.webhook.fault.name}): called ${sentThoughParked} times though parked`;
}
