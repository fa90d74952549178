import type { Receipt } from '../lambdas/deliver/receipt.ts';
import type { EventMapping } from '../lambdas/map/mapping.ts';
import { isOn } from '../lambdas/map/webhook.ts';

/** The events of a source's mapping as it is now, as far as a story needs them. */
export type MappedTypes = readonly Pick<EventMapping, 'name' | 'on'>[];

/** More names than that nobody reads. */
const MOST_NAMED = 12;

/**
 * What the events were on that a webhook did not match by its type. A receipt has their number alone; which they are, the
 * mapping says as it is now, and that is said where it cannot be the same any more.
 */
export function sayOthers({ others, eventTypes, matched }: Receipt, mapping: MappedTypes): readonly string[] {
  if (others === 0) return [];
  const now = mapping.filter(
    (event) => !isOn(event, eventTypes) && !matched.some((one) => one.event === event.name),
  );
  const named = now.slice(0, MOST_NAMED).map(({ name, on }) => `${name} (${on.join(', ')})`);
  const rest = now.length > MOST_NAMED ? `, and ${now.length - MOST_NAMED} more` : '';
  if (now.length === others) return [`the others are on other types: ${named.join(', ')}${rest}`];
  const changed = `${others} other event${others === 1 ? ' was' : 's were'} on other types; the mapping has changed since`;
  return [named.length === 0 ? changed : `${changed}, and has now: ${named.join(', ')}${rest}`];
}
