import type { Verdict } from '../../../../lambdas/deliver/event-api/verdict.ts';

/** What Webex Campaign makes of a call: whether it is accepted, and what the caller hears of it. */
export const FATES = ['accepted', 'accepted-unheard', 'lost', 'throttled', 'refused', 'paused'] as const;
export type Fate = (typeof FATES)[number];

/** What goes wrong at a worker's n-th dealing with the outside world: it dies before or after, or hears a failure. */
export type Fault = {
  readonly at: number;
  readonly what: 'dies-before' | 'dies-after' | 'fails-before' | 'fails-after';
};

/** One worker that takes one message from the buffer. */
export type Receive = {
  readonly message: number;
  readonly fates: readonly Fate[];
  readonly faults: readonly Fault[];
};

const ANSWER = { status: 200 };

/** What the caller hears of a call, by its fate. */
export const VERDICTS: Readonly<Record<Exclude<Fate, 'paused'>, Verdict>> = {
  accepted: { outcome: 'delivered', transactionId: 'event_1', answer: ANSWER },
  'accepted-unheard': { outcome: 'unconfirmed', code: 'unconfirmed', cause: 'timeout' },
  lost: { outcome: 'unconfirmed', code: 'unconfirmed', cause: 'ECONNRESET' },
  throttled: { outcome: 'retry-later', code: 'webex-throttled', answer: { status: 429 } },
  refused: {
    outcome: 'dead-letter',
    code: 'webex-mandatory-field-missing',
    answer: { ...ANSWER, code: '1002' },
  },
};
