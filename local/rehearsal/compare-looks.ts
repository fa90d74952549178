import type { Look } from './example-webhook.ts';
import { nameCall } from './identify-call.ts';

/** Why two webhooks of one example could be taken for each other, or one event of theirs for another. */
export function whyAlike(look: Look, [one, other]: readonly (Look | undefined)[]): string | undefined {
  if (one === undefined || other === undefined || [one, other].some((it) => shapeOf(it) !== shapeOf(look))) {
    return 'what its id or its customer is made of cannot be changed without changing what becomes of it';
  }
  if (one.deduplicationId === other.deduplicationId) return 'its id stays the same whatever is changed in it';
  const keys = keysOf(other);
  if (keysOf(one).some((key, index) => key === keys[index])) {
    return 'whom it is about stays the same whatever is changed in it';
  }
  const calls = one.events.flatMap((mapped) =>
    mapped.kind === 'event' ? [nameCall(mapped.event.eventId, mapped.event.eventKey)] : [],
  );
  return new Set(calls).size < calls.length
    ? 'two of its events have the same event id and the same event key, so that their calls cannot be told apart'
    : undefined;
}

export function keysOf({ events }: Look): readonly string[] {
  return events.flatMap((mapped) => (mapped.kind === 'event' ? [mapped.event.eventKey] : []));
}

export function timesOf({ events }: Look): readonly (number | undefined)[] {
  return events.map((mapped) => (mapped.kind === 'event' ? mapped.occurredAt?.getTime() : undefined));
}

/**
 * What has to stay as it is: the types, and of each event its name, how it ends, and when it was.
 * @param moved by how many milliseconds its times were moved
 */
export function shapeOf(look: Look, moved = 0): string {
  const events = look.events.map((mapped) => [
    mapped.name,
    mapped.item,
    mapped.kind,
    mapped.kind === 'event' ? mapped.event.eventId : undefined,
    mapped.kind === 'event' ? Object.keys(mapped.event.params) : undefined,
    mapped.kind === 'rejected' ? mapped.failure.code : undefined,
  ]);
  const times = timesOf(look).map((time) => time && time - moved);
  return JSON.stringify([look.eventTypes, look.isIgnored, events, times]);
}

/** Whether anything has changed by which webhooks, or those whom they are about, are told apart. */
export function isAnother(look: Look, changed: Look): boolean {
  const keys = keysOf(changed);
  return (
    changed.deduplicationId !== look.deduplicationId || keysOf(look).some((key, index) => key !== keys[index])
  );
}
