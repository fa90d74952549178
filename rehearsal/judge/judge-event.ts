import type { IngestStory, SeenCall } from '../evidence/evidence.ts';
import type { FoundEntry, FoundLetter } from '../evidence/remains.ts';
import type { End } from '../plan/faults.ts';
import type { PlannedEvent } from '../plan/plan.ts';

/** All that is known of one planned event at the end. */
export type EventFile = {
  readonly planned: PlannedEvent;
  readonly door: IngestStory | undefined;
  readonly calls: readonly SeenCall[];
  readonly letters: readonly FoundLetter[];
  readonly entry: FoundEntry | undefined;
  /** Whether a dead letter of its webhook was put back on the buffer. */
  readonly isReplayed: boolean;
  /** Whether it may have waited for longer than its mapping has it worth saying. */
  readonly mayExpire: boolean;
  /** Whether messages are left on the buffer. */
  readonly isAnythingWaiting: boolean;
};

/** How an event ended; what has no name was lost. */
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
  const { planned, calls, door } = file;
  const end = endOf(file);
  const accepted = calls.filter(({ isAccepted }) => isAccepted);
  const more = Math.max(0, accepted.length - 1);
  const repeated = Math.min(more, allowedRepeats(planned));
  const letIn = calls.filter(({ isLetIn }) => isLetIn).length;
  const first = accepted[0];
  return {
    file,
    end,
    isExpected: isExpected(file, end),
    repeated,
    duplicated: more - repeated,
    sentThoughParked: isToBeParked(planned) ? Math.max(0, letIn - 1) : 0,
    ...(first !== undefined && door?.takenAt !== undefined && { delay: first.at - door.takenAt }),
  };
}

function endOf(file: EventFile): JudgedEnd {
  const { planned, door, calls, isAnythingWaiting } = file;
  const { fault } = planned.webhook;
  if (fault.flaw !== undefined) {
    return door?.takenAt === undefined && calls.length === 0 ? 'refused' : 'wrongly-taken';
  }
  if (door?.takenAt === undefined) return 'never-taken';
  if (door.code === 'ignored') return 'ignored';
  const told = toldEnd(file);
  if (told !== undefined) return told;
  if (calls.some(({ isAccepted }) => isAccepted)) return 'delivered';
  // Nothing tells of an event that was not to be: that nothing was sent is all there is to see.
  if (planned.ends.includes('skipped')) return 'skipped';
  return isAnythingWaiting ? 'waiting' : 'lost';
}

/** What a dead letter or the ledger says of an event that was not simply delivered. */
function toldEnd({ planned, letters, entry, isReplayed }: EventFile): JudgedEnd | undefined {
  const letter = letters.find(({ event }) => event === planned.name);
  if (letter?.code !== undefined) return letter.code as JudgedEnd;
  if (letters.some(({ code }) => code === undefined)) return 'unnamed';
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

function allowedRepeats({ policy, answers }: PlannedEvent): number {
  return policy === 'retry' ? answers.filter(({ accepts }) => accepts === true).length : 0;
}

function isToBeParked({ ends }: PlannedEvent): boolean {
  return ends.includes('unconfirmed');
}
