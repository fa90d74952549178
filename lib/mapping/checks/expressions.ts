import { isSafe, isSafePattern } from 'redos-detector';
import { type ConfigFile, didYouMean, type Problem } from '../../config/file.ts';
import {
  type Ast,
  BINDINGS,
  expressionsOf,
  FORBIDDEN,
  FUNCTIONS,
  headersIn,
  type LocatedText,
  type Node,
  namesRead,
  nodesOf,
  parseExpression,
  readsUnnamedHeaders,
} from '../expressions.ts';
import type { WrittenFile } from '../schema.ts';

type Parsed = ConfigFile<WrittenFile>;

/** Everything about the expressions of a file that can be told without a webhook. */
export function checkExpressions({ value, problemAt }: Parsed): readonly Problem[] {
  const definitions = Object.keys(value.let);
  return expressionsOf(value).flatMap((expression) => {
    const parsed = parseExpression(expression.text);
    const messages =
      'problem' in parsed ? [parsed.problem] : checkExpression(expression, parsed.ast, value, definitions);
    return messages.map((message) => problemAt(expression.path, message));
  });
}

function checkExpression(
  expression: LocatedText,
  ast: Ast,
  file: WrittenFile,
  definitions: readonly string[],
): readonly string[] {
  return [
    ...checkNames(expression, ast, file, definitions),
    ...checkHeaders(expression.text),
    ...nodesOf(ast).flatMap(checkPadding),
    ...nodesOf(ast).flatMap(checkPattern),
    ...checkConstantCondition(expression, ast),
  ];
}

/** JSONata itself takes an unknown name for a missing value, or fails when it is called. */
function checkNames(
  { path, event }: LocatedText,
  ast: Ast,
  { events }: WrittenFile,
  definitions: readonly string[],
): readonly string[] {
  const isOfItem = event !== undefined && events[event]?.items !== undefined && path.at(-1) !== 'items';
  // What all events have in common may be used where there are items.
  const bindings = event === undefined || isOfItem ? BINDINGS : BINDINGS.filter((name) => name !== 'item');
  // A definition may name those that stand above it.
  const usable = path[0] === 'let' ? definitions.slice(0, definitions.indexOf(String(path[1]))) : definitions;
  const known = [...bindings, ...usable, ...FUNCTIONS];
  return namesRead(ast).flatMap((name) => {
    if (known.includes(name)) return [];
    if (Object.hasOwn(FORBIDDEN, name)) return [`$${name} ${FORBIDDEN[name]}`];
    if (definitions.includes(name)) return [`$${name} is defined further below. Move it up.`];
    if (name === 'item') return ['$item stands for an item of "items", which this has not. Add "items".'];
    const names = known.map((one) => `$${one}`);
    const advice = didYouMean(`$${name}`, names, 'Check its spelling, or define it under "let".');
    return [`$${name} is not a known name. ${advice}`];
  });
}

/** Only the headers that are named travel with a webhook. */
function checkHeaders(text: string): readonly string[] {
  const upperCase = headersIn(text).filter((name) => name !== name.toLowerCase());
  return [
    ...upperCase.map(
      (name) => `the header ${name} is written in lower case here: \`${name.toLowerCase()}\`.`,
    ),
    ...(readsUnnamedHeaders(text)
      ? ['$headers is read one header at a time. Write $headers.`header-name`.']
      : []),
  ];
}

/** A width from the payload could ask for gigabytes. */
function checkPadding({ type, procedure, arguments: given }: Node): readonly string[] {
  const name = type === 'function' && isNamed(procedure) ? procedure.value : undefined;
  if (name !== 'pad' || !Array.isArray(given)) return [];
  const [, width] = given;
  const isNegative = width?.type === 'unary' && width.value === '-';
  const number = isNegative ? width.expression : width;
  if (number?.type === 'number' && Math.abs(number.value) <= MAX_WIDTH) return [];
  return [`the width of $pad may not come from the payload. Write a number up to ${MAX_WIDTH}.`];
}

/** JSONata's time limit cannot interrupt a regular expression. */
function checkPattern({ type, value }: Node): readonly string[] {
  const why = type === 'regex' && value instanceof RegExp ? explainSlow(value) : undefined;
  return why === undefined ? [] : [`${value} ${why}`];
}

const MAX_WIDTH = 1_000;

function isNamed(value: unknown): value is { readonly value: unknown } {
  return typeof value === 'object' && value !== null && 'value' in value;
}

function checkConstantCondition({ path, event }: LocatedText, ast: Ast): readonly string[] {
  if (path.at(-1) !== 'when' || event === undefined) return [];
  const { type, value } = ast as unknown as Node;
  const isConstant = ['value', 'number', 'string'].includes(type);
  if (!isConstant) return [];
  return value === true
    ? ['is always true. Leave "when" out.']
    : ['is never true, so that the event cannot be reached. Mend the condition, or remove the event.'];
}

/** A pattern that is too intricate to be judged in this time is too intricate. */
const TIMEOUT_MS = 2000;

/** Why a pattern can be made slow by the text that it is tried on; `undefined` where it cannot. */
export function explainSlow(pattern: string | RegExp): string | undefined {
  try {
    const config = { timeout: TIMEOUT_MS };
    const { safe } = typeof pattern === 'string' ? isSafePattern(pattern, config) : isSafe(pattern, config);
    if (safe) return undefined;
  } catch {
    return 'cannot be checked for its speed. Write it without named groups and inline flags.';
  }
  return (
    'can be made very slow by a text that almost fits, which anyone can send. ' +
    'Begin it with ^, and repeat nothing that repeats: "^v1=(.+)$".'
  );
}
