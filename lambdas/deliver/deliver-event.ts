import { isAbout } from '../buffer/replay.ts';
import { describeMapFailure } from '../map/failure.ts';
import type { Mapped } from '../map/webhook.ts';
import type { Result } from '../result.ts';
import { buryEvent } from './bury-event.ts';
import { callEvent } from './call-event.ts';
import { claimEvent, type LedgerFailure } from './claim-event.ts';
import type { EventOutcome } from './event-outcome.ts';
import { claimantOf, type EventDependencies, type EventWork, tryLater } from './event-work.ts';
import type { EndedUncalled, LedgerDecision } from './ledger.ts';
import { isExhausted } from './retry-schedule.ts';

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
      const detail = describeMapFailure(mapped.failure);
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
      return buryEvent(work, decision.entry, dependencies);
    case 'take': {
      const { entry } = decision;
      if (entry.state === 'expired') {
        return { outcome: 'expired', code: 'too-old', attempts: entry.attempts };
      }
      return entry.state === 'claimed' && work.mapped.kind === 'event'
        ? callEvent({ ...work, mapped: work.mapped }, entry, dependencies)
        : buryEvent(work, entry, dependencies);
    }
  }
}
