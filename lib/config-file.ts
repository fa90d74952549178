import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml';
import type * as z from 'zod';
import { fail, type Result, succeed } from '../lambdas/result.ts';

/** One thing wrong in what a person wrote: where, and what to do about it. */
export type Problem = {
  /** The file, or what else it was given in (`context`). */
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
  /** The path of the value, `events[0].on`; empty for the file as a whole. */
  readonly path: string;
  readonly message: string;
};

/** A parsed file that can still tell where each of its values stands. */
export type ConfigFile<Value> = {
  readonly value: Value;
  readonly problemAt: (path: readonly PropertyKey[], message: string) => Problem;
};

/** Parses a YAML text against a schema and reports every problem at its line. */
export function parseConfigFile<Value>(
  file: string,
  text: string,
  schema: z.ZodType<Value>,
): Result<ConfigFile<Value>, readonly Problem[]> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    const problems = document.errors.map(({ pos, message }) => {
      const { line, col } = lines.linePos(pos[0]);
      return { file, line, column: col, path: '', message: `is not valid YAML: ${message}` };
    });
    return fail(problems);
  }

  const problemAt = (path: readonly PropertyKey[], message: string): Problem => {
    const written = pathAsWritten(document, path);
    const { line, col } = lines.linePos(offsetOf(document, written));
    return { file, line, column: col, path: writePath(written), message };
  };
  const parsed = schema.safeParse(document.toJS(), { error: sayWhatToDo });
  if (parsed.success) return succeed({ value: parsed.data, problemAt });
  return fail(parsed.error.issues.flatMap((issue) => expandIssue(issue, problemAt)));
}

/** `file:line:column  path  message`, a problem a line. */
export function formatProblems(problems: readonly Problem[]): string {
  return problems
    .map(({ file, line, column, path, message }) => {
      const place = [file, line, column].filter((part) => part !== undefined).join(':');
      return [place, path, message].filter((part) => part !== '').join('  ');
    })
    .join('\n');
}

/** zod reports all unknown keys of an object as one issue: here each gets its own line. */
function expandIssue(
  issue: z.core.$ZodIssue,
  problemAt: ConfigFile<unknown>['problemAt'],
): readonly Problem[] {
  if (issue.code !== 'unrecognized_keys') return [problemAt(issue.path, issue.message)];
  return issue.keys.map((key) =>
    problemAt([...issue.path, key], 'is not a known key. Check its spelling, or remove it.'),
  );
}

/** Sentences for what zod finds where a schema has none of its own. */
export function sayWhatToDo(issue: z.core.$ZodRawIssue): string | undefined {
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
};

function nameOf(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'keys and values' : `the ${typeof value} ${String(value)}`;
}

/** A short form may stand for the whole (`event-key: text` for `event-key: {value: text}`): it is told as it stands. */
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
