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
  type HeldLetter,
  holdChosen,
  ledgerWebhookOf,
} from './dead-letter.ts';
import { type DeadLetterQueue, hideFor, openBuffer, putOnBuffer, removeLetter } from './dead-letter-queue.ts';
import { readEntry, recordAction } from './ledger-items.ts';
import { type LetterPreview, previewedEvent, previewLetter } from './preview.ts';
import { reportProgress } from './progress.ts';
import type { Project } from './project.ts';

export type ReplayOptions = AccountChoice &
  DeadLetterChoice &
  ReplayLeave & {
    readonly dryRun?: boolean | undefined;
    /** Dead letters a second. */
    readonly rate: number;
    readonly stage?: string | undefined;
    readonly by?: string | undefined;
  };

/** What became of one dead letter. */
export type Replayed = {
  readonly letter: DeadLetter;
  readonly outcome: 'replayed' | 'would-replay' | 'stays' | 'failed';
  readonly reason?: string;
};

const TELL_EVERY = 25;

const UNCONFIRMED_BY_ID =
  '--unconfirmed goes with ids alone: each such event is a decision of its own, as it may be a second message.';

/** Puts webhooks back on the buffer, where they go the way of any other; fails with a sentence. */
export async function replayDeadLetters(
  project: Project,
  options: ReplayOptions,
): Promise<Result<readonly Replayed[], string>> {
  if (options.unconfirmed === true && options.ids.length === 0) return fail(UNCONFIRMED_BY_ID);
  const choice = await holdChosen(options);
  if (!choice.ok) return choice;

  const { account, queue, chosen } = choice.value;
  const replayed: Replayed[] = [];
  const bufferUrl = await openBuffer(account.sqs, account.stackName);
  await hideFor(queue, held(chosen), 60 + chosen.length / options.rate);
  try {
    for (const one of chosen) {
      if (replayed.length > 0 && options.dryRun !== true) await pause(1000 / options.rate);
      replayed.push(await replayOne(one, { project, options, account, queue, bufferUrl }));
      if (replayed.length % TELL_EVERY === 0) reportProgress(`${replayed.length} of ${chosen.length} …`);
    }
  } finally {
    // What stays is shown again at once; what is gone already does not mind.
    const gone = new Set(
      replayed.filter(({ outcome }) => outcome === 'replayed').map(({ letter }) => letter.messageId),
    );
    await hideFor(queue, held(chosen.filter(({ letter }) => !gone.has(letter.messageId))), 0);
  }
  return succeed(replayed);
}

function held(letters: readonly HeldLetter[]) {
  return letters.map((one) => one.held);
}

type Context = {
  readonly project: Project;
  readonly options: ReplayOptions;
  readonly account: Account;
  readonly queue: DeadLetterQueue;
  readonly bufferUrl: string;
};

async function replayOne({ letter, held }: HeldLetter, context: Context): Promise<Replayed> {
  const { options, account, queue, bufferUrl } = context;
  const planned = await plan(letter, context);
  if (!planned.ok) return { letter, outcome: 'stays', reason: planned.failure };
  if (options.dryRun === true) return { letter, outcome: 'would-replay' };
  try {
    // On the buffer first, and only then off the queue: a crash in between leaves two copies, which the ledger knows
    // for one, and never none.
    await putOnBuffer(account.sqs, bufferUrl, replayedMessage(letter.message, planned.value));
    await removeLetter(queue, held);
    await recordAction(account, {
      webhook: ledgerWebhookOf(letter),
      action: 'replayed',
      at: account.clock.now(),
      by: options.by ?? userInfo().username,
      code: letter.code,
      ...(letter.note?.event !== undefined && { about: letter.note.event }),
    });
    return { letter, outcome: 'replayed' };
  } catch (error) {
    return { letter, outcome: 'failed', reason: error instanceof Error ? error.name : String(error) };
  }
}

async function plan(
  letter: DeadLetter,
  { project, options, account }: Context,
): Promise<Result<Replay, string>> {
  const { source, deduplicationId, note } = letter;
  const key =
    source === undefined || deduplicationId === undefined || note?.event === undefined
      ? undefined
      : ledgerKey(
          { source, deduplicationId },
          { name: note.event, ...(note.item !== undefined && { item: note.item }) },
        );
  const entry = key && (await readEntry(account, key));
  const preview = await previewLetter(project, letter, {
    stage: options.stage,
    stackName: account.stackName,
  });
  const facts = { entry, preview: preview.ok ? preview.value : undefined, now: account.clock.now() };
  return planReplay(letter, facts, options);
}

/** What a person has given leave for. */
type ReplayLeave = {
  /** To send again what may have been accepted. */
  readonly unconfirmed?: boolean | undefined;
  /** To send what is older than its mapping's `max-age`. */
  readonly late?: boolean | undefined;
};

/** What is known when it is decided. */
type ReplayFacts = {
  /** The event's entry in the ledger. */
  readonly entry: LedgerEntry | undefined;
  /** What the mapping makes of it now, where that can be told. */
  readonly preview: LetterPreview | undefined;
  readonly now: Date;
};

/**
 * Whether a dead letter goes back to the buffer, and with which leave; fails with the reason for which it stays. It goes
 * by the ledger before the note: only the ledger knows whether an earlier attempt may have been accepted.
 */
export function planReplay(
  letter: DeadLetter,
  { entry, preview, now }: ReplayFacts,
  leave: ReplayLeave,
): Result<Replay, string> {
  const { note } = letter;
  // Nothing is known of any event: each goes on from where the ledger has it.
  if (note?.event === undefined) return succeed(leave.late === true ? { late: true } : {});
  const reason = whyNot(letter, { entry, preview, now }, leave);
  return reason === undefined
    ? succeed(writeReplay({ ...note, event: note.event }, entry, leave))
    : fail(reason);
}

/** Why a dead letter stays where it is. */
function whyNot(
  letter: DeadLetter,
  { entry, preview, now }: ReplayFacts,
  { unconfirmed, late }: ReplayLeave,
): string | undefined {
  if (isAtWork(entry, now)) return 'a worker is at it: try again in a minute';
  if (isUnsure(letter, entry) && unconfirmed !== true) {
    return 'it may have been accepted: only "replay ID --unconfirmed" sends it again';
  }
  if (preview !== undefined && isTooOld(letter, preview, now) && late !== true) {
    return 'it is older than its max-age by now: only --late sends it';
  }
  return undefined;
}

function writeReplay(
  { event, item }: { readonly event: string; readonly item?: number | undefined },
  entry: LedgerEntry | undefined,
  { unconfirmed, late }: ReplayLeave,
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

/** Of what the ledger has forgotten, or never knew, the note has the last word. */
function isUnsure({ code }: DeadLetter, entry: LedgerEntry | undefined): boolean {
  if (entry === undefined) return code === 'unconfirmed';
  return entry.state === 'unconfirmed' || entry.state === 'claimed';
}

function isTooOld(letter: DeadLetter, preview: LetterPreview, now: Date): boolean {
  const mapped = previewedEvent(letter, preview);
  if (mapped?.kind !== 'event') return false;
  const receivedAt = letter.receivedAt === undefined ? now : new Date(letter.receivedAt);
  return wasTooOld({ ...mapped, occurredAt: mapped.occurredAt ?? receivedAt }, now);
}
