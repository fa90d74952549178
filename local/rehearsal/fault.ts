import type { DeadLetterCode } from '../../lambdas/dead-letter/dead-letter-note.ts';
import type { Script } from '../webex-campaign/scripted-answer.ts';
import type { Random } from './random.ts';

/** What the rehearsal's own sources do with an event that is unconfirmed. */
export type Policy = 'park' | 'retry';

/** How a campaign event, or the webhook that it would have come from, may end. */
export type End = 'delivered' | 'expired' | 'skipped' | 'ignored' | 'refused' | DeadLetterCode;

/** What is wrong with a webhook that no vendor would have sent so. */
type Flaw = 'tampered' | 'respaced' | 'stale' | 'unsigned' | 'forged' | 'not-json' | 'stranger' | 'empty';

/** One thing that can go wrong with a webhook, and what has to come of it. */
export type Fault = {
  readonly name: string;
  /** How often it is drawn once each has been there, relative to the others. */
  readonly weight: number;
  /** The type of its webhook: an event of the rehearsal's mappings. */
  readonly type: 'told' | 'listed' | 'dated' | 'asked' | 'poisoned' | 'nobody' | 'unwanted';
  readonly policies: readonly [Policy, ...Policy[]];
  /** What Webex Campaign answers, before it follows the contract again. */
  readonly answers: (random: Random, policy: Policy) => Script;
  /** The ends that are right. */
  readonly ends: (policy: Policy) => readonly End[];
  /** How often the webhook is sent again: later on, and at the same time. */
  readonly again?: { readonly later: number; readonly atOnce: number };
  readonly flaw?: Flaw;
  /** Whether it takes seconds: such webhooks are sent together, so that they are waited for together. */
  readonly isSlow?: true;
  /** Whether the workers are killed as soon as it is called. */
  readonly killsWorkers?: true;
  /** How long ago its event happened, in days. */
  readonly ageDays?: number;
};

const BOTH: readonly [Policy, Policy] = ['park', 'retry'];

/** Something that Webex Campaign answers clearly. */
export function answered(name: string, answers: Fault['answers'], ...ends: readonly End[]): Fault {
  return { name, weight: 6, type: 'told', policies: BOTH, answers, ends: () => ends };
}

/** An answer that may stand for an accepted event as well as for one that was not: half of them are. */
export function unclear(name: string, answer: Script[number], more: Partial<Fault> = {}): Fault {
  return {
    name,
    weight: 6,
    type: 'told',
    policies: BOTH,
    answers: (random, policy) => {
      const times = policy === 'retry' && more.isSlow === undefined ? random.int(1, 2) : 1;
      return Array.from({ length: times }, () => ({ accepts: random.coin(), ...answer }));
    },
    ends: (policy) => [policy === 'park' ? 'unconfirmed' : 'delivered'],
    ...more,
  };
}

/** Something about the webhook itself: Webex Campaign keeps to the contract. */
export function own(name: string, end: End, more: Partial<Fault> = {}): Fault {
  return { name, weight: 10, type: 'told', policies: BOTH, answers: () => [], ends: () => [end], ...more };
}
