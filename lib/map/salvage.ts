import type * as z from 'zod';
import { checkAgainst, type Finding } from '../config-schema.ts';

/** What stands in the place of a value that has to be there and is wrong, by the key that it has. */
const PLACEHOLDERS: Readonly<Record<string, unknown>> = {
  source: 'placeholder',
  secret: 'placeholder',
  verify: 'stripe',
  name: 'placeholder',
  on: 'placeholder',
  'event-id': 'placeholder',
  'event-key': 'placeholder',
  kind: 'text',
  value: 'placeholder',
};

/** A wrong value may hide another one; more rounds than nested wrongs are not needed. */
const ROUNDS = 4;

/** A value that fits its schema, and the paths of what had to be left out or replaced for that. */
type Salvaged<Value> = { readonly value: Value; readonly replaced: readonly (readonly PropertyKey[])[] };

/**
 * Makes the best of a value that does not fit its schema, so that what is right in it can be checked further and all
 * problems are told at once. Gives `undefined` where too little is left.
 */
export function salvage<Value>(
  raw: unknown,
  schema: z.ZodType<Value>,
  findings: readonly Finding[],
): Salvaged<Value> | undefined {
  const value = structuredClone(raw);
  const replaced: (readonly PropertyKey[])[] = [];
  let wrong = findings;
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const { path } of wrong) {
      if (!replace(value, path)) return undefined;
      replaced.push(path);
    }
    const checked = checkAgainst(schema, value);
    if (checked.ok) return { value: checked.value, replaced };
    wrong = checked.failure;
  }
  return undefined;
}

/** Takes a value out, or puts another in where there was none; says whether that could be done. */
function replace(root: unknown, path: readonly PropertyKey[]): boolean {
  const key = path.at(-1);
  const parent = path.slice(0, -1).reduce<unknown>((value, part) => memberOf(value, part), root);
  if (key === undefined || typeof parent !== 'object' || parent === null) return false;
  const members = parent as Record<PropertyKey, unknown>;
  const placeholder = PLACEHOLDERS[String(key)];
  if (placeholder !== undefined) members[key] = placeholder;
  else if (Array.isArray(parent)) members[key] = 'placeholder';
  else if (Object.hasOwn(members, key)) delete members[key];
  else return false;
  return true;
}

function memberOf(value: unknown, key: PropertyKey): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<PropertyKey, unknown>>)[key]
    : undefined;
}
