import type { Unit } from '../metric-directive.ts';
import { provesFarSide } from './breaker-signal.ts';
import type { EventOutcome, RetryLaterCode } from './event-outcome.ts';

/** What is measured of deliver as a whole, beside what is counted by event and code. */
export const DELIVER_METRICS = {
  CallDuration: 'Milliseconds',
  /** From the buffer to Webex Campaign's "accepted". A replay counts from when it was put back. */
  DeliveryDelay: 'Milliseconds',
  /** How old an event is that waits, for a reason that has no alarm of its own. */
  WaitingTime: 'Seconds',
  /**
   * An event waits, as no key works, the vendor throttles, …: 1 while it is so, 0 once a call proves that it is over (and
   * once a minute while it is not so).
   */
  HeldByCredentials: 'Count',
  HeldByThrottling: 'Count',
  HeldByEndpoint: 'Count',
  HeldByKeys: 'Count',
  HeldByLedger: 'Count',
  DeadLetters: 'Count',
  UnconfirmedEvents: 'Count',
  /** Whether a call was made with the secondary key; that it was not is told once a minute. */
  SpareKeyCalls: 'Count',
  /** A bug, or a dead letter that could not be written. */
  Faults: 'Count',
} as const satisfies Readonly<Record<string, Unit>>;

export type DeliverMetric = keyof typeof DELIVER_METRICS;
export type Measured = Readonly<Partial<Record<DeliverMetric, number>>>;

const PROVEN_WELL: Measured = {
  HeldByCredentials: 0,
  HeldByThrottling: 0,
  HeldByEndpoint: 0,
  HeldByKeys: 0,
  HeldByLedger: 0,
};

/** What an event that waits stands for. A single failure of the endpoint is none of it: the breaker has to open first. */
const KEPT_BY: Readonly<Record<RetryLaterCode, DeliverMetric | undefined>> = {
  'webex-credentials-refused': 'HeldByCredentials',
  'paused-credentials': 'HeldByCredentials',
  'webex-throttled': 'HeldByThrottling',
  'paused-throttled': 'HeldByThrottling',
  'webex-wrong-endpoint': 'HeldByEndpoint',
  'paused-endpoint': 'HeldByEndpoint',
  'secret-missing': 'HeldByKeys',
  'secret-invalid': 'HeldByKeys',
  'secret-unreadable': 'HeldByKeys',
  'ledger-unavailable': 'HeldByLedger',
  'internal-error': 'Faults',
  'dead-letter-unavailable': 'Faults',
  'webex-unreachable': undefined,
  unconfirmed: 'UnconfirmedEvents',
  busy: undefined,
  'not-begun': undefined,
};

/** Reasons to wait whose alarm pages: that an event is late then is no news. */
const PAGED: readonly (DeliverMetric | undefined)[] = [
  'HeldByCredentials',
  'HeldByEndpoint',
  'HeldByKeys',
  'HeldByLedger',
];

/** A refusal that is a business answer and no fault: nobody has to hurry for it. */
const EXPECTED_REFUSAL = 'webex-no-recommendation';

/**
 * What an outcome counts for: what alarms watch.
 * @param waitedMilliseconds since the webhook was put on the buffer
 * @param takesProof asked where the outcome proves that nothing is wrong: whether that is to be told
 */
export function measureOutcome(
  outcome: EventOutcome,
  waitedMilliseconds: number,
  takesProof: () => boolean,
): Measured {
  const { milliseconds, keySlot } = outcome;
  return {
    ...(milliseconds !== undefined && { CallDuration: milliseconds }),
    ...measureEnd(outcome, waitedMilliseconds),
    ...(provesAll(outcome) && takesProof() && proofOf(outcome)),
    ...(keySlot === 'secondary' && { SpareKeyCalls: 1 }),
  };
}

function measureEnd(outcome: EventOutcome, waitedMilliseconds: number): Measured {
  switch (outcome.outcome) {
    case 'delivered':
      return { DeliveryDelay: waitedMilliseconds };
    case 'retry-later': {
      const keptBy = KEPT_BY[outcome.code];
      return {
        ...(keptBy !== undefined && { [keptBy]: 1 }),
        ...(!PAGED.includes(keptBy) && measureWait(waitedMilliseconds)),
      };
    }
    case 'dead-letter':
      return {
        ...(outcome.code !== EXPECTED_REFUSAL && { DeadLetters: 1 }),
        ...(outcome.code === 'unconfirmed' && { UnconfirmedEvents: 1 }),
      };
    case 'skipped':
    case 'duplicate':
    case 'expired':
      return {};
  }
}

/** What waits for whatever reason, be it that of a whole message. */
export function measureWait(waitedMilliseconds: number): Measured {
  return { WaitingTime: Math.round(waitedMilliseconds / 1000) };
}

/** A call that was answered in Webex Campaign's own words proves that all is well. */
function provesAll(ended: EventOutcome): boolean {
  if (ended.outcome !== 'dead-letter') return ended.outcome === 'delivered';
  return ended.milliseconds !== undefined && provesFarSide(ended.code);
}

/** Of the ledger it is proven only if that took the answer, of the keys only by the one that was used. */
function proofOf({ cause, keySlot }: EventOutcome): Measured {
  const { HeldByLedger: ledger, ...others } = PROVEN_WELL;
  return {
    ...others,
    ...(cause === undefined && { HeldByLedger: ledger }),
    ...(keySlot === 'primary' && { SpareKeyCalls: 0 }),
  };
}
