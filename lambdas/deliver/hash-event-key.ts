import { createHmac } from 'node:crypto';
import * as z from 'zod/mini';

/** The value of the secret that CloudFormation has generated. */
export const hashKeySchema = z.object({ key: z.string().check(z.minLength(32)) });

/** Stands for an event key where it is kept: equal for equal keys, and not to be guessed without the hash's own key. */
export function hashEventKey(eventKey: string, { key }: z.infer<typeof hashKeySchema>): string {
  return createHmac('sha256', key).update(eventKey).digest('hex');
}
