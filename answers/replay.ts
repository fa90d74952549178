import { userInfo } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { replayedMessage } from '../lambdas/buffer/message.ts';
import { fail, type Result, succeed } from '../lambdas/result.ts';
import {
  type DeadLetter,
  type DeadLetterChoice,
  ledgerWebhookOf,
  messagesKeeping,
  type TakenDeadLetter,
  takeChosen,
} from './dead-letter.ts';
import {
  type DeadLetterQueue,
  hideFor,
  openBuffer,
  putMessage,
  removeDeadLetter,
  showAgain,
} from './dead-letter-queue.ts';
import { formatJudgement, type Judged, judgeLetter, type ReplayPermission, replaysOf } from './judgement.ts';
import { recordActions } from './ledger-items.ts';
import { failuresOf, type LetterEvent } from './letter-events.ts';
import { type Account, type AccountChoice, type Project, reportProgress } from './project.ts';

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
  readonly outcome: 'replayed' | 'would-replay' | 'stays' | 'failed';
  /** Why it stays or failed; of one that goes back, what else there is to know. */
  readonly reasons: readonly string[];
};

const REPORT_EVERY = 25;

const UNCONFIRMED_BY_ID =
  '--unconfirmed goes with ids alone: each such event is a decision of its own, as it may be a second message.';

/** Puts webhooks back on the buffer, where they go the way of any other; fails with a sentence. */
export async function replayDeadLetters(
  project: Project,
  options: ReplayOptions,
): Promise<Result<readonly Replayed[], string>> {
  if (options.unconfirmed === true && options.ids.length === 0) return fail(UNCONFIRMED_BY_ID);
  const choice = await takeChosen(options);
  if (!choice.ok) return choice;

  const { account, queue, chosen } = choice.value;
  const replayed: Replayed[] = [];
  const bufferUrl = await openBuffer(account.sqs, account.stackName);
  await hideFor(queue, messagesOf(chosen), 60 + chosen.length / options.rate);
  try {
    for (const one of chosen) {
      if (replayed.length > 0 && options.dryRun !== true) await pause(1000 / options.rate);
      replayed.push(await replayOne(one, { project, options, account, queue, bufferUrl }));
      if (replayed.length % REPORT_EVERY === 0) reportProgress(`${replayed.length} of ${chosen.length} …`);
    }
  } finally {
    const gone = new Set(
      replayed.flatMap(({ deadLetter, outcome }) => (outcome === 'replayed' ? [deadLetter] : [])),
    );
    await showAgain(queue, messagesOf(chosen.filter(({ deadLetter }) => !gone.has(deadLetter))));
  }
  return succeed(replayed);
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
  const { deadLetter, chosen } = taken;
  const { options, account, project } = context;
  const { judged } = await judgeLetter(taken, options, { project, account, stage: options.stage });
  const isGoing = judged.some(({ stays }) => stays === undefined);
  const told = judged.filter(({ stays, remark }) => stays !== undefined || remark !== undefined);
  const one = { deadLetter, chosen, reasons: formatJudgement(told) };
  if (!isGoing) return { ...one, outcome: 'stays' };
  if (options.dryRun === true) return { ...one, outcome: 'would-replay' };
  try {
    await putBack(taken, judged, context);
    return { ...one, outcome: 'replayed' };
  } catch (error) {
    return { ...one, outcome: 'failed', reasons: [error instanceof Error ? error.name : String(error)] };
  }
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
