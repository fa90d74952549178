import { isAbout } from '../buffer/replay.ts';
import { formatMapFailure } from '../map/failure.ts';
import type { Mapped } from '../map/webhook.ts';
import type { Result } from '../result.ts';
import type { Verdict } from './event-api/verdict.ts';
import {
  claimEvent,
  type EndedUncalled,
  type LedgerDecision,
  type LedgerFailure,
  writeSettled,
} from './ledger/decision.ts';
import { appendAttempt, type LedgerEntry, type Settlement, settleEntry } from './ledger/entry.ts';
import type { EventOutcome } from './outcome.ts';
import { isExhausted } from './retry-schedule.ts';
import { claimantOf, deadLetterEvent, type EventDependencies, type EventWork, tryLater } from './work.ts';

/**
 * One event's journey: if it is not too old and nothing stands in the way, it is claimed, called, judged and settled in
 * the ledger, and dead-lettered where that is its end.
 */
export async function deliverEvent(
  work: EventWork<Mapped>,
  dependencies: EventDependencies,
): Promise<EventOutcome> {
  const { mapped } = work;
  switch (mapped.kind) {
    case 'skipped':
      return { outcome: 'skipped', code: mapped.code };
    case 'rejected': {
      const { code } = mapped.failure;
      const detail = formatMapFailure(mapped.failure);
      return endUncalled(work, { state: 'failed', stage: 'map', code, detail }, dependencies);
    }
    case 'event':
      return isTooOld({ ...work, mapped }, dependencies.now())
        ? endUncalled(work, { state: 'expired', code: 'too-old' }, dependencies)
        : deliverMapped({ ...work, mapped }, dependencies);
  }
}

type MappedEvent = Extract<Mapped, { kind: 'event' }>;

/** By the event's own time where the mapping says how to tell it: a vendor may repeat a webhook for days. */
function isTooOld({ mapped, webhook }: EventWork<MappedEvent>, now: Date): boolean {
  // A person has said that it is worth saying all the same.
  if (webhook.replay?.late === true && isAbout(webhook.replay, mapped)) return false;
  const { maxAgeSeconds } = mapped.terms;
  const since = mapped.occurredAt ?? webhook.receivedAt;
  return maxAgeSeconds !== undefined && now.getTime() - since.getTime() > maxAgeSeconds * 1000;
}

async function deliverMapped(
  work: EventWork<MappedEvent>,
  dependencies: EventDependencies,
): Promise<EventOutcome> {
  const { caller, remainingMilliseconds, now } = dependencies;
  const hold = await caller.hold(remainingMilliseconds());
  if (hold === undefined) return goOn(work, await claim(work, dependencies), dependencies);
  // Whatever was not begun for want of time is no failure, and is not given up for it.
  if (hold.code === 'not-begun' || !isExhausted(work.record.bufferedAt, now())) {
    return tryLater(work, hold, dependencies);
  }
  const reason = { stage: 'deliver', code: 'retries-exhausted', detail: hold.code };
  return endUncalled(work, { state: 'failed', ...reason }, dependencies);
}

async function endUncalled(
  work: EventWork<Mapped>,
  ended: EndedUncalled,
  dependencies: EventDependencies,
): Promise<EventOutcome> {
  return goOn(work, await claim(work, dependencies, ended), dependencies);
}

async function claim(
  work: EventWork<Mapped>,
  dependencies: EventDependencies,
  ended?: EndedUncalled,
): Promise<Result<LedgerDecision, LedgerFailure>> {
  return claimEvent(await claimantOf(work, dependencies), dependencies, ended);
}

async function goOn(
  work: EventWork<Mapped>,
  claimed: Result<LedgerDecision, LedgerFailure>,
  dependencies: EventDependencies,
): Promise<EventOutcome> {
  if (!claimed.ok) return tryLater(work, claimed.failure, dependencies);
  const decision = claimed.value;
  switch (decision.kind) {
    case 'busy':
      return tryLater(work, { code: 'busy' }, dependencies);
    case 'duplicate':
      return { outcome: 'duplicate', code: `already-${decision.of}` };
    case 'bury':
      return deadLetterEvent(work, decision.entry, dependencies);
    case 'take': {
      const { entry } = decision;
      if (entry.state === 'expired') {
        return { outcome: 'expired', code: 'too-old', attempts: entry.attempts };
      }
      return entry.state === 'claimed' && work.mapped.kind === 'event'
        ? callEvent({ ...work, mapped: work.mapped }, entry, dependencies)
        : deadLetterEvent(work, entry, dependencies);
    }
  }
}

type Work = EventWork<Extract<Mapped, { kind: 'event' }>>;
type Later = Extract<EventOutcome, { outcome: 'retry-later' }>;

/** Calls for an event that this worker has claimed, and writes down what came of it before anything else is done. */
async function callEvent(
  work: Work,
  entry: LedgerEntry,
  dependencies: EventDependencies,
): Promise<EventOutcome> {
  const { caller, now, remainingMilliseconds } = dependencies;
  const called = await caller.call(work.mapped, remainingMilliseconds);
  if (called.kind === 'held') return giveBack(work, entry, { hold: called, dependencies });

  const { verdict, milliseconds, keyUsed } = called;
  const facts = { attempts: entry.attempts, milliseconds, keyUsed, ...factsOf(verdict) };
  const later = repeatOf(verdict, work, dependencies);
  const settlement = settlementOf(verdict, later, now());
  const next = appendAttempt(settleEntry(entry, settlement, now()), settlement);
  const settled = await writeSettled(next, dependencies);
  // Known to be delivered: the message may go, whatever the ledger has of it.
  if (verdict.outcome === 'delivered') {
    const { outcome, transactionId } = verdict;
    return { outcome, transactionId, ...facts, ...(!settled.ok && { cause: causeOf(settled.failure) }) };
  }
  if (!settled.ok) {
    // The claim stays behind; once its lease has run out, the event is unconfirmed, and the message finds it so.
    const code = settled.failure.code === 'taken-over' ? 'busy' : settled.failure.code;
    return { ...tryLater(work, { code }, dependencies), ...facts, cause: causeOf(settled.failure) };
  }
  if (later !== undefined) return { ...later, ...facts };
  return { ...(await deadLetterEvent(work, settled.value, dependencies)), ...facts };
}

/** The event as it was before, for the next who comes. */
async function giveBack(
  work: Work,
  entry: LedgerEntry,
  {
    hold,
    dependencies,
  }: { readonly hold: Parameters<typeof tryLater>[1]; readonly dependencies: EventDependencies },
): Promise<EventOutcome> {
  const now = dependencies.now();
  const settlement = { state: 'waiting', code: hold.code, tryAgainAt: now, isUncalled: true } as const;
  const settled = await writeSettled(settleEntry(entry, settlement, now), dependencies);
  const cause = settled.ok ? {} : { cause: causeOf(settled.failure) };
  return tryLater(work, { ...hold, ...cause }, dependencies);
}

/** What is to be tried again, and when; nothing where this was the end of it. */
function repeatOf(verdict: Verdict, work: Work, dependencies: EventDependencies): Later | undefined {
  const isRepeated =
    verdict.outcome === 'retry-later' ||
    (verdict.outcome === 'unconfirmed' && work.mapped.terms.onUnconfirmed === 'retry');
  if (!isRepeated || isExhausted(work.record.bufferedAt, dependencies.now())) return undefined;
  const { code, retryAfterSeconds: atLeastSeconds } = verdict;
  return tryLater(work, { code, ...(atLeastSeconds !== undefined && { atLeastSeconds }) }, dependencies);
}

function settlementOf(verdict: Verdict, later: Later | undefined, now: Date): Settlement {
  const { transactionId } = { transactionId: undefined, ...verdict };
  const answer = {
    ...(verdict.answer && { answer: verdict.answer }),
    ...(transactionId !== undefined && { transactionId }),
  };
  switch (verdict.outcome) {
    case 'delivered':
      return { state: 'delivered', transactionId: verdict.transactionId, answer: verdict.answer };
    case 'dead-letter':
      return { state: 'failed', stage: 'deliver', code: verdict.code, ...answer };
    case 'retry-later':
    case 'unconfirmed': {
      const state = verdict.outcome === 'unconfirmed' ? 'unconfirmed' : 'waiting';
      if (later !== undefined) {
        const tryAgainAt = new Date(now.getTime() + later.seconds * 1000);
        return { state, code: verdict.code, ...answer, tryAgainAt };
      }
      return { ...endOf(verdict), ...answer };
    }
  }
}

/** Parked for a person, or out of time. */
function endOf({
  outcome,
  code,
  cause,
}: Extract<Verdict, { outcome: 'retry-later' | 'unconfirmed' }>): Settlement {
  if (outcome === 'retry-later') {
    return { state: 'failed', stage: 'deliver', code: 'retries-exhausted', detail: code };
  }
  return { state: 'unconfirmed', stage: 'deliver', code, ...(cause !== undefined && { detail: cause }) };
}

function factsOf(verdict: Verdict): Pick<EventOutcome, 'answer' | 'cause'> {
  const cause = 'cause' in verdict ? verdict.cause : undefined;
  return { ...(verdict.answer && { answer: verdict.answer }), ...(cause !== undefined && { cause }) };
}

function causeOf(failure: { readonly code: string; readonly cause?: string }): string {
  return failure.cause === undefined ? failure.code : `${failure.code}: ${failure.cause}`;
}
