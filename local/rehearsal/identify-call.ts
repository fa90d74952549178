import * as z from 'zod';
import { parseJson } from '../../lambdas/parse-json.ts';
import { eventsOf, type Plan } from './plan.ts';

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
