import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { closest, distance } from 'fastest-levenshtein';
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml';
import type * as z from 'zod';
import { fail, type Result, succeed } from '../../lambdas/result.ts';
import { joinLines } from './terminal.ts';

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
  return issue.code === 'invalid_union' ? formatKinds(issue) : undefined;
}

/** An object that is of no kind that its schema knows. */
function formatKinds(issue: z.core.$ZodRawIssue<z.core.$ZodIssueInvalidUnion>): string | undefined {
  const { input, discriminator, options } = issue;
  if (discriminator === undefined || !Array.isArray(options)) return undefined;
  const found = (Object(input) as Readonly<Record<string, unknown>>)[discriminator];
  const expected = `one of: ${options.map(String).join(', ')}`;
  return found === undefined
    ? `is missing. Add it: ${expected}.`
    : `expected ${expected}; found ${JSON.stringify(found)}.`;
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

/** A YAML text that was read: its value, its nodes, and the line and column of each place in it. */
type ReadYaml = {
  readonly value: unknown;
  readonly document: Document;
  readonly placeOf: (offset: number) => Place;
};

/** Where something stands in a text; both count from 1. */
type Place = { readonly line: number; readonly column: number };

/** What cannot be read, where, and what to do about it. */
type YamlProblem = Place & { readonly message: string };

/** More than the longest list of events, or the largest body of an example, has. */
const MAX_BYTES = 5 * 1024 * 1024;

/** How many values all aliases of a file may stand for: a few lines of them could stand for billions. */
const MAX_REPEATED = 10_000;

/** Tags of what YAML has anyway. */
const PLAIN_TAGS = ['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map(
  (name) => `tag:yaml.org,2002:${name}`,
);

/** Reads one YAML document of plain values: texts, numbers, lists, and objects whose keys are texts. */
function readYaml(text: string): Result<ReadYaml, readonly YamlProblem[]> {
  if (Buffer.byteLength(text) > MAX_BYTES) {
    const message = `has more than ${MAX_BYTES} bytes. Split it, or put large bodies into files of their own.`;
    return fail([{ line: 1, column: 1, message }]);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    logLevel: 'error',
    merge: true,
  });
  const placeOf = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const problems =
    document.errors.length > 0
      ? formatErrors(document.errors)
      : [...checkForm(document), ...checkAliases(document)];
  if (problems.length > 0) {
    return fail(problems.map(({ offset, message }) => ({ ...placeOf(offset), message })));
  }
  keepDigits(document);
  // The aliases were counted above.
  return succeed({ value: document.toJS({ maxAliasCount: -1 }), document, placeOf });
}

type Found = { readonly offset: number; readonly message: string };

/** What to do about errors that the parser words for programmers. */
const ADVICE: Readonly<Record<string, string>> = {
  RESOURCE_EXHAUSTION: 'is nested too deep to be read. Write it flatter.',
  MULTIPLE_DOCS: 'is a second document. Remove it and the line "---", or put it into a file of its own.',
  DUPLICATE_KEY: 'is the second key of this name. Remove one of the two.',
};

function formatErrors(errors: Document['errors']): readonly Found[] {
  // Each level of a text that is nested too deep has an error of its own.
  const tooDeep = errors.find(({ code }) => code === 'RESOURCE_EXHAUSTION');
  return (tooDeep === undefined ? errors : [tooDeep]).map(({ code, message, pos }) => ({
    offset: pos[0],
    message: ADVICE[code] ?? `is not valid YAML: ${message}`,
  }));
}

/** Finds values that are not plain: tags, and keys that are no text. */
function checkForm(document: Document): readonly Found[] {
  const found: Found[] = [];
  visit(document, {
    Pair(_, { key }) {
      if (isNode(key) && !isScalar(key))
        found.push(foundAt(key, 'is no key: a key is a text. Write one out.'));
    },
    Value(_, value) {
      const { tag } = value;
      if (tag === undefined || PLAIN_TAGS.includes(tag)) return;
      found.push(foundAt(value, 'has a tag, and tags are not read. Remove it.'));
    },
  });
  return found;
}

function foundAt({ range }: Node, message: string): Found {
  return { offset: range?.[0] ?? 0, message };
}

/** Finds aliases that would fill the memory, or lead nowhere. */
function checkAliases({ contents }: Document): readonly Found[] {
  const found: Found[] = [];
  /** How many values each anchor stands for; `open` while they are counted. */
  const anchors = new Map<string, number | 'open'>();
  let repeated = 0;
  const follow = (alias: Alias): number => {
    const weight = anchors.get(alias.source);
    if (typeof weight !== 'number') {
      const missing = `has no anchor "&${alias.source}" before it. Check its name.`;
      found.push(foundAt(alias, weight === 'open' ? 'is part of what it repeats. Write it out.' : missing));
      return 0;
    }
    if (repeated <= MAX_REPEATED && repeated + weight > MAX_REPEATED) found.push(foundAt(alias, TOO_MANY));
    repeated += weight;
    return weight;
  };
  const count = (node: unknown): number => {
    if (isAlias(node)) return follow(node);
    const anchor = isNode(node) && 'anchor' in node ? node.anchor : undefined;
    if (anchor !== undefined) anchors.set(anchor, 'open');
    const weight = childrenOf(node).reduce<number>((sum, child) => sum + count(child), 1);
    if (anchor !== undefined) anchors.set(anchor, weight);
    return weight;
  };
  count(contents);
  return found;
}

const TOO_MANY = `is one alias too many: together they stand for more than ${MAX_REPEATED} values. Write out what is meant.`;

function childrenOf(node: unknown): readonly unknown[] {
  if (isMap(node)) return node.items.flatMap(({ key, value }) => [key, value]);
  return isSeq(node) ? node.items : [];
}

/** An integer beyond 2^53 is kept as it is written: in an example it stands for a vendor's id, every digit of it. */
function keepDigits(document: Document): void {
  visit(document, {
    Scalar(_, scalar) {
      const { value, source } = scalar;
      if (typeof value !== 'number' || Number.isSafeInteger(value) || !/^-?\d+$/.test(source ?? '')) return;
      scalar.value = JSON.rawJSON(source ?? '');
    },
  });
}
