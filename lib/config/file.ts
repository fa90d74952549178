import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { closest, distance } from 'fastest-levenshtein';
import { type Document, isMap, isNode, isScalar } from 'yaml';
import type * as z from 'zod';
import { fail, type Result, succeed } from '../../lambdas/result.ts';
import { joinLines } from './print.ts';
import { readYaml } from './yaml.ts';

/** One thing wrong in what a person wrote: where, and what to do about it. */
export type Problem = {
  /** The file, or what else it was given in (`context`). */
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
  /** The path of the value, `events[0].on`; empty for the file as a whole. */
  readonly path: string;
  readonly message: string;
  /** Warnings and hints are reported, and nothing fails for them. */
  readonly severity?: 'warning' | 'hint';
};

/** A parsed file, and a way to find where each of its values stands. */
export type ConfigFile<Value> = {
  readonly value: Value;
  readonly problemAt: (path: readonly PropertyKey[], message: string) => Problem;
};

/** Reads a text file of a person's; fails with a problem of the file as a whole. `shown` is its path as problems show it. */
export function readConfigText(file: string, shown: string): Result<string, readonly Problem[]> {
  const problem = (message: string) => fail([{ file: shown, line: 1, column: 1, path: '', message }]);
  try {
    const bytes = readFileSync(file);
    return isUtf8(bytes)
      ? succeed(bytes.toString('utf8'))
      : problem('is not UTF-8. Save it in that encoding.');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return problem(code === 'EISDIR' ? 'is a folder. Put a file there.' : `cannot be read (${code}).`);
  }
}

/** Parses a YAML text against a schema and reports every problem at its line. */
export function parseConfigFile<Value>(
  file: string,
  text: string,
  schema: z.ZodType<Value>,
): Result<ConfigFile<Value>, readonly Problem[]> {
  const read = readConfigFile(file, text);
  if (!read.ok) return read;
  const { value, problemAt } = read.value;
  const checked = checkAgainst(schema, value);
  return checked.ok
    ? succeed({ value: checked.value, problemAt })
    : fail(checked.failure.map(({ path, message }) => problemAt(path, message)));
}

/** Parses a YAML text, without a schema. */
export function readConfigFile(file: string, text: string): Result<ConfigFile<unknown>, readonly Problem[]> {
  const read = readYaml(text);
  if (!read.ok) {
    const unquoted = findUnquoted(file, text);
    if (unquoted.length > 0) return fail(unquoted);
    return fail(read.failure.map((problem) => ({ file, path: '', ...problem })));
  }
  const { value, document, placeOf } = read.value;
  const problemAt = (path: readonly PropertyKey[], message: string): Problem => {
    const written = pathAsWritten(document, path);
    return { file, ...placeOf(offsetOf(document, written)), path: writePath(written), message };
  };
  return succeed({ value, problemAt });
}

/** YAML takes the brace of an expression without quotes for a map, and says no more than that it cannot read it. */
function findUnquoted(file: string, text: string): readonly Problem[] {
  return text.split('\n').flatMap((line, index) => {
    const before = /^[^#"']*[:,[{-]\s*(?=\{%)/.exec(line)?.[0];
    if (before === undefined) return [];
    const expression = /\{%.*?%\}/.exec(line.slice(before.length))?.[0] ?? '{% … %}';
    const quoted = expression.includes('"') ? `'${expression.replaceAll("'", "''")}'` : `"${expression}"`;
    const message = `put the expression in quotes: ${quoted}`;
    return [{ file, line: index + 1, column: before.length + 1, path: '', message }];
  });
}

/** `file:line:column  path  message`, a problem a line. */
export function formatProblems(problems: readonly Problem[]): string {
  return joinLines(
    problems.map(({ file, line, column, path, message, severity }) => {
      const place = [file, line, column].filter((part) => part !== undefined).join(':');
      const what = severity === undefined ? message : `${severity}: ${message}`;
      return [place, path, what].filter((part) => part !== '').join('  ');
    }),
  );
}

/** A short form may stand for the whole (`event-key: text` for `event-key: {value: text}`): a problem is reported as it is written. */
function pathAsWritten(document: Document, path: readonly PropertyKey[]): readonly PropertyKey[] {
  const parent = path.slice(0, -1);
  return path.length > 0 && isScalar(document.getIn(parent, true)) ? pathAsWritten(document, parent) : path;
}

/** Where the value at a path begins, or, for one that is missing, the innermost value around it. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  const key = path.at(-1);
  const parent = document.getIn(path.slice(0, -1), true);
  if (key !== undefined && isMap(parent)) {
    const pair = parent.items.find((item) => isScalar(item.key) && item.key.value === key);
    if (pair !== undefined && isScalar(pair.key)) return pair.key.range?.[0] ?? 0;
  }
  const node = document.getIn(path, true);
  if (isNode(node)) return node.range?.[0] ?? 0;
  return path.length === 0 ? 0 : offsetOf(document, path.slice(0, -1));
}

function writePath(path: readonly PropertyKey[]): string {
  return path
    .map((part, index) =>
      typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${String(part)}`,
    )
    .join('');
}

/** One thing wrong in a value: where in it, and what to do about it. */
export type Finding = { readonly path: readonly PropertyKey[]; readonly message: string };

/** Checks a value against a schema. Every finding says what to do. */
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

/** zod reports which keys it does not know, but not which it knows: these are noted while it checks. */
function collectKnownKeys(): { readonly error: z.core.$ZodErrorMap; readonly knownKeys: KnownKeys } {
  const known = new Map<string, readonly string[]>();
  const error: z.core.$ZodErrorMap = (issue) => {
    if (issue.code === 'unrecognized_keys' && issue.inst !== undefined && 'shape' in issue.inst) {
      known.set(issue.keys.join('\n'), Object.keys(issue.inst.shape as object));
    }
    return formatWhatToDo(issue);
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
function formatWhatToDo(issue: z.core.$ZodRawIssue): string | undefined {
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

/** The name that was probably meant, if one is near enough to what was written. */
export function nearestName(written: string, names: readonly string[]): string | undefined {
  if (names.length === 0) return undefined;
  const lowerCase = names.map((name) => name.toLowerCase());
  const nearest = closest(written.toLowerCase(), lowerCase);
  const isNear = distance(written.toLowerCase(), nearest) <= Math.max(2, Math.floor(written.length / 3));
  return isNear ? names[lowerCase.indexOf(nearest)] : undefined;
}

/** A sentence that asks for the name that was probably meant; otherwise the other advice. */
export function didYouMean(written: string, names: readonly string[], otherwise: string): string {
  const nearest = nearestName(written, names);
  return nearest === undefined ? otherwise : `Did you mean "${nearest}"?`;
}
