import { formatMapFailure } from '../map/failure.ts';
import type { Mapped } from '../map/webhook.ts';
import type { Result } from '../result.ts';
import { type FailedEvent, failedBy, failedWithoutMapping } from './dead-letter.ts';
import type { Called, CallPause } from './event-api/caller.ts';
import { beside, type Verdict } from './event-api/verdict.ts';
import {
  type Claimant,
  claimEvent,
  type EndedUncalled,
  type LedgerDecision,
  writeSettled,
} from './ledger/decision.ts';
import {
  appendAttempt,
  type LedgerEntry,
  type LedgerFacts,
  type LedgerFailure,
  ledgerKey,
  type Settlement,
  settleEntry,
} from './ledger/entry.ts';
import type { EventOutcome, RetryLater } from './outcome.ts';
import { isExhausted } from './retry-schedule.ts';
import { type EventDependencies, type EventWork, tryLater } from './work.ts';

type MappedEvent = Extract<Mapped, { kind: 'event' }>;

/**
 * Brings one event to its end. Unless it is too old or calls are paused, it is claimed, called, judged and settled in the
 * ledger; what failed is to be dead-lettered by the caller.
 */
export async function deliverEvent(
  work: EventWork<Mapped>,
  dependencies: EventDependencies,
): Promise<EventOutcome | FailedEvent> {
  const { mapped } = work;
  switch (mapped.kind) {
    case 'skipped':
      // A replay was to send it: it is not deleted unsent.
      return work.replay === undefined
        ? { outcome: 'skipped', code: mapped.code }
        : failedWithoutMapping(mapped, mapped.code);
    case 'rejected': {
      const { code } = mapped.failure;
      const detail = formatMapFailure(mapped.failure);
      return claimAndGoOn(work, dependencies, { state: 'failed', stage: 'map', code, detail });
    }
    case 'event':
      return isTooOld({ ...work, mapped }, dependencies.now())
        ? claimAndGoOn(work, dependencies, { state: 'expired', code: 'too-old' })
        : deliverMapped({ ...work, mapped }, dependencies);
  }
}

/** Goes by the event's own time where the mapping says where that is: a vendor may repeat a webhook for days. */
function isTooOld(work: EventWork<MappedEvent>, now: Date): boolean {
  const { mapped, webhook } = work;
  // A person has decided to send it though it is late.
  if (work.replay?.late === true) return false;
  const { maxAgeSeconds } = mapped.terms;
  const since = mapped.occurredAt ?? webhook.receivedAt;
  return maxAgeSeconds !== undefined && now.getTime() - since.getTime() > maxAgeSeconds * 1000;
}

async function deliverMapped(
  work: EventWork<MappedEvent>,
  dependencies: EventDependencies,
): Promise<EventOutcome | FailedEvent> {
  const { caller, remainingMilliseconds, now } = dependencies;
  const pause = await caller.currentPause(remainingMilliseconds());
  if (pause === undefined) return claimAndGoOn(work, dependencies);
  // An event that was not begun for lack of time has not failed, and is never given up for it.
  if (pause.code === 'not-begun' || !isExhausted(work.record.bufferedAt, now())) {
    return tryLater(work, pause, dependencies);
  }
  const reason = { stage: 'deliver', code: 'retries-exhausted', detail: pause.code };
  return claimAndGoOn(work, dependencies, { state: 'failed', ...reason });
}

/** Claims the event for a call, or for an end without one, and does what the ledger says. */
async function claimAndGoOn(
  work: EventWork<Mapped>,
  dependencies: EventDependencies,
  ended?: EndedUncalled,
): Promise<EventOutcome | FailedEvent> {
  const claimant = await claimantOf(work, dependencies);
  return goOn(work, await claimEvent(claimant, dependencies, ended), dependencies);
}

/** The event's worker, as the ledger sees it. */
async function claimantOf(
  work: EventWork<Mapped>,
  { hashEventKey, newOwner, leaseMilliseconds }: EventDependencies,
): Promise<Claimant> {
  const { mapped, webhook, intakeRecord, replay, found } = work;
  const { mappingVersion, onUnconfirmed } = mapped.terms;
  const eventKeyHash = mapped.kind === 'event' ? await hashEventKey(mapped.event.eventKey) : undefined;
  return {
    key: ledgerKey(webhook, mapped),
    facts: {
      webhookId: webhook.webhookId,
      receivedAt: webhook.receivedAt,
      mappingVersion,
      ...callFacts(mapped),
      ...(eventKeyHash !== undefined && { eventKeyHash }),
    },
    owner: newOwner(),
    leaseMilliseconds,
    permission: { repeatsUnconfirmed: onUnconfirmed === 'retry', ...(replay && { replay }) },
    ...(intakeRecord && { intakeRecord }),
    ...(found && { found }),
  };
}

/** What the ledger keeps of the call itself: the event definition, and each parameter's name with its bytes. */
function callFacts(mapped: Mapped): Pick<LedgerFacts, 'eventId' | 'parameters'> {
  if (mapped.kind !== 'event') return {};
  const { eventId, params } = mapped.event;
  const sizes = Object.entries(params).map(([name, value]) => [name, Buffer.byteLength(value)]);
  return { eventId, parameters: Object.fromEntries(sizes) };
}

async function goOn(
  work: EventWork<Mapped>,
  claimed: Result<LedgerDecision, LedgerFailure>,
  dependencies: EventDependencies,
): Promise<EventOutcome | FailedEvent> {
  if (!claimed.ok) return tryLater(work, claimed.failure, dependencies);
  const decision = claimed.value;
  switch (decision.kind) {
    case 'busy':
      return tryLater(work, { code: 'busy' }, dependencies);
    case 'duplicate':
      return { outcome: 'duplicate', code: `already-${decision.of}` };
    case 'dead-letter':
      return failedBy(decision.entry, work.mapped);
    case 'unsent':
      return failedBy(decision.found, work.mapped);
    case 'take': {
      const { entry } = decision;
      if (entry.state === 'expired' && work.replay === undefined) {
        return { outcome: 'expired', code: 'too-old', attempts: entry.attempts };
      }
      return entry.state === 'claimed' && work.mapped.kind === 'event'
        ? callEvent({ ...work, mapped: work.mapped }, entry, dependencies)
        : failedBy(entry, work.mapped);
    }
  }
}

/** Calls for an event that this worker has claimed, and writes down what came of it before anything else. */
async function callEvent(
  work: EventWork<MappedEvent>,
  entry: LedgerEntry,
  dependencies: EventDependencies,
): Promise<EventOutcome | FailedEvent> {
  const { caller, now, remainingMilliseconds } = dependencies;
  const called = await caller.call(work.mapped, remainingMilliseconds);
  if (called.kind === 'paused') return giveBack(work, entry, { pause: called, dependencies });

  const { verdict } = called;
  const later = repeatOf(verdict, { ...work, attempts: entry.attempts }, dependencies);
  const settlement = settlementOf(verdict, later, now());
  const next = settleEntry(entry, settlement, now());
  const faults = [...(called.faults ?? [])];
  const kept = beside('history-not-kept', { faults, before: next }, () => appendAttempt(next, settlement));
  const settled = await writeSettled(kept, dependencies);
  const facts = { attempts: entry.attempts, ...factsOf(called), ...(faults.length > 0 && { faults }) };
  // It is known to be delivered: the message may go, whatever the ledger has of it.
  if (verdict.outcome === 'delivered') {
    const { outcome, transactionId } = verdict;
    return { outcome, transactionId, ...facts, ...(!settled.ok && { cause: causeOf(settled.failure) }) };
  }
  if (!settled.ok) {
    // The claim stays in the ledger. Once its lease has run out, the message finds the event unconfirmed.
    const code = settled.failure.code === 'taken-over' ? 'busy' : settled.failure.code;
    return { ...tryLater(work, { code }, dependencies), ...facts, cause: causeOf(settled.failure) };
  }
  if (later !== undefined) return { ...later, ...facts };
  const failed = failedBy(settled.value, work.mapped);
  return { ...failed, reason: { ...failed.reason, ...facts } };
}

/** Puts the event back as it was before the claim: no call was made. */
async function giveBack(
  work: EventWork<MappedEvent>,
  entry: LedgerEntry,
  { pause, dependencies }: { readonly pause: CallPause; readonly dependencies: EventDependencies },
): Promise<EventOutcome> {
  const now = dependencies.now();
  const settlement = { state: 'waiting', code: pause.code, tryAgainAt: now, isUncalled: true } as const;
  const settled = await writeSettled(settleEntry(entry, settlement, now), dependencies);
  const cause = settled.ok ? {} : { cause: causeOf(settled.failure) };
  return tryLater(work, { ...pause, ...cause }, dependencies);
}

/** When the event is tried again; `undefined` where this was its end. */
function repeatOf(
  verdict: Verdict,
  work: EventWork<MappedEvent> & { readonly attempts: number },
  dependencies: EventDependencies,
): RetryLater | undefined {
  const isRepeated =
    verdict.outcome === 'retry-later' ||
    (verdict.outcome === 'unconfirmed' && work.mapped.terms.onUnconfirmed === 'retry');
  if (!isRepeated || isExhausted(work.record.bufferedAt, dependencies.now())) return undefined;
  const { code, retryAfterSeconds: atLeastSeconds } = verdict;
  const { attempts } = work;
  return tryLater(
    work,
    { code, attempts, ...(atLeastSeconds !== undefined && { atLeastSeconds }) },
    dependencies,
  );
}

function settlementOf(verdict: Verdict, later: RetryLater | undefined, now: Date): Settlement {
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

/** Out of time, or parked for a person to decide. */
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

function factsOf({
  verdict,
  milliseconds,
  keyUsed,
}: Extract<Called, { kind: 'called' }>): Pick<EventOutcome, 'answer' | 'cause' | 'milliseconds' | 'keyUsed'> {
  const cause = 'cause' in verdict ? verdict.cause : undefined;
  return {
    milliseconds,
    ...(keyUsed !== undefined && { keyUsed }),
    ...(verdict.answer && { answer: verdict.answer }),
    ...(cause !== undefined && { cause }),
  };
}

function causeOf(failure: { readonly code: string; readonly cause?: string }): string {
  return failure.cause === undefined ? failure.code : `${failure.code}: ${failure.cause}`;
}
