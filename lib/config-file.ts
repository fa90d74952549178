import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import type * as z from 'zod';
import { fail, type Result, succeed } from '../lambdas/result.ts';
import { checkAgainst } from './config-schema.ts';

/** One thing wrong in what a person wrote: where, and what to do about it. */
export type Problem = {
  /** The file, or what else it was given in (`context`). */
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
  /** The path of the value, `events[0].on`; empty for the file as a whole. */
  readonly path: string;
  readonly message: string;
  /** A warning is told, and nothing fails for it. */
  readonly severity?: 'warning';
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
  const read = readConfigFile(file, text);
  if (!read.ok) return read;
  const { value, problemAt } = read.value;
  const checked = checkAgainst(schema, value);
  return checked.ok
    ? succeed({ value: checked.value, problemAt })
    : fail(checked.failure.map(({ path, message }) => problemAt(path, message)));
}

/** Parses a YAML text; what its values are is not looked at yet. */
export function readConfigFile(file: string, text: string): Result<ConfigFile<unknown>, readonly Problem[]> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    const problems = document.errors.map(({ pos, message }) => {
      const { line, col } = lines.linePos(pos[0]);
      return { file, line, column: col, path: '', message: `is not valid YAML: ${message}` };
    });
    return fail(problems);
  }
  keepDigits(document);
  const problemAt = (path: readonly PropertyKey[], message: string): Problem => {
    const written = pathAsWritten(document, path);
    const { line, col } = lines.linePos(offsetOf(document, written));
    return { file, line, column: col, path: writePath(written), message };
  };
  return succeed({ value: document.toJS(), problemAt });
}

/** `file:line:column  path  message`, a problem a line. */
export function formatProblems(problems: readonly Problem[]): string {
  return problems
    .map(({ file, line, column, path, message, severity }) => {
      const place = [file, line, column].filter((part) => part !== undefined).join(':');
      const what = severity === undefined ? message : `${severity}: ${message}`;
      return [place, path, what].filter((part) => part !== '').join('  ');
    })
    .join('\n');
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
