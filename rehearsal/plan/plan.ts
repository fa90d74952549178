import { createHash } from 'node:crypto';
import type { Script } from '../../local/webex-campaign/answers.ts';
import type { MadeOfExample } from './example-webhook.ts';
import type { End, Fault, Policy, Random } from './faults.ts';

export type SourceName = 'parking' | 'repeating' | 'late' | 'cutting';

/** One webhook of the script. */
export type PlannedWebhook = {
  /** Unlike any other of the run: the vendor's id of what happened. */
  readonly id: string;
  readonly source: string;
  readonly policy: Policy;
  /** What goes wrong with it. */
  readonly fault: Fault;
  /** What it says. */
  readonly text: string;
  /** How its JSON is written: what is signed are bytes. */
  readonly style: 'compact' | 'spaced' | 'escaped';
  /** How many events are in it, if it is a list. */
  readonly items: number;
  /** What Webex Campaign answers about it, or about the first item of a list. */
  readonly answers: Script;
  /** What it is made of, where the mappings are an adopter's own. */
  readonly example?: MadeOfExample;
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
  /** What of an adopter's mappings, or of the faults, has no place in it, and why. */
  readonly notRehearsed?: readonly string[];
};

/** A campaign event of a planned webhook, or one that it would have if nothing were wrong with it. */
export type PlannedEvent = {
  readonly webhook: PlannedWebhook;
  /** Unique in the run: it says which event a call is about. */
  readonly identity: string;
  /** Name and item, as the ledger has them. */
  readonly name: string;
  readonly whom: string;
  readonly policy: Policy;
  /** The ends that are right. */
  readonly ends: readonly End[];
  /** What Webex Campaign answers about it, before it follows the contract again. */
  readonly answers: Script;
  /** The event definition that is called, where the script has to say so. */
  readonly eventId?: string;
  /** For how long after it was received it is worth saying, in seconds. */
  readonly worthSeconds?: number;
};

/** The campaign events of a webhook, by its mapping. */
export function eventsOf(webhook: PlannedWebhook): readonly PlannedEvent[] {
  const { id, fault, items, policy, answers, example } = webhook;
  if (example !== undefined) return eventsOfExample(webhook, example);
  const { type } = fault;
  const shared = { webhook, policy, answers, ends: fault.ends(policy) };
  if (type !== 'listed') {
    return [{ ...shared, identity: `${id}/${type}`, name: type, whom: `whom-${id}` }];
  }
  return Array.from({ length: items }, (_, item) => ({
    ...shared,
    ...(item > 0 && { answers: [], ends: ['delivered'] as const }),
    identity: `${id}/${type}/${item}`,
    name: `${type}#${item}`,
    whom: `whom-${id}-${item}`,
  }));
}

/** The fault befalls one event of an example; the others end as the example shows. */
function eventsOfExample(webhook: PlannedWebhook, { events }: MadeOfExample): readonly PlannedEvent[] {
  const { id, fault, answers } = webhook;
  return events.map(({ isScripted, ends, ...event }) => {
    const isBefallen = isScripted && answers.length > 0;
    const right = isBefallen || fault.flaw !== undefined ? fault.ends(event.policy) : ends;
    const planned = { ...event, webhook, identity: `${id}/${event.name}`, ends: right };
    return { ...planned, answers: isBefallen ? answers : [] };
  });
}

/** A short name of a script: equal for equal scripts. */
export function digestOf({ seed, webhooks, steps }: Plan): string {
  const written = webhooks.map(({ fault, example, ...webhook }) => ({
    ...webhook,
    fault: fault.name,
    example: example?.name,
  }));
  return createHash('sha256')
    .update(JSON.stringify({ seed, webhooks: written, steps }))
    .digest('hex')
    .slice(0, 16);
}

/** What befalls the world around the adapter, beside what befalls single webhooks. Times are true milliseconds. */
export type WorldEvent =
  | { readonly name: 'signing-secret-rotated' }
  | { readonly name: 'late-secret-set' }
  /** The old key is refused from the same moment on that the new one is in the secret. */
  | { readonly name: 'key-rotated' }
  | { readonly name: 'keys-revoked'; readonly milliseconds: number }
  /** The primary key is refused, the secondary is not. */
  | { readonly name: 'primary-revoked'; readonly milliseconds: number }
  | { readonly name: 'ledger-away'; readonly milliseconds: number }
  | { readonly name: 'sends-refused'; readonly milliseconds: number }
  | { readonly name: 'endpoint-away'; readonly milliseconds: number }
  | { readonly name: 'redelivery'; readonly messages: number }
  | { readonly name: 'unreadable-message' }
  /** SQS moves every dead letter back; no operator has decided that any event may be sent again. */
  | { readonly name: 'redrive-all' }
  /** An operator replays them by the command for it. */
  | { readonly name: 'replay-all' }
  /** The mapping is deployed with one event renamed and another removed; later as it was, but for a note of the rename. */
  | { readonly name: 'mapping-changed' }
  | { readonly name: 'mapping-restored' }
  /** For an hour of the queues' clock, every call is answered so. */
  | { readonly name: 'hour-of-failures'; readonly by: Failing; readonly liesToProbes: boolean };

/**
 * How Webex Campaign fails for an hour. Before and after an event was accepted, in turn; a 503 with `Retry-After` accepts
 * none.
 */
export type Failing = '502' | '503' | '503 with Retry-After' | '504' | 'time-out';

/**
 * Everything that can befall the world, in an order of chance.
 * @param times how often; what takes long comes only once, and so do secrets, since ingest looks again once a minute at most
 */
export function drawWorldEvents(random: Random, times: number): readonly WorldEvent[] {
  const once: readonly WorldEvent[] = [
    { name: 'signing-secret-rotated' },
    { name: 'late-secret-set' },
    { name: 'mapping-changed' },
    { name: 'mapping-restored' },
    drawHour(random),
  ];
  const more = Array.from({ length: times }, () => drawRepeatable(random));
  return random.shuffle([...once, ...more.flat()]);
}

function drawHour(random: Random): WorldEvent {
  const by = random.pick<Failing>(['502', '503', '503 with Retry-After', '504', 'time-out']);
  return { name: 'hour-of-failures', by, liesToProbes: random.coin() };
}

function drawRepeatable(random: Random): readonly WorldEvent[] {
  const briefly = () => random.int(400, 1_200);
  return [
    { name: 'key-rotated' },
    { name: 'keys-revoked', milliseconds: briefly() },
    { name: 'primary-revoked', milliseconds: briefly() },
    { name: 'ledger-away', milliseconds: briefly() },
    { name: 'sends-refused', milliseconds: briefly() },
    { name: 'endpoint-away', milliseconds: briefly() },
    { name: 'redelivery', messages: random.int(5, 20) },
    { name: 'unreadable-message' },
    { name: 'redrive-all' },
    { name: 'replay-all' },
  ];
}
