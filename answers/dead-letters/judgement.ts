import type { Replay, ReplayGroup } from '../../lambdas/buffer/replay.ts';
import {
  expiryOf,
  LEDGER_DAYS,
  type LedgerEntry,
  type LedgerKey,
  ledgerKey,
} from '../../lambdas/deliver/ledger/entry.ts';
import type { Mapped } from '../../lambdas/map/webhook.ts';
import type { Result } from '../../lambdas/result.ts';
import { wasTooOld } from '../../lib/mapping/examples/example.ts';
import { ADVICE } from '../advice.ts';
import { readEntries } from '../ledger-items.ts';
import type { Account, Project } from '../project.ts';
import type { DeadLetter } from './dead-letter.ts';
import { failuresOf, formatEventName, type LetterEvent } from './letter-events.ts';
import { createPreviewer, type DeadLetterPreview, previewedEvents } from './preview.ts';

/** What a person permits beyond a plain replay. */
export type ReplayPermission = {
  /** To send again what may have been accepted. */
  readonly unconfirmed?: boolean | undefined;
  /** To send what is older than its mapping's `max-age`. */
  readonly late?: boolean | undefined;
};

/** What a replay would do with one event of a dead letter. `show`, `replay --dry-run` and `replay` go by the same. */
export type Judged = {
  readonly event: LetterEvent;
  /** Why it stays a dead letter; missing where it goes back to the buffer. */
  readonly stays?: string;
  /** What is known to become of it, though it goes back. */
  readonly remark?: string;
  /** The revision of its ledger entry, which the permission is for. */
  readonly revision?: number;
};

export type JudgedLetter = {
  readonly judged: readonly Judged[];
  /** What the mapping of this project makes of the webhook now, or why that cannot be told. */
  readonly preview: Result<DeadLetterPreview, string>;
};

/** Where a dead letter is judged. */
type Bench = {
  readonly project: Project;
  readonly account: Account;
  readonly stage?: string | undefined;
};

/** A dead letter, and those of its events that are judged. */
type LetterEvents = { readonly deadLetter: DeadLetter; readonly chosen: readonly LetterEvent[] };

/** Looks up what is known of some events of a dead letter, and judges each. */
export async function judgeLetter(
  letter: LetterEvents,
  permission: ReplayPermission,
  bench: Bench,
): Promise<JudgedLetter> {
  const [judged] = await judgeLetters([letter], permission, bench);
  if (judged === undefined) throw new Error('A dead letter was not judged.');
  return judged;
}

/** The same for many, in their order: the ledger is asked for all of their events at once. */
export async function judgeLetters(
  letters: readonly LetterEvents[],
  permission: ReplayPermission,
  { project, account, stage }: Bench,
): Promise<readonly JudgedLetter[]> {
  const { stackName, clock } = account;
  const previewOf = createPreviewer(project, { stage, stackName });
  const found: { readonly letter: LetterEvents; readonly preview: Result<DeadLetterPreview, string> }[] = [];
  for (const letter of letters) found.push({ letter, preview: await previewOf(letter.deadLetter) });
  const known = found.map(({ letter, preview }) => ({ letter, preview, events: lookUp(letter, preview) }));
  const entries = await readEntries(
    account,
    known.flatMap(({ events }) => events.flatMap(({ keys }) => keys)),
  );
  return known.map(({ letter: { deadLetter }, preview, events }) => ({
    preview,
    judged: events.map(({ event, mapped, keys }) => {
      const facts = { event, mapped, entry: latestOf(keys.flatMap((key) => entries(key) ?? [])) };
      return judgeEvent(deadLetter, facts, { now: clock.now(), permission });
    }),
  }));
}

/** Each event with what the mapping makes of it now, and where the ledger may have it. */
function lookUp(
  { deadLetter, chosen }: LetterEvents,
  preview: Result<DeadLetterPreview, string>,
): readonly (Pick<EventFacts, 'event' | 'mapped'> & { readonly keys: readonly LedgerKey[] })[] {
  const known = preview.ok ? preview.value : undefined;
  const mappedBy = known && previewedEvents(known);
  return chosen.map((event) => {
    const mapped = mappedBy?.(event);
    const keys = keysOf(deadLetter, event, { preview: known, mapped });
    return { event, keys, mapped: mappedBy === undefined ? 'unknown' : (mapped ?? 'missing') };
  });
}

/** What is known of one event when it is judged. */
export type EventFacts = {
  readonly event: LetterEvent;
  /** Its entry in the ledger. */
  readonly entry: LedgerEntry | undefined;
  /** What the mapping makes of it now; `unknown` where that cannot be told. */
  readonly mapped: Mapped | 'missing' | 'unknown';
};

/** An event that was renamed leaves its entry behind, and a copy goes on. */
function latestOf(entries: readonly LedgerEntry[]): LedgerEntry | undefined {
  return entries.toSorted((one, other) => other.revision - one.revision)[0];
}

/** Where the ledger may have an event: under its present names, and under those that it had before. */
function keysOf(
  { source = '', deduplicationId = '', message }: DeadLetter,
  { name, item, failure }: LetterEvent,
  {
    preview,
    mapped,
  }: { readonly preview: DeadLetterPreview | undefined; readonly mapped: Mapped | undefined },
): readonly LedgerKey[] {
  if (name === undefined) return [];
  const mapping = preview?.mapping;
  const former = mapping?.events.find((event) => event.name === mapped?.name)?.formerly ?? [];
  const sources = new Set([mapping?.source ?? source, source, ...(mapping?.formerly ?? [])]);
  const names = new Set([mapped?.name ?? name, name, ...former]);
  const identity = mapped?.identity ?? failure.identity;
  const identities = identity === undefined ? [{}] : [{ identity }, {}];
  const place = item !== undefined && { item };
  const ids = new Set([deduplicationId, ...(message.attributes['deduplication-id']?.split('\n') ?? [])]);
  const webhooks = [...sources].flatMap((from) =>
    [...ids].map((id) => ({ source: from, deduplicationId: id })),
  );
  return identities.flatMap((identified) =>
    webhooks.flatMap((webhook) =>
      [...names].map((known) => ledgerKey(webhook, { name: known, ...place, ...identified })),
    ),
  );
}

/**
 * Decides whether an event goes back to the buffer. The ledger counts more than the note: it alone knows whether an earlier
 * attempt may have been accepted.
 */
export function judgeEvent(
  deadLetter: DeadLetter,
  facts: EventFacts,
  { now, permission }: { readonly now: Date; readonly permission: ReplayPermission },
): Judged {
  const { event, entry, mapped } = facts;
  const stays =
    event.name === undefined
      ? whyWholeStays(deadLetter, permission, now)
      : whyEventStays(deadLetter, facts, { now, permission });
  if (stays !== undefined) return { event, stays };
  const remark = event.name === undefined ? remarkOnWhole(mapped) : remarkOn(event, mapped);
  return {
    event,
    ...(remark !== undefined && { remark }),
    ...(entry !== undefined && { revision: entry.revision }),
  };
}

/** Of a webhook as a whole it is known only what the ledger still has. */
function whyWholeStays(
  deadLetter: DeadLetter,
  { unconfirmed }: ReplayPermission,
  now: Date,
): string | undefined {
  if (deadLetter.code === 'note-unreadable') {
    return 'its note was written by a newer version of the adapter: use the command line of that version';
  }
  return isForgotten(deadLetter, now) && unconfirmed !== true ? FORGOTTEN : undefined;
}

const FORGOTTEN = `it came in more than ${LEDGER_DAYS} days ago, and the ledger may have forgotten that it was sent: only "replay ID --unconfirmed" sends it`;

/** Whether the ledger can have forgotten what became of a webhook: nothing in it is older. */
function isForgotten({ receivedAt }: DeadLetter, now: Date): boolean {
  return receivedAt !== undefined && expiryOf(new Date(receivedAt)).getTime() < now.getTime();
}

function whyEventStays(
  deadLetter: DeadLetter,
  { event, entry, mapped }: EventFacts,
  { now, permission }: { readonly now: Date; readonly permission: ReplayPermission },
): string | undefined {
  if (isAtWork(entry, now)) return 'a worker is at it: try again in a minute';
  if (isUnsure(event, entry) && permission.unconfirmed !== true) {
    return 'it may have been accepted: only "replay ID --unconfirmed" sends it again';
  }
  if (entry === undefined && isForgotten(deadLetter, now) && permission.unconfirmed !== true)
    return FORGOTTEN;
  if (mapped === 'missing') {
    return 'the mapping of this project has no such event any more: bring it back, deploy, then replay';
  }
  if (isTooOld(deadLetter, mapped, now) && permission.late !== true) {
    return 'it is older than its max-age by now: only --late sends it';
  }
  return undefined;
}

function isAtWork(entry: LedgerEntry | undefined, now: Date): boolean {
  if (entry === undefined || entry.state === 'delivered' || entry.deadLetteredAt !== undefined) return false;
  return entry.leaseUntil.getTime() > now.getTime();
}

/** Whether the event may have been accepted. The note decides only where the ledger has no entry (any more). */
function isUnsure({ failure }: LetterEvent, entry: LedgerEntry | undefined): boolean {
  if (entry === undefined) return failure.code === 'unconfirmed';
  return entry.state === 'unconfirmed' || entry.state === 'claimed';
}

function isTooOld(deadLetter: DeadLetter, mapped: EventFacts['mapped'], now: Date): boolean {
  if (typeof mapped === 'string' || mapped.kind !== 'event') return false;
  const receivedAt = deadLetter.receivedAt === undefined ? now : new Date(deadLetter.receivedAt);
  return wasTooOld({ ...mapped, occurredAt: mapped.occurredAt ?? receivedAt }, now);
}

function remarkOn({ failure }: LetterEvent, mapped: EventFacts['mapped']): string | undefined {
  if (typeof mapped === 'string') return undefined;
  if (mapped.kind === 'event') {
    const isSame = failure.mappingVersion === mapped.terms.mappingVersion;
    // What the mapping has caused, the same mapping causes again.
    return isSame && ADVICE[failure.code].who === 'mapping'
      ? `its mapping is still the version that failed (${failure.mappingVersion}): it would come back, unless the event definition in Webex Campaign was changed`
      : undefined;
  }
  const code = mapped.kind === 'rejected' ? mapped.failure.code : mapped.code;
  return `the mapping of this project makes no event of it (${code}): it would come back`;
}

function remarkOnWhole(mapped: EventFacts['mapped']): string | undefined {
  if (mapped !== 'missing') return undefined;
  return 'the mapping of this project makes no event of it: it would come back';
}

/** How many events one replay names at most: written down, they fit into its message. */
const MOST_REPLAYED = 4_000;

/** The replays of those events that go back, as few as possible. */
export function replaysOf(
  judged: readonly Judged[],
  { unconfirmed, late }: ReplayPermission,
): readonly Replay[] {
  const going = judged.filter(({ stays }) => stays === undefined);
  const permission = {
    ...(unconfirmed === true && { unconfirmed }),
    ...(late === true && { late }),
  };
  if (going.some(({ event }) => event.name === undefined)) return [permission];
  const replays: Replay[] = [];
  for (let start = 0; start < going.length; start += MOST_REPLAYED) {
    const part = going.slice(start, start + MOST_REPLAYED);
    replays.push({ events: groupsOf(part), ...permission });
  }
  return replays;
}

function groupsOf(going: readonly Judged[]): readonly ReplayGroup[] {
  const groups = Map.groupBy(going, ({ event, revision }) =>
    JSON.stringify([event.name, revision, event.item === undefined]),
  );
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first?.event.name === undefined) return [];
    const items = group.flatMap(({ event }) => event.item ?? []);
    return [
      {
        event: first.event.name,
        ...(items.length > 0 && { items }),
        ...(first.revision !== undefined && { revision: first.revision }),
      },
    ];
  });
}

/** The judgement in lines: which events go back, and which stay for which reason. */
export function formatJudgement(judged: readonly Judged[]): readonly string[] {
  const verdicts = Map.groupBy(judged, ({ stays, remark }) => JSON.stringify([stays, remark]));
  return [...verdicts.values()].map((alike) => {
    const { stays, remark } = alike[0] ?? {};
    const names = failuresOf(alike.map(({ event }) => event))
      .map(formatEventName)
      .filter(Boolean);
    const what = names.length === 0 ? 'the webhook' : [...new Set(names)].join('; ');
    if (stays !== undefined) return `${what}: stays, as ${stays}`;
    return `${what}: goes back to the buffer${remark === undefined ? '' : `, but ${remark}`}`;
  });
}
