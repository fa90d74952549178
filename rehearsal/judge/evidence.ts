import * as z from 'zod';
import { PROBE_PAYLOAD } from '../../lambdas/deliver/event-api/verdict.ts';
import { parseJson } from '../../lambdas/result.ts';
import type { ReceivedCall } from '../../local/webex-campaign/judge.ts';
import { eventsOf, type Failing, type Plan } from '../plan/plan.ts';

/** A call about one campaign event, as Webex Campaign saw it. */
export type SeenCall = {
  readonly isAccepted: boolean;
  /** Whether its key was accepted, and it was not answered that nothing of it was taken. */
  readonly isLetIn: boolean;
  /** Whether it came in an hour of failures. */
  readonly isInOutage: boolean;
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
  /** Calls about no event of the plan. */
  readonly strayCalls: () => number;
  /** Calls that can message nobody and were answered as if all were well, in an hour of failures. */
  readonly liesToProbes: () => number;
  /** From here on an hour of failures lasts; without a way of failing it is over. */
  readonly setOutage: (by?: Failing) => void;
  /** By the place of the webhook in the plan. */
  readonly ingest: Map<number, IngestStory>;
  /** How often deliver recognised an event as one that had ended, by deduplication id. */
  readonly recognised: ReadonlyMap<string, number>;
  /** The functions' own log lines, from which "adapter report" counts. */
  readonly lines: readonly string[];
  /** When workers ended in the middle of their work, for whatever reason, on the clock of the calls. */
  readonly crashes: readonly number[];
  /** Where something that must stay secret was seen. */
  readonly leaks: Set<string>;
  readonly seeCall: (call: ReceivedCall) => string | undefined;
  readonly seeLine: (text: string) => void;
};

/**
 * Starts to collect.
 * @param isSecret whether a text holds what must be seen nowhere
 * @param identify which event of the plan a call is about, by its body
 */
export function collectEvidence(
  isSecret: (text: string) => boolean,
  identify: (body: string) => string | undefined,
): Evidence {
  const recognised = new Map<string, number>();
  const leaks = new Set<string>();
  const lines: string[] = [];
  const crashes: number[] = [];
  return {
    ...collectCalls(identify),
    crashes,
    lines,
    ingest: new Map(),
    recognised,
    leaks,
    seeLine: (text) => {
      if (isSecret(text)) leaks.add('log');
      if (text.includes('"stage":')) lines.push(text);
      if (/^(Runtime exited|Task timed out)/.test(text)) crashes.push(performance.now());
      const line = lineSchema.safeParse(parseJson(text)).data;
      if (line?.outcome !== 'duplicate') return;
      recognised.set(line.deduplicationId, (recognised.get(line.deduplicationId) ?? 0) + 1);
    },
  };
}

type CallEvidence = Pick<Evidence, 'calls' | 'strayCalls' | 'liesToProbes' | 'setOutage' | 'seeCall'>;

function collectCalls(identify: (body: string) => string | undefined): CallEvidence {
  const calls = new Map<string, SeenCall[]>();
  let strays = 0;
  let lies = 0;
  let outage: Failing | undefined;
  const seeOther = (body: string, status: number | undefined) => {
    // A probe can message nobody, and is about no event.
    if (body !== PROBE_PAYLOAD) strays += 1;
    else if (outage !== undefined && status === 200) lies += 1;
  };
  return {
    calls,
    strayCalls: () => strays,
    liesToProbes: () => lies,
    setOutage: (by) => {
      outage = by;
    },
    seeCall: ({ body, isAccepted, answer }) => {
      const identity = identify(body);
      if (identity === undefined) {
        seeOther(body, answer?.status);
        return undefined;
      }
      const isLetIn = answer?.status !== 401 && outage !== '503 with Retry-After';
      const call = { isAccepted, isLetIn, isInOutage: outage !== undefined, at: performance.now() };
      calls.set(identity, [...(calls.get(identity) ?? []), call]);
      return identity;
    },
  };
}

const ownCallSchema = z.object({ 'event-params': z.object({ rehearsal: z.string() }) });

const callSchema = z.object({ 'event-id': z.string(), 'event-key': z.string() });

/**
 * Finds out which event of a plan a call is about, by its body. The rehearsal's own mappings send the event's name along;
 * for an adopter's mappings, the plan has made each pair of event id and event key unique.
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
