import { isSafe, isSafePattern } from 'redos-detector';
import type { Profile } from '../../lambdas/ingest/source.ts';
import { isExpression, isNullVariant } from '../../lambdas/map/expression.ts';
import type { Mapping } from '../../lambdas/map/mapping.ts';
import { type ConfigFile, didYouMean, type Problem } from '../config/file.ts';
import type { WrittenFile } from './schema.ts';
import { type Ast, type Node, namesRead, nodesOf, parseExpression } from './syntax-tree.ts';
import { checkNumbers, checkTimes } from './values.ts';

/** A value of a mapping file, literal or expression, and the path where it stands. */
export type LocatedText = {
  readonly path: readonly PropertyKey[];
  readonly text: string;
  /** The place in `events` of the event that it belongs to; missing for what all have in common. */
  readonly event?: number;
};

const SETTINGS = ['items', 'when', 'deduplication-id', 'event-time'] as const;

type Settings = {
  readonly [key in (typeof SETTINGS)[number]]?: string | undefined;
} & { readonly 'event-params'?: Readonly<Record<string, string>> | undefined };

/** What has values: a mapping file as it is written, or map's part of it. */
type Values = {
  readonly let: Readonly<Record<string, string>>;
  readonly defaults?: Settings;
  readonly events: readonly (Settings & { readonly 'event-key': { readonly value: string } })[];
};

/** Every value that map evaluates. */
function valuesOf({ let: definitions, defaults = {}, events }: Values): readonly LocatedText[] {
  return [
    ...Object.entries(definitions).map(([name, text]) => ({ path: ['let', name], text })),
    ...settingsOf(defaults, ['defaults']),
    ...events.flatMap((event, index) =>
      [
        { path: ['events', index, 'event-key', 'value'], text: event['event-key'].value },
        ...settingsOf(event, ['events', index]),
      ].map((value) => ({ ...value, event: index })),
    ),
  ];
}

function settingsOf(settings: Settings, at: readonly PropertyKey[]): readonly LocatedText[] {
  const texts = SETTINGS.flatMap((key) => {
    const text = settings[key];
    return text === undefined ? [] : [{ path: [...at, key], text }];
  });
  const params = Object.entries(settings['event-params'] ?? {});
  return [...texts, ...params.map(([name, text]) => ({ path: [...at, 'event-params', name], text }))];
}

/** The values that are sent as they stand. */
export function literalsOf(values: Values): readonly LocatedText[] {
  return valuesOf(values).filter(({ text }) => !isExpression(text));
}

/** The values that are expressions. */
export function expressionsOf(values: Values): readonly LocatedText[] {
  return valuesOf(values).filter(({ text }) => isExpression(text));
}

/** The event API refuses these as values, whatever the parameter. */
export function checkLiterals({ value, problemAt }: ConfigFile<WrittenFile>): readonly Problem[] {
  const ids = value.events.flatMap((event, index) => {
    const { 'event-id': id = {} } = event;
    const path = ['events', index, 'event-id'];
    return typeof id === 'string'
      ? [{ path, text: id }]
      : Object.entries(id).map(([stage, text]) => ({ path: [...path, stage], text }));
  });
  return [...literalsOf(value), ...ids]
    .filter(({ text }) => isNullVariant(text))
    .map(({ path, text }) =>
      problemAt(path, `reads "${text}", which Webex Campaign refuses as a value. Write what is meant.`),
    );
}

/** Checks the expressions of a file, as far as that is possible without a webhook. */
export function checkExpressions({ value, problemAt }: ConfigFile<WrittenFile>): readonly Problem[] {
  return expressionsOf(value).flatMap((expression) => {
    const parsed = parseExpression(expression.text);
    const messages = 'problem' in parsed ? [parsed.problem] : checkExpression(expression, parsed.ast, value);
    return messages.map((message) => problemAt(expression.path, message));
  });
}

function checkExpression(expression: LocatedText, ast: Ast, file: WrittenFile): readonly string[] {
  return [
    ...checkNames(expression, ast, file),
    ...checkHeaders(expression.text),
    ...nodesOf(ast).flatMap(checkPadding),
    ...nodesOf(ast).flatMap(checkPattern),
    ...checkConstantCondition(expression, ast),
    ...checkNumbers(expression.text, ast),
    ...checkTimes(ast, file.let),
  ];
}

/** The functions that JSONata 2.2 has and a mapping may use (docs.jsonata.org, "Function library"), and our own. */
const FUNCTIONS: readonly string[] = `
  abs append assert average base64decode base64encode boolean ceil clone contains count decodeUrl
  decodeUrlComponent distinct each encodeUrl encodeUrlComponent error exists filter floor
  formatBase formatInteger formatNumber fromMillis join keys length lookup lowercase map match max
  merge min not number pad parseInteger power reduce replace reverse round sift single sort split
  spread sqrt string substring substringAfter substringBefore sum toMillis trim type uppercase zip
`
  .trim()
  .split(/\s+/)
  .concat('localTime');

/** What an expression can name beside the body. */
const BINDINGS: readonly string[] = ['headers', 'source', 'receivedAt', 'item'];

/** Functions that JSONata has and a mapping may not use: why, and what to do instead. */
const FORBIDDEN: Readonly<Record<string, string>> = {
  eval: 'would run text of the payload as code. Write the expression out.',
  now: 'differs at every attempt. Use $receivedAt.',
  millis: 'differs at every attempt. Use $toMillis($receivedAt).',
  random: 'differs at every attempt. Leave it out.',
  shuffle: 'differs at every attempt. Use $sort.',
};

/** JSONata itself takes an unknown name for a missing value, or fails when it is called. */
function checkNames(
  { path, event }: LocatedText,
  ast: Ast,
  { let: definitions, events }: WrittenFile,
): readonly string[] {
  const defined = Object.keys(definitions);
  const isOfItem = event !== undefined && events[event]?.items !== undefined && path.at(-1) !== 'items';
  // What all events have in common may be used where there are items.
  const bindings = event === undefined || isOfItem ? BINDINGS : BINDINGS.filter((name) => name !== 'item');
  // A definition may name those that stand above it.
  const usable = path[0] === 'let' ? defined.slice(0, defined.indexOf(String(path[1]))) : defined;
  const known = [...bindings, ...usable, ...FUNCTIONS];
  return namesRead(ast).flatMap((name) => {
    if (known.includes(name)) return [];
    if (Object.hasOwn(FORBIDDEN, name)) return [`$${name} ${FORBIDDEN[name]}`];
    if (defined.includes(name)) return [`$${name} is defined further below. Move it up.`];
    if (name === 'item') return ['$item stands for an item of "items", which this has not. Add "items".'];
    const names = known.map((one) => `$${one}`);
    const advice = didYouMean(`$${name}`, names, 'Check its spelling, or define it under "let".');
    return [`$${name} is not a known name. ${advice}`];
  });
}

/** Only the headers that are named travel with a webhook. */
function checkHeaders(text: string): readonly string[] {
  const upperCase = headersIn(text).filter((name) => name !== name.toLowerCase());
  const hasUnnamed = text.replaceAll(NAMED_HEADER, '').includes('$headers');
  return [
    ...upperCase.map(
      (name) => `the header ${name} is written in lower case here: \`${name.toLowerCase()}\`.`,
    ),
    ...(hasUnnamed ? ['$headers is read one header at a time. Write $headers.`header-name`.'] : []),
  ];
}

const MAX_WIDTH = 1_000;

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

function isNamed(value: unknown): value is { readonly value: unknown } {
  return typeof value === 'object' && value !== null && 'value' in value;
}

/** JSONata's time limit cannot interrupt a regular expression. */
function checkPattern({ type, value }: Node): readonly string[] {
  const why = type === 'regex' && value instanceof RegExp ? explainSlow(value) : undefined;
  return why === undefined ? [] : [`${value} ${why}`];
}

/** A pattern that cannot be judged in this time is refused as too intricate. */
const TIMEOUT_MS = 2000;

/** Why the text that a pattern is tried on could make it slow; `undefined` where no text can. */
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

function checkConstantCondition({ path, event }: LocatedText, ast: Ast): readonly string[] {
  if (path.at(-1) !== 'when' || event === undefined) return [];
  const { type, value } = ast as unknown as Node;
  const isConstant = ['value', 'number', 'string'].includes(type);
  if (!isConstant) return [];
  return value === true
    ? ['is always true. Leave "when" out.']
    : ['is never true, so that the event cannot be reached. Mend the condition, or remove the event.'];
}

/** Headers that prove who sent a webhook stay at ingest. */
export function checkSecretHeaders(
  { value, problemAt }: ConfigFile<WrittenFile>,
  { signature }: Profile,
): readonly Problem[] {
  const carrier =
    'signature' in signature ? signature.signature : 'token' in signature ? signature.token : {};
  const own = [carrier.header ?? []].flat().map((name) => name.toLowerCase());
  const shared =
    'sharedSecret' in signature && 'name' in signature.sharedSecret ? signature.sharedSecret.name : '';
  const secret = ['authorization', 'cookie', ...own, shared.toLowerCase()];
  return expressionsOf(value).flatMap(({ path, text }) =>
    headersIn(text)
      .filter((name) => secret.includes(name.toLowerCase()))
      .map((name) =>
        problemAt(path, `the header ${name} is a secret or a signature, and is not passed on. Use another.`),
      ),
  );
}

const NAMED_HEADER = /\$headers\.(?:`([^`]+)`|"([^"]+)"|'([^']+)'|([A-Za-z_][A-Za-z0-9_]*))/g;

/** The headers that a mapping reads, by the names it gives them: only these travel with a webhook. */
export function mappedHeaders(mapping: Mapping): readonly string[] {
  return [...new Set(valuesOf(mapping).flatMap(({ text }) => headersIn(text)))];
}

/** The headers that one expression reads. */
export function headersIn(expression: string): readonly string[] {
  return [...expression.matchAll(NAMED_HEADER)].flatMap(
    (match) => match.slice(1).find((name) => name !== undefined) ?? [],
  );
}
