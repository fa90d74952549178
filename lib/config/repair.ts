import type * as z from 'zod';
import { checkAgainst, type Finding } from './file.ts';

/** A value that fits its schema, and the paths of what had to be removed or replaced for that. */
type Repaired<Value> = { readonly value: Value; readonly replaced: readonly (readonly PropertyKey[])[] };

/** A wrong value may hide another one; more rounds than wrong values within each other are not needed. */
const ROUNDS = 4;

/**
 * Makes a value fit its schema, so that what is right in it can be checked for more problems. Gives `undefined` where too
 * little is left.
 * @param placeholders what takes the place of a wrong value, by its key; any other is removed
 */
export function repair<Value>(
  raw: unknown,
  schema: z.ZodType<Value>,
  findings: readonly Finding[],
  placeholders: Readonly<Record<string, unknown>>,
): Repaired<Value> | undefined {
  const value = structuredClone(raw);
  const replaced: (readonly PropertyKey[])[] = [];
  let wrong = findings;
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const { path } of wrong) {
      if (!replace(value, path, placeholders)) return undefined;
      replaced.push(path);
    }
    const checked = checkAgainst(schema, value);
    if (checked.ok) return { value: checked.value, replaced };
    wrong = checked.failure;
  }
  return undefined;
}

/** Replaces or removes a value; whether that could be done. */
function replace(
  root: unknown,
  path: readonly PropertyKey[],
  placeholders: Readonly<Record<string, unknown>>,
): boolean {
  const key = path.at(-1);
  const parent = path.slice(0, -1).reduce<unknown>((value, part) => memberOf(value, part), root);
  if (key === undefined) return false;
  // A short form stands for the whole.
  if (typeof parent !== 'object' || parent === null) return replace(root, path.slice(0, -1), placeholders);
  const members = parent as Record<PropertyKey, unknown>;
  const placeholder = placeholders[String(key)];
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
