import jsonata from 'jsonata';
import { isSafe, isSafePattern } from 'redos-detector';
import { expressionSource, isExpression, isNullVariant } from '../../lambdas/map/expression.ts';
import { isOffset } from '../../lambdas/map/functions.ts';
import type { Mapping } from '../../lambdas/map/mapping.ts';
import { offsetOf } from '../../lambdas/map/time.ts';
import { type ConfigFile, didYouMean, type Problem } from '../config/file.ts';
import type { WrittenFile } from './schema.ts';

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

/**
 * Why the text that a pattern is tried on could make it slow; `undefined` where no text can. The library gives up after a number
 * of steps: a limit in time would judge the machine.
 */
export function explainSlow(pattern: string | RegExp): string | undefined {
  try {
    const { safe } = typeof pattern === 'string' ? isSafePattern(pattern) : isSafe(pattern);
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

/** Finds numbers that JSONata would round: compared with an id of the webhook, which is text, they are never equal. */
function checkNumbers(text: string, ast: Ast): readonly string[] {
  const source = expressionSource(text);
  return nodesOf(ast).flatMap(({ type, value, position }) => {
    if (type !== 'number' || Math.abs(Number(value)) <= Number.MAX_SAFE_INTEGER) return [];
    const [written = String(value)] = /[\d.eE+-]+$/.exec(source.slice(0, Number(position))) ?? [];
    return [
      `${written} is beyond 2^53, where numbers are rounded. Write it as text: "${written.replace(/^-/, '')}".`,
    ];
  });
}

/** What is wrong with the literals that a function of time is given. */
type Check = (picture: string | undefined, place: string | undefined) => readonly string[];

const CHECKS: Readonly<Record<string, Check>> = {
  fromMillis: (picture, offset) => [...checkPicture(picture), ...checkOffset(offset)],
  localTime: (picture, zone) => [...checkPicture(picture), ...checkZone(zone)],
  toMillis: (picture) => [...checkYear(picture), ...checkPicture(picture)],
};

/** Checks what functions of time are given, as far as it stands in the mapping. */
function checkTimes(ast: Ast, definitions: Readonly<Record<string, string>>): readonly string[] {
  return callsIn(ast).flatMap(({ name, given }) => {
    const check = Object.hasOwn(CHECKS, name) ? CHECKS[name] : undefined;
    const [picture, place] = timeArguments(name, given).map((value) => literalOf(value, definitions));
    return check?.(picture, place) ?? [];
  });
}

/** What stands behind the time, which may be the context: `created.$localTime(picture, zone)`. */
function timeArguments(name: string, given: readonly unknown[]): readonly unknown[] {
  const [first] = given;
  const isText = isNode(first) && first.type === 'string';
  const isContext = name === 'localTime' ? given.length === 2 : name === 'fromMillis' && isText;
  return isContext ? given : given.slice(1);
}

/** The text of a literal, or of a definition that is one. */
function literalOf(value: unknown, definitions: Readonly<Record<string, string>>): string | undefined {
  if (!isNode(value)) return undefined;
  if (value.type === 'string') return String(value.value);
  const name = String(value.value);
  const definition = value.type === 'variable' && Object.hasOwn(definitions, name) ? definitions[name] : '';
  const parsed = parseExpression(definition ?? '');
  const { type, value: text } =
    'ast' in parsed ? (parsed.ast as { type: string; value?: unknown }) : { type: '' };
  return type === 'string' ? String(text) : undefined;
}

/** The letters that JSONata's pictures of dates know (docs.jsonata.org/date-time). */
const COMPONENT = /^[YMDdFWwXxHhPmsfZzCE]/;

function checkPicture(picture: string | undefined): readonly string[] {
  if (picture === undefined) return [];
  const markers = [...picture.replaceAll('[[', '').matchAll(/\[([^\]]*)(\]?)/g)];
  return markers.flatMap(([marker, component = '', end]) => {
    if (end === '')
      return [`the picture "${picture}" has a [ without its ]. Add it, or write [[ for a bracket.`];
    if (COMPONENT.test(component.trim())) return [];
    return [
      `${marker} is no part of a date. Write one of docs.jsonata.org/date-time: [Y], [M01], [D1], [H01].`,
    ];
  });
}

/** What a picture leaves out in front, JSONata takes from the clock. */
function checkYear(picture: string | undefined): readonly string[] {
  if (picture === undefined || /\[\s*[YX]/.test(picture)) return [];
  return [
    `the picture "${picture}" has no year: today's would be taken, which differs at every attempt. Add [Y].`,
  ];
}

function checkOffset(offset: string | undefined): readonly string[] {
  if (offset === undefined || isOffset(offset)) return [];
  return [
    `$fromMillis would misread "${offset}". Write +HHMM, as in "+0530", or better: ` +
      '$localTime(time, picture, "Europe/Berlin").',
  ];
}

function checkZone(zone: string | undefined): readonly string[] {
  if (zone === undefined || offsetOf(new Date(0), zone) !== undefined) return [];
  const advice = didYouMean(zone, Intl.supportedValuesOf('timeZone'), 'Write one such as "Europe/Berlin".');
  return [`"${zone}" is not a time zone. ${advice}`];
}

/** The syntax tree that JSONata makes of an expression. */
type Ast = ReturnType<jsonata.Expression['ast']>;

/** Parses an expression; or says why JSONata cannot. */
export function parseExpression(text: string): { readonly ast: Ast } | { readonly problem: string } {
  try {
    return { ast: jsonata(expressionSource(text)).ast() };
  } catch (error) {
    const position = isPositioned(error) ? ` at character ${error.position}` : '';
    const message = error instanceof Object && 'message' in error ? error.message : error;
    return { problem: `is not valid JSONata${position}: ${message}` };
  }
}

function isPositioned(error: unknown): error is { readonly position: number } {
  return error instanceof Object && 'position' in error && typeof error.position === 'number';
}

/** A node of the syntax tree, as far as it is looked at. */
export type Node = Readonly<Record<string, unknown>> & { readonly type: string };

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

/** Every node of a tree, parents before children. */
export function nodesOf(value: unknown): readonly Node[] {
  if (Array.isArray(value)) return value.flatMap(nodesOf);
  if (typeof value !== 'object' || value === null || value instanceof RegExp) return [];
  const children = Object.values(value).flatMap(nodesOf);
  return isNode(value) ? [value, ...children] : children;
}

/** The variables that an expression reads, without those that it defines itself. */
export function namesRead(ast: Ast): readonly string[] {
  const nodes = nodesOf(ast);
  const defined = new Set(nodes.flatMap(namesDefined));
  const read = nodes.flatMap(({ type, value }) => (type === 'variable' ? [String(value)] : []));
  return [...new Set(read)].filter((name) => name !== '' && name !== '$' && !defined.has(name));
}

/** By `$x := …`, as the argument of a function, or by `@$x` and `#$x` in a path. */
function namesDefined({ type, lhs, arguments: given, focus, index }: Node): readonly string[] {
  const nodes = type === 'bind' ? [lhs] : type === 'lambda' && Array.isArray(given) ? given : [];
  const names = nodes.flatMap((node) => (isNode(node) ? [String(node.value)] : []));
  return [...names, ...[focus, index].filter((name) => typeof name === 'string')];
}

/** The names of the members that an expression reads, wherever they stand. */
export function membersRead(ast: Ast): readonly string[] {
  return nodesOf(ast).flatMap(({ type, value }) => (type === 'name' ? [String(value)] : []));
}

/** A call of a function by its name. */
type Call = {
  readonly name: string;
  /** As the function gets them; the first is `undefined` where it is piped in (`time ~> $f(…)`). */
  readonly given: readonly unknown[];
  /** Missing where JSONata made the call of an operator. */
  readonly position: unknown;
};

/** Every call of a named function in a tree. */
export function callsIn(ast: Ast): readonly Call[] {
  const nodes = nodesOf(ast);
  const piped = new Set(nodes.flatMap(({ type, rhs }) => (type === 'apply' ? [rhs] : [])));
  return nodes.flatMap((node) => {
    const { type, procedure, arguments: given, position } = node;
    if (type !== 'function' || !isNode(procedure) || !Array.isArray(given)) return [];
    return [
      { name: String(procedure.value), given: piped.has(node) ? [undefined, ...given] : given, position },
    ];
  });
}
