import type { BufferedWebhook } from '../buffer/message.ts';
import { applyReplay, type EventReplay, type NamedEvent } from '../buffer/replay.ts';
import type { Mapped, PendingEvent } from '../map/webhook.ts';
import { type Result, succeed } from '../result.ts';
import { deadLetterFailed, type FailedEvent, failedBy, failedWithoutMapping } from './dead-letter.ts';
import { deliverEvent } from './event.ts';
import type { Lanes } from './event-api/caller.ts';
import { createRecordKeeper, type RecordDependencies, type RecordKeeper } from './keep-record.ts';
import { moveEntry, takeVanished, writeSettled } from './ledger/decision.ts';
import {
  createPlaces,
  hasEnded,
  type LedgerEntry,
  type LedgerFailure,
  ledgerKey,
  type Places,
  type Progress,
} from './ledger/entry.ts';
import { isSmall, type Known, type ListedWebhook, readKnown, type VanishedEvent } from './ledger/known.ts';
import { formatEvent, type OnceAMinute } from './log-line.ts';
import { type EventOutcome, PAUSES_ALL, type RetryLater } from './outcome.ts';
import type { IsPaused } from './pauses.ts';
import { type BufferRecord, type EventDependencies, tryLater } from './work.ts';

/** What deliver needs of the outside world to work on the events of a webhook. */
export type WebhookDependencies = EventDependencies &
  RecordDependencies & {
    readonly lanes: Lanes;
    readonly isFirstThisMinute: OnceAMinute;
    readonly isPaused: IsPaused;
  };

/** What a receive has left of a webhook. */
export type Left = {
  /** How long its unfinished events wait, in seconds; empty if there are none. */
  readonly pauses: readonly number[];
  /** Set if the function's time has ended it, or its limits did: it goes on at once. */
  readonly isOutOfTime: boolean;
};

/** An event and its place in the list. */
type Placed = readonly [place: number, event: PendingEvent];

/** Work on one webhook in one receive. */
type Run = {
  readonly record: BufferRecord;
  /** Receives so far that did not end for lack of time. */
  readonly triedReceives: number;
  readonly listed: ListedWebhook;
  readonly known: Known;
  readonly keeper: RecordKeeper;
  readonly dependencies: WebhookDependencies;
  /** The events that are still to be worked on, in order, with their places in the list. */
  readonly places: Iterator<Placed>;
  readonly replays: ReadonlyMap<PendingEvent, EventReplay>;
  /** What the events of a small webhook are mapped to: its intake record, which goes with the first claim, says it. */
  readonly mapped: Map<PendingEvent, Mapped>;
  /** Places of a fact that stands in the list before. */
  readonly repeated: ReadonlySet<number>;
  readonly ended: Places;
  readonly putOff: Places;
  readonly failed: (FailedEvent & { readonly place?: number })[];
  readonly pauses: number[];
  /** How many events this receive has brought to an end. */
  count: number;
  /** How many events that the mapping no longer has are not dead-lettered yet. */
  unmapped: number;
  isStopped: boolean;
  isOutOfTime: boolean;
};

/**
 * Works on the events of a webhook from where it stopped, side by side, until all have ended or the function's time has.
 * Whatever the ledger's entries say of an event holds; the progress only spares looking at them.
 */
export async function deliverEvents(
  record: BufferRecord,
  listed: ListedWebhook,
  dependencies: WebhookDependencies,
): Promise<Left> {
  const { replay } = listed.webhook;
  const asked = { receives: record.receives, ...(replay && { replay: record.messageId }) };
  const known = await readKnown(listed, asked, dependencies.ledger);
  if (!known.ok) return leaveAll({ record, listed, dependencies }, known.failure);
  const run = beginRun(record, { listed, known: known.value }, dependencies);
  await prepare(run);
  for (const vanished of known.value.vanished) await failVanished(run, vanished);
  await dependencies.lanes.run(listed.events.length, () => step(run));
  await deadLetterAll(run);
  await keepProgress(run);
  return { pauses: run.pauses, isOutOfTime: run.isOutOfTime };
}

/**
 * Ends the events of a webhook for which the mapping has none any more, each by its name: if the ledger knows all that it
 * had, and which of them are unfinished. Else returns `undefined`: the webhook as a whole has to be dead-lettered.
 */
export async function endUnmapped(
  record: BufferRecord,
  webhook: BufferedWebhook,
  dependencies: WebhookDependencies,
): Promise<Left | undefined> {
  const mapping = { source: webhook.source, formerly: [], events: [], digest: '' };
  const listed = { webhook, mapping, events: [] };
  const known = await readKnown(listed, { receives: record.receives }, dependencies.ledger);
  if (!known.ok) return leaveAll({ record, listed, dependencies }, known.failure);
  if (!known.value.isComplete || known.value.vanished.length === 0) return undefined;
  const run = beginRun(record, { listed, known: known.value }, dependencies);
  for (const vanished of known.value.vanished) await failVanished(run, vanished);
  await deadLetterAll(run);
  return run;
}

/** Without the ledger no event can be begun. */
function leaveAll(run: Pick<Run, 'record' | 'listed' | 'dependencies'>, failure: LedgerFailure): Left {
  const later = tryLater(run, failure, run.dependencies);
  const [first] = run.listed.events;
  if (first !== undefined) logEvent(run, first, later);
  return { pauses: [later.seconds], isOutOfTime: false };
}

/** Whether events can be found only by the list of their facts' ids; a single one is found by its webhook's message. */
function isListed({ events }: ListedWebhook): boolean {
  return events.length > 1 && events.some(({ identity }) => identity !== undefined);
}

/** What the first receive does before the first event. */
async function prepare(run: Run): Promise<void> {
  const { listed, known } = run;
  if (known.progress !== undefined) return;
  if (isSmall(listed)) await mapAll(run);
  // The worker may die, and the mapping change.
  else if (listed.webhook.replay === undefined && isListed(listed)) await keepProgress(run);
}

function beginRun(
  record: BufferRecord,
  { listed, known }: Pick<Run, 'listed' | 'known'>,
  dependencies: WebhookDependencies,
): Run {
  const { events } = listed;
  const { progress } = known;
  const ended = createPlaces(events.length, progress?.ended.bytes());
  const { chosen, missing } = chooseEvents(listed);
  const waits = (progress?.putOff?.until.getTime() ?? 0) - dependencies.now().getTime();
  const putOff = waits > 0 ? progress?.putOff?.places : undefined;
  const isOpen = ([place, event]: Placed) => chosen?.has(event) !== false && !ended.has(place);
  const open = [...events.entries()].filter(isOpen);
  const places = open.filter(([place]) => putOff?.has(place) !== true);
  const keeper = createRecordKeeper(listed, known, dependencies);
  // An earlier receive has dead-lettered what the replay names and the mapping no longer has.
  const isLettered = progress !== undefined && progress.looksBack === undefined;
  return {
    record,
    triedReceives: record.receives - (progress?.outOfTime ?? 0),
    listed,
    known,
    keeper,
    dependencies: { ...dependencies, ledger: keeper.ledger },
    places: places.values(),
    replays: chosen ?? new Map(),
    mapped: new Map(),
    repeated: findRepeated(listed, open),
    ended,
    putOff: createPlaces(events.length, putOff?.bytes()),
    failed: isLettered ? [] : missing.map((named) => failedWithoutMapping(named)),
    pauses: places.length < open.length ? [Math.ceil(waits / 1000)] : [],
    count: 0,
    unmapped: known.vanished.length + (isLettered ? 0 : missing.length),
    isStopped: false,
    isOutOfTime: false,
  };
}

/** A replay is of its events alone; else all that the mapping makes of the webhook is worked on. */
function chooseEvents({ webhook: { replay }, events }: ListedWebhook): {
  readonly chosen?: ReadonlyMap<PendingEvent, EventReplay>;
  /** Those that a replay names and the mapping no longer has. */
  readonly missing: readonly NamedEvent[];
} {
  if (replay === undefined) return { missing: [] };
  const { chosen, missing } = applyReplay(replay, events);
  return { chosen: new Map(chosen.map((one) => [one.event, one.replay])), missing };
}

/** The places of facts that stand in the list before. */
function findRepeated({ webhook }: ListedWebhook, open: readonly Placed[]): ReadonlySet<number> {
  const met = new Set<string>();
  const repeated = open.filter(([, event]) => {
    if (event.identity === undefined) return false;
    const key = JSON.stringify(ledgerKey(webhook, event));
    return met.has(key) || !met.add(key);
  });
  return new Set(repeated.map(([place]) => place));
}

/** No event is begun with less of the function's time left: it goes to settling, the dead letters and the progress. */
const BEGIN_MILLISECONDS = 5_000;

/** Each that fails is written once more when its dead letter is on the queue: so many fit into the time that is left. */
const MOST_FAILED = 2_000;

/** After so many ended events the progress is written, so that a worker that dies has not worked in vain. */
const WRITTEN_EVERY = 1_000;

/** Works on the next event of a webhook. Returns whether there may be another. */
async function step(run: Run): Promise<boolean> {
  if (run.isStopped) return false;
  const next = run.places.next();
  if (next.done) return false;
  const [place, event] = next.value;
  const hasTime = run.dependencies.remainingMilliseconds() >= BEGIN_MILLISECONDS;
  if (!hasTime || run.failed.length >= MOST_FAILED) {
    leave(run, { event, place }, tryLater(run, { code: 'not-begun' }, run.dependencies));
    return false;
  }
  // A large batch may be under way when a person stops it.
  if (await run.dependencies.isPaused(run.listed.webhook.source)) {
    leave(run, { event, place }, tryLater(run, { code: 'paused-by-person' }, run.dependencies));
    return false;
  }
  const outcome = await bringToEnd(run, event, place).catch((bug: unknown) => tryAfterBug(run, bug));
  if (outcome.outcome === 'failed') run.failed.push({ ...outcome, place });
  else if (outcome.outcome === 'retry-later') leave(run, { event, place }, outcome);
  else {
    logEvent(run, run.mapped.get(event) ?? event, outcome);
    await end(run, place);
  }
  return true;
}

async function end(run: Run, place: number): Promise<void> {
  run.ended.add(place);
  run.count += 1;
  if (run.count % WRITTEN_EVERY === 0) await keepProgress(run);
}

/** Leaves an event for another receive. What keeps all events waiting is logged once, with the first that met it. */
function leave(
  run: Run,
  { event, place }: { readonly event: PendingEvent; readonly place: number },
  later: RetryLater & { readonly attempts?: number },
): void {
  if (!run.isStopped || later.attempts !== undefined) logEvent(run, event, later);
  run.isOutOfTime ||= later.code === 'not-begun' || later.code === 'paused-by-person';
  run.pauses.push(later.seconds);
  if (PAUSES_ALL[later.code]) run.isStopped = true;
  else run.putOff.add(place);
}

/** A bug that one event meets affects no other. Only its name is logged: its message may quote the webhook. */
function tryAfterBug(run: Run, bug: unknown): EventOutcome {
  const cause = bug instanceof Error ? bug.name : 'unknown';
  return tryLater(run, { code: 'internal-error', cause }, run.dependencies);
}

async function mapAll(run: Run): Promise<void> {
  for (const event of run.listed.events) {
    // A bug is met again, and told, when the event's turn comes.
    await mapEvent(run, event).catch(() => undefined);
  }
}

async function mapEvent({ mapped, keeper }: Run, event: PendingEvent): Promise<Mapped> {
  const known = mapped.get(event);
  if (known !== undefined) return known;
  const made = await event.map();
  keeper.count(made);
  mapped.set(event, made);
  return made;
}

/** Maps and delivers an event, unless the ledger is known to have its end. */
async function bringToEnd(run: Run, event: PendingEvent, place: number): Promise<EventOutcome | FailedEvent> {
  if (run.repeated.has(place)) return { outcome: 'duplicate', code: 'repeated-item' };
  const { record, listed, keeper, dependencies, triedReceives } = run;
  const replay = run.replays.get(event);
  const known = await findEntry(run, event, place);
  if (!known.ok) return tryLater(run, known.failure, dependencies);
  const found = known.value;
  if (found !== undefined && found.movedTo === undefined && replay === undefined && hasEnded(found))
    return { outcome: 'duplicate', code: `already-${found.state}` };
  const mapped = await mapEvent(run, event);
  // Its condition is no longer met, but the ledger waits for it.
  if (mapped.kind === 'skipped' && found !== undefined && replay === undefined)
    return (
      (await takeUnmapped(run, { ...event, entry: found })) ?? tryLater(run, { code: 'busy' }, dependencies)
    );
  const intakeRecord = keeper.carried();
  const work = {
    record,
    webhook: listed.webhook,
    mapped,
    triedReceives,
    ...(replay && { replay }),
    ...(intakeRecord && { intakeRecord }),
    ...(found && { found }),
  };
  return deliverEvent(work, dependencies);
}

/** What the ledger is known to have of an event. What stands under a key of before is moved to the event's own. */
async function findEntry(
  { known, listed, dependencies }: Run,
  event: PendingEvent,
  place: number,
): Promise<Result<LedgerEntry | undefined, LedgerFailure>> {
  const own = known.entryAt(place);
  const former = known.formerAt(place);
  if (former === undefined) return succeed(own);
  return moveEntry(former, { key: ledgerKey(listed.webhook, event), over: own }, dependencies);
}

/** Ends an event that the mapping no longer has, unless another worker has it. Its dead letter names it. */
async function takeUnmapped(run: Run, { entry, ...named }: VanishedEvent): Promise<FailedEvent | undefined> {
  if (hasEnded(entry)) return failedBy(entry, named);
  const { newOwner, leaseMilliseconds, now } = run.dependencies;
  const taken = takeVanished(entry, { owner: newOwner(), leaseMilliseconds }, now());
  const settled = taken && (await writeSettled(taken, run.dependencies));
  return settled?.ok ? failedBy(settled.value, named) : undefined;
}

async function failVanished(run: Run, vanished: VanishedEvent): Promise<void> {
  const failed = await takeUnmapped(run, vanished);
  if (failed !== undefined) {
    run.failed.push(failed);
    return;
  }
  const later = tryLater(run, { code: 'busy' }, run.dependencies);
  run.pauses.push(later.seconds);
  const { name, item } = vanished;
  logEvent(run, { name, ...(item !== undefined && { item }) }, later);
}

/** Dead-letters what failed in this receive, all together, and logs what became of each. */
async function deadLetterAll(run: Run): Promise<void> {
  const outcomes = await deadLetterFailed(run.record, run.failed, run.dependencies);
  for (const [index, failed] of run.failed.entries()) {
    const outcome = outcomes[index];
    if (outcome !== undefined) endFailed(run, failed, outcome);
  }
}

function endFailed(run: Run, { name, item, place }: Run['failed'][number], outcome: EventOutcome): void {
  const event = place === undefined ? undefined : run.listed.events[place];
  const known = event && (run.mapped.get(event) ?? event);
  logEvent(run, known ?? { name, ...(item !== undefined && { item }) }, outcome);
  if (outcome.outcome === 'retry-later') run.pauses.push(outcome.seconds);
  else if (place === undefined) run.unmapped -= 1;
  else run.ended.add(place);
}

type LoggedEvent = Parameters<typeof formatEvent>[0]['mapped'];

function logEvent(
  { record, listed: { webhook }, dependencies }: Pick<Run, 'record' | 'listed' | 'dependencies'>,
  mapped: LoggedEvent,
  outcome: EventOutcome,
): void {
  const { log, now, isFirstThisMinute } = dependencies;
  log(formatEvent({ record, webhook, mapped }, outcome, { now: now(), isFirstThisMinute }));
}

/** Writes how far work has come, for the receive that goes on, and for those who ask. */
async function keepProgress(run: Run): Promise<void> {
  const { listed, known, ended, putOff, pauses, dependencies, keeper, record } = run;
  const { events, mapping, webhook } = listed;
  const isWaiting = events.some((_, place) => !ended.has(place) && known.formerAt(place) !== undefined);
  const until = new Date(dependencies.now().getTime() + Math.max(0, ...pauses) * 1000);
  const progress: Progress = {
    mappingDigest: mapping.digest,
    events: events.length,
    ended,
    ...(putOff.size() > 0 && { putOff: { places: putOff, until } }),
    outOfTime: (known.progress?.outOfTime ?? 0) + (run.isOutOfTime ? 1 : 0),
    ...((isWaiting || run.unmapped > 0) && { looksBack: true }),
    ...(webhook.replay && { replay: record.messageId }),
  };
  await keeper.keep(progress, pauses.length > 0);
}
