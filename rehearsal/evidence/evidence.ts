import * as z from 'zod';
import { parseJson } from '../../lambdas/parse-json.ts';
import type { ReceivedCall } from '../../local/webex-campaign/judge.ts';
import { eventsOf, type Plan } from '../plan/plan.ts';

/** A call about one campaign event, as Webex Campaign saw it. */
export type SeenCall = {
  readonly isAccepted: boolean;
  /** Whether its key was accepted. */
  readonly isLetIn: boolean;
  /** True milliseconds, of a clock that does not go back. */
  readonly at: number;
};

/** What a vendor was answered for one webhook. */
export type IngestStory = {
  /** When it was first taken in; missing where it never was. */
  takenAt?: number;
  /** The code with which it was taken in. */
  code?: string;
  requests: number;
  /** Codes of refusals, by how often. */
  readonly refusals: Map<string, number>;
};

const lineSchema = z.object({
  stage: z.literal('deliver'),
  outcome: z.string(),
  deduplicationId: z.string(),
});

/** All that a rehearsal sees while it runs. */
export type Evidence = {
  readonly calls: ReadonlyMap<string, readonly SeenCall[]>;
  /** Calls that no event of the plan can be told by. */
  readonly strayCalls: () => number;
  /** By the place of the webhook in the plan. */
  readonly door: Map<number, IngestStory>;
  /** How often deliver recognised an event as one that had ended, by deduplication id. */
  readonly recognised: ReadonlyMap<string, number>;
  /** Workers that ended in the middle of their work, whyever. */
  readonly crashes: () => number;
  /** Where something that must stay secret was seen. */
  readonly leaks: Set<string>;
  readonly seeCall: (call: ReceivedCall) => string | undefined;
  readonly seeLine: (text: string) => void;
};

/**
 * Starts collecting. `isSecret` tells whether a text holds what must not be seen, `identify` by the body of a call which
 * event of the plan it is about.
 */
export function collectEvidence(
  isSecret: (text: string) => boolean,
  identify: (body: string) => string | undefined,
): Evidence {
  const calls = new Map<string, SeenCall[]>();
  const recognised = new Map<string, number>();
  const leaks = new Set<string>();
  let strays = 0;
  let crashes = 0;
  return {
    calls,
    strayCalls: () => strays,
    crashes: () => crashes,
    door: new Map(),
    recognised,
    leaks,
    seeCall: ({ body, isAccepted, answer }) => {
      const identity = identify(body);
      if (identity === undefined) {
        strays += 1;
        return undefined;
      }
      const call = { isAccepted, isLetIn: answer?.status !== 401, at: performance.now() };
      calls.set(identity, [...(calls.get(identity) ?? []), call]);
      return identity;
    },
    seeLine: (text) => {
      if (isSecret(text)) leaks.add('log');
      if (/^(Runtime exited|Task timed out)/.test(text)) crashes += 1;
      const line = lineSchema.safeParse(parseJson(text)).data;
      if (line?.outcome !== 'duplicate') return;
      recognised.set(line.deduplicationId, (recognised.get(line.deduplicationId) ?? 0) + 1);
    },
  };
}

const ownCallSchema = z.object({ 'event-params': z.object({ rehearsal: z.string() }) });

const callSchema = z.object({ 'event-id': z.string(), 'event-key': z.string() });

/**
 * Tells by the body of a call which event of a plan it is about. The rehearsal's own mappings send it along; an adopter's
 * are told by event id and event key, which the plan has made unlike any other.
 */
export function identifierOf({ webhooks }: Plan): (body: string) => string | undefined {
  const made = webhooks.filter(({ example }) => example !== undefined).flatMap(eventsOf);
  const byCall = new Map(made.map(({ eventId = '', whom, identity }) => [nameCall(eventId, whom), identity]));
  return (body) => {
    const call = callSchema.safeParse(parseJson(body)).data;
    const identity = call && byCall.get(nameCall(call['event-id'], call['event-key']));
    return identity ?? ownCallSchema.safeParse(parseJson(body)).data?.['event-params'].rehearsal;
  };
}

/** One name for a call about this event definition and this customer. */
export function nameCall(eventId: string, whom: string): string {
  return JSON.stringify([eventId, whom]);
}
