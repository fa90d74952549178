import { createHmac } from 'node:crypto';

/** Stands for an event key where it is kept: equal for equal keys, and not to be guessed without the hash's own key. */
export function hashEventKey(eventKey: string, hashKey: string): string {
  return createHmac('sha256', hashKey).update(eventKey).digest('hex');
}
