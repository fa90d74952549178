import { createHash } from 'node:crypto';
import type { Script } from '../webex-campaign/scripted-answer.ts';
import type { Fault, Policy } from './fault.ts';
import type { WorldEvent } from './world-event.ts';

export type SourceName = 'parking' | 'repeating' | 'late';

/** One webhook of the script. */
export type PlannedWebhook = {
  /** Unlike any other of the run: the vendor's id of what happened. */
  readonly id: string;
  readonly source: SourceName;
  readonly policy: Policy;
  /** What goes wrong with it. */
  readonly fault: Fault;
  /** What it says. */
  readonly text: string;
  /** How its JSON is written: what is signed are bytes. */
  readonly style: 'compact' | 'spaced' | 'escaped';
  /** Of a list, how many events it tells of. */
  readonly items: number;
  /** What Webex Campaign answers about it, or about the first item of a list. */
  readonly answers: Script;
};

/** Webhooks (by their place in the plan) that are sent at the same time, or something that befalls the world. */
export type Step =
  | { readonly kind: 'burst'; readonly posts: readonly number[] }
  | { readonly kind: 'world'; readonly event: WorldEvent };

/** The whole script of a rehearsal. */
export type Plan = {
  readonly seed: number;
  readonly webhooks: readonly PlannedWebhook[];
  readonly steps: readonly Step[];
};

/** One campaign event that a webhook of the plan tells of. */
export type PlannedEvent = {
  readonly webhook: PlannedWebhook;
  /** The parameter `rehearsal` of its call. */
  readonly identity: string;
  /** Name and item, as the ledger has them. */
  readonly name: string;
  readonly whom: string;
};

/** What a webhook tells of, by its mapping. */
export function eventsOf(webhook: PlannedWebhook): readonly PlannedEvent[] {
  const { id, fault, items } = webhook;
  const { type } = fault;
  if (type !== 'listed') {
    return [{ webhook, identity: `${id}/${type}`, name: type, whom: `whom-${id}` }];
  }
  return Array.from({ length: items }, (_, item) => ({
    webhook,
    identity: `${id}/${type}/${item}`,
    name: `${type}#${item}`,
    whom: `whom-${id}-${item}`,
  }));
}

/** A short name of a script: equal for equal scripts. */
export function digestOf({ seed, webhooks, steps }: Plan): string {
  const written = webhooks.map(({ fault, ...webhook }) => ({ ...webhook, fault: fault.name }));
  return createHash('sha256')
    .update(JSON.stringify({ seed, webhooks: written, steps }))
    .digest('hex')
    .slice(0, 16);
}
