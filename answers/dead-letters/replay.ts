import { userInfo } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { replayedMessage } from '../../lambdas/buffer/message.ts';
import { fail, type Result, succeed } from '../../lambdas/result.ts';
import { startProgress } from '../../lib/config/progress.ts';
import { recordActions } from '../ledger-items.ts';
import type { Account, AccountChoice, Project } from '../project.ts';
import {
  type DeadLetter,
  type DeadLetterChoice,
  ledgerWebhookOf,
  messagesKeeping,
  type TakenDeadLetter,
  takeChosen,
} from './dead-letter.ts';
import {
  formatJudgement,
  type Judged,
  judgeLetter,
  judgeLetters,
  type ReplayPermission,
  replaysOf,
} from './judgement.ts';
import { failuresOf, type LetterEvent } from './letter-events.ts';
import {
  type DeadLetterQueue,
  hideFor,
  openBuffer,
  putMessage,
  removeDeadLetter,
  showAgain,
} from './queue.ts';

export type ReplayOptions = AccountChoice &
  DeadLetterChoice &
  ReplayPermission & {
    readonly dryRun?: boolean | undefined;
    /** Dead letters a second. */
    readonly rate: number;
    readonly stage?: string | undefined;
    readonly by?: string | undefined;
  };

/** What became of one dead letter. */
export type Replayed = {
  readonly deadLetter: DeadLetter;
  /** The events that a person chose. */
  readonly chosen: readonly LetterEvent[];
  readonly outcome: 'replayed' | 'would-replay' | 'stays' | 'failed' | 'not-reached';
  /** Why it stays or failed; of one that goes back, what else there is to know. */
  readonly reasons: readonly string[];
};

const UNCONFIRMED_BY_ID =
  '--unconfirmed goes with ids alone: each such event is a decision of its own, as it may be a second message.';

/**
 * Puts webhooks back on the buffer, where they go the way of any other; fails with a sentence. The signal ends it after the
 * dead letter that it is at: those that were not reached stay dead letters, and are shown again at once.
 */
export async function replayDeadLetters(
  project: Project,
  options: ReplayOptions,
  signal?: AbortSignal,
): Promise<Result<readonly Replayed[], string>> {
  if (options.unconfirmed === true && options.ids.length === 0) return fail(UNCONFIRMED_BY_ID);
  const choice = await takeChosen(options, signal);
  if (!choice.ok) return choice;

  const { account, queue, chosen } = choice.value;
  const replayed: Replayed[] = [];
  const { update, end } = startProgress(options.dryRun === true ? 'Judging' : 'Replaying', chosen.length);
  try {
    const bufferUrl = await openBuffer(account.sqs, account.stackName);
    await hideFor(queue, messagesOf(chosen), 60 + chosen.length / options.rate);
    const context = { project, options, account, queue, bufferUrl };
    const next = options.dryRun === true ? tryAll(chosen, context) : putBackAll(chosen, context, signal);
    for await (const some of next) {
      replayed.push(...some);
      update(replayed.length);
      if (signal?.aborted === true) break;
    }
  } finally {
    end();
    const gone = new Set(
      replayed.flatMap(({ deadLetter, outcome }) => (outcome === 'replayed' ? [deadLetter] : [])),
    );
    await showAgain(queue, messagesOf(chosen.filter(({ deadLetter }) => !gone.has(deadLetter))));
  }
  const rest = chosen.slice(replayed.length).map(({ deadLetter, chosen: events }) => ({
    ...{ deadLetter, chosen: events, outcome: 'not-reached' as const, reasons: [] },
  }));
  return succeed([...replayed, ...rest]);
}

async function* putBackAll(
  chosen: readonly TakenDeadLetter[],
  context: ReplayContext & { readonly options: Pick<ReplayOptions, 'rate'> },
  signal?: AbortSignal,
) {
  for (const [index, one] of chosen.entries()) {
    // The pause ends at once where the signal comes in it.
    if (index > 0)
      await pause(1000 / context.options.rate, undefined, { ...(signal && { signal }) }).catch(() => {});
    if (signal?.aborted === true) return;
    yield [await replayOne(one, context)];
  }
}

/** So many are judged together: the ledger reads their events in batches. */
const JUDGED_TOGETHER = 100;

async function* tryAll(chosen: readonly TakenDeadLetter[], { options, account, project }: ReplayContext) {
  const bench = { project, account, stage: options.stage };
  for (let start = 0; start < chosen.length; start += JUDGED_TOGETHER) {
    const some = chosen.slice(start, start + JUDGED_TOGETHER);
    const letters = await judgeLetters(some, options, bench);
    yield some.map((one, index) => planOf(one, letters[index]?.judged ?? []));
  }
}

function messagesOf(taken: readonly TakenDeadLetter[]) {
  return taken.map(({ message }) => message);
}

/** Where dead letters are replayed. */
export type ReplayContext = {
  readonly project: Project;
  readonly options: Omit<ReplayOptions, 'port' | 'rate'>;
  readonly account: Account;
  readonly queue: DeadLetterQueue;
  readonly bufferUrl: string;
};

/** Puts one dead letter back on the buffer, or those of its events that were chosen. */
export async function replayOne(taken: TakenDeadLetter, context: ReplayContext): Promise<Replayed> {
  const { options, account, project } = context;
  const { judged } = await judgeLetter(taken, options, { project, account, stage: options.stage });
  const plan = planOf(taken, judged);
  if (plan.outcome === 'stays' || options.dryRun === true) return plan;
  try {
    await putBack(taken, judged, context);
    return { ...plan, outcome: 'replayed' };
  } catch (error) {
    return { ...plan, outcome: 'failed', reasons: [error instanceof Error ? error.name : String(error)] };
  }
}

/** What a replay would do. */
function planOf({ deadLetter, chosen }: TakenDeadLetter, judged: readonly Judged[]): Replayed {
  const isGoing = judged.some(({ stays }) => stays === undefined);
  const told = judged.filter(({ stays, remark }) => stays !== undefined || remark !== undefined);
  return { deadLetter, chosen, outcome: isGoing ? 'would-replay' : 'stays', reasons: formatJudgement(told) };
}

/**
 * The events that stay become a dead letter of their own first; then the others go on the buffer, and only then is the dead
 * letter removed. A crash in between leaves copies, which the ledger knows to be one, and never none.
 */
async function putBack(
  { deadLetter, message, rest }: TakenDeadLetter,
  judged: readonly Judged[],
  { options, account, queue, bufferUrl }: ReplayContext,
): Promise<void> {
  const stays = judged.flatMap((one) => (one.stays === undefined ? [] : [one.event]));
  const staying = [...rest, ...stays];
  if (staying.length > 0) {
    for (const kept of messagesKeeping(deadLetter, staying)) await putMessage(account.sqs, queue.url, kept);
  }
  for (const replay of replaysOf(judged, options)) {
    await putMessage(account.sqs, bufferUrl, replayedMessage(deadLetter.message, replay));
  }
  await removeDeadLetter(queue, message);
  const going = judged.flatMap((one) => (one.stays === undefined ? [one.event] : []));
  await recordActions(account, failuresOf(going), {
    webhook: ledgerWebhookOf(deadLetter),
    action: 'replayed',
    at: account.clock.now(),
    by: options.by ?? userInfo().username,
  });
}
