import { userInfo } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { replayedMessage } from '../lambdas/buffer/message.ts';
import type { Replay } from '../lambdas/buffer/replay.ts';
import { type LedgerEntry, ledgerKey } from '../lambdas/deliver/ledger/entry.ts';
import { fail, type Result, succeed } from '../lambdas/result.ts';
import { wasTooOld } from '../lib/mapping/examples/preview.ts';
import type { Account, AccountChoice } from './account.ts';
import {
  type DeadLetter,
  type DeadLetterChoice,
  ledgerWebhookOf,
  type TakenDeadLetter,
  takeChosen,
} from './dead-letter.ts';
import {
  type DeadLetterQueue,
  hideFor,
  openBuffer,
  putOnBuffer,
  removeDeadLetter,
  showAgain,
} from './dead-letter-queue.ts';
import { readEntry, recordAction } from './ledger-items.ts';
import { type DeadLetterPreview, previewDeadLetter, previewedEvent } from './preview.ts';
import { reportProgress } from './progress.ts';
import type { Project } from './project.ts';

export type ReplayOptions = AccountChoice &
  DeadLetterChoice &
  ReplayPermission & {
    readonly dryRun?: boolean | undefined;
    /** Dead letters a second. */
    readonly rate: number;
    readonly stage?: string | undefined;
    readonly by?: string | undefined;
  };

/** What a person permits beyond a plain replay. */
type ReplayPermission = {
  /** To send again what may have been accepted. */
  readonly unconfirmed?: boolean | undefined;
  /** To send what is older than its mapping's `max-age`. */
  readonly late?: boolean | undefined;
};

/** What became of one dead letter. */
export type Replayed = {
  readonly deadLetter: DeadLetter;
  readonly outcome: 'replayed' | 'would-replay' | 'stays' | 'failed';
  readonly reason?: string;
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

type Context = {
  readonly project: Project;
  readonly options: ReplayOptions;
  readonly account: Account;
  readonly queue: DeadLetterQueue;
  readonly bufferUrl: string;
};

async function replayOne({ deadLetter, message }: TakenDeadLetter, context: Context): Promise<Replayed> {
  const { options, account, queue, bufferUrl } = context;
  const planned = await plan(deadLetter, context);
  if (!planned.ok) return { deadLetter, outcome: 'stays', reason: planned.failure };
  if (options.dryRun === true) return { deadLetter, outcome: 'would-replay' };
  try {
    // On the buffer first, and only then off the queue: a crash in between leaves two copies, which the ledger knows to
    // be one, and never none.
    await putOnBuffer(account.sqs, bufferUrl, replayedMessage(deadLetter.message, planned.value));
    await removeDeadLetter(queue, message);
    await recordAction(account, {
      webhook: ledgerWebhookOf(deadLetter),
      action: 'replayed',
      at: account.clock.now(),
      by: options.by ?? userInfo().username,
      code: deadLetter.code,
      ...(deadLetter.note?.event !== undefined && { about: deadLetter.note.event }),
    });
    return { deadLetter, outcome: 'replayed' };
  } catch (error) {
    return { deadLetter, outcome: 'failed', reason: error instanceof Error ? error.name : String(error) };
  }
}

/** Looks up what the decision needs, and decides. */
async function plan(
  deadLetter: DeadLetter,
  { project, options, account }: Context,
): Promise<Result<Replay, string>> {
  const { source, deduplicationId, note } = deadLetter;
  const key =
    source === undefined || deduplicationId === undefined || note?.event === undefined
      ? undefined
      : ledgerKey(
          { source, deduplicationId },
          { name: note.event, ...(note.item !== undefined && { item: note.item }) },
        );
  const entry = key && (await readEntry(account, key));
  const preview = await previewDeadLetter(project, deadLetter, {
    stage: options.stage,
    stackName: account.stackName,
  });
  const facts = { entry, preview: preview.ok ? preview.value : undefined, now: account.clock.now() };
  return planReplay(deadLetter, facts, options);
}

/** What is known when a replay is decided. */
type ReplayFacts = {
  /** The event's entry in the ledger. */
  readonly entry: LedgerEntry | undefined;
  /** What the mapping makes of the webhook now, if it can be mapped. */
  readonly preview: DeadLetterPreview | undefined;
  readonly now: Date;
};

/**
 * Decides whether a dead letter goes back to the buffer, and with which permission; fails with the reason why it stays. The
 * ledger counts more than the note: it alone knows whether an earlier attempt may have been accepted.
 */
export function planReplay(
  deadLetter: DeadLetter,
  { entry, preview, now }: ReplayFacts,
  permission: ReplayPermission,
): Result<Replay, string> {
  const { note } = deadLetter;
  // The dead letter names no event: each event of the webhook goes on from where the ledger has it.
  if (note?.event === undefined) return succeed(permission.late === true ? { late: true } : {});
  const reason = whyNot(deadLetter, { entry, preview, now }, permission);
  return reason === undefined
    ? succeed(writeReplay({ ...note, event: note.event }, entry, permission))
    : fail(reason);
}

/** Why a dead letter stays where it is. */
function whyNot(
  deadLetter: DeadLetter,
  { entry, preview, now }: ReplayFacts,
  { unconfirmed, late }: ReplayPermission,
): string | undefined {
  if (isAtWork(entry, now)) return 'a worker is at it: try again in a minute';
  if (isUnsure(deadLetter, entry) && unconfirmed !== true) {
    return 'it may have been accepted: only "replay ID --unconfirmed" sends it again';
  }
  if (preview !== undefined && isTooOld(deadLetter, preview, now) && late !== true) {
    return 'it is older than its max-age by now: only --late sends it';
  }
  return undefined;
}

function writeReplay(
  { event, item }: { readonly event: string; readonly item?: number | undefined },
  entry: LedgerEntry | undefined,
  { unconfirmed, late }: ReplayPermission,
): Replay {
  return {
    event,
    ...(item !== undefined && { item }),
    ...(entry !== undefined && { revision: entry.revision }),
    ...(unconfirmed === true && { unconfirmed }),
    ...(late === true && { late }),
  };
}

function isAtWork(entry: LedgerEntry | undefined, now: Date): boolean {
  if (entry === undefined || entry.state === 'delivered' || entry.deadLetteredAt !== undefined) return false;
  return entry.leaseUntil.getTime() > now.getTime();
}

/** Whether the event may have been accepted. The note decides only where the ledger has no entry (any more). */
function isUnsure({ code }: DeadLetter, entry: LedgerEntry | undefined): boolean {
  if (entry === undefined) return code === 'unconfirmed';
  return entry.state === 'unconfirmed' || entry.state === 'claimed';
}

function isTooOld(deadLetter: DeadLetter, preview: DeadLetterPreview, now: Date): boolean {
  const mapped = previewedEvent(deadLetter, preview);
  if (mapped?.kind !== 'event') return false;
  const receivedAt = deadLetter.receivedAt === undefined ? now : new Date(deadLetter.receivedAt);
  return wasTooOld({ ...mapped, occurredAt: mapped.occurredAt ?? receivedAt }, now);
}
