import type * as z from 'zod';
import { fail, type Result, succeed } from '../lambdas/result.ts';
import { didYouMean } from './nearest-name.ts';

/** One thing wrong in a value: where in it, and what to do about it. */
export type Finding = { readonly path: readonly PropertyKey[]; readonly message: string };

/** Checks a value against a schema; every finding says what to do. */
export function checkAgainst<Value>(
  schema: z.ZodType<Value>,
  value: unknown,
): Result<Value, readonly Finding[]> {
  const { error, knownKeys } = collectKnownKeys();
  const parsed = schema.safeParse(value, { error });
  if (parsed.success) return succeed(parsed.data);
  return fail(parsed.error.issues.flatMap((issue) => expandIssue(issue, knownKeys)));
}

type KnownKeys = (keys: readonly string[]) => readonly string[];

/** zod tells which keys it does not know, but not which it knows: these are noted while it looks. */
function collectKnownKeys(): { readonly error: z.core.$ZodErrorMap; readonly knownKeys: KnownKeys } {
  const known = new Map<string, readonly string[]>();
  const error: z.core.$ZodErrorMap = (issue) => {
    if (issue.code === 'unrecognized_keys' && issue.inst !== undefined && 'shape' in issue.inst) {
      known.set(issue.keys.join('\n'), Object.keys(issue.inst.shape as object));
    }
    return sayWhatToDo(issue);
  };
  return { error, knownKeys: (keys) => known.get(keys.join('\n')) ?? [] };
}

/** zod reports all unknown keys of an object as one issue: here each gets its own line. */
function expandIssue(issue: z.core.$ZodIssue, knownKeys: KnownKeys): readonly Finding[] {
  if (issue.code !== 'unrecognized_keys') return [{ path: issue.path, message: issue.message }];
  return issue.keys.map((key) => {
    const advice = didYouMean(key, knownKeys(issue.keys), 'Check its spelling, or remove it.');
    return { path: [...issue.path, key], message: `is not a known key. ${advice}` };
  });
}

/** Sentences for what zod finds where a schema has none of its own. */
function sayWhatToDo(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === 'invalid_key') return issue.issues.map(({ message }) => message).join('; ');
  if (issue.input === undefined) return 'is missing. Add it.';
  if (issue.code === 'invalid_type') {
    const expected = issue.expected === 'record' ? 'object' : issue.expected;
    return `expected ${NAMES[expected] ?? expected}, found ${nameOf(issue.input)}.`;
  }
  if (issue.code === 'invalid_value') {
    return `expected one of: ${issue.values.map(String).join(', ')}; found ${JSON.stringify(issue.input)}.`;
  }
  if (issue.code === 'too_small' && issue.minimum === 1) return 'is empty. Fill it in.';
  return undefined;
}

const NAMES: Readonly<Record<string, string>> = {
  string: 'text (quote it)',
  object: 'keys and values',
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
};

function nameOf(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'keys and values' : `the ${typeof value} ${String(value)}`;
}
