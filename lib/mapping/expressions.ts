import jsonata from 'jsonata';
import { expressionSource, isExpression } from '../../lambdas/map/expression.ts';
import type { Mapping } from '../../lambdas/map/mapping.ts';
import type { WrittenFile } from './schema.ts';

/** A value of a mapping file, literal or expression, and the path where it stands. */
export type LocatedText = {
  readonly path: readonly PropertyKey[];
  readonly text: string;
  /** The place in `events` of the event that it belongs to; missing for what all have in common. */
  readonly event?: number;
};

type Written = Pick<WrittenFile, 'let' | 'defaults' | 'events'>;

/** Every value of a mapping file that map evaluates. */
export function valuesOf({ let: definitions, defaults, events }: Written): readonly LocatedText[] {
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

/** Those that are expressions. */
export function expressionsOf(written: Written): readonly LocatedText[] {
  return valuesOf(written).filter(({ text }) => isExpression(text));
}

type Settings = {
  readonly [key in 'items' | 'when' | 'event-time']?: string | undefined;
} & { readonly 'event-params'?: Readonly<Record<string, string>> | undefined };

function settingsOf(settings: Settings, at: readonly PropertyKey[]): readonly LocatedText[] {
  const texts = (['items', 'when', 'event-time'] as const).flatMap((key) => {
    const text = settings[key];
    return text === undefined ? [] : [{ path: [...at, key], text }];
  });
  const params = Object.entries(settings['event-params'] ?? {});
  return [...texts, ...params.map(([name, text]) => ({ path: [...at, 'event-params', name], text }))];
}

/** JSONata's own reading of an expression. */
export type Ast = ReturnType<jsonata.Expression['ast']>;

/** Reads an expression; or says why JSONata cannot. */
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

/** The functions that JSONata 2.2 has, as they can be used here (docs.jsonata.org, "Function library"). */
export const FUNCTIONS: readonly string[] = [
  ...[
    'abs',
    'append',
    'assert',
    'average',
    'base64decode',
    'base64encode',
    'boolean',
    'ceil',
    'clone',
    'contains',
  ],
  ...[
    'count',
    'decodeUrl',
    'decodeUrlComponent',
    'distinct',
    'each',
    'encodeUrl',
    'encodeUrlComponent',
    'error',
  ],
  ...[
    'exists',
    'filter',
    'floor',
    'formatBase',
    'formatInteger',
    'formatNumber',
    'fromMillis',
    'join',
    'keys',
  ],
  ...['length', 'lookup', 'lowercase', 'map', 'match', 'max', 'merge', 'min', 'not', 'number', 'pad'],
  ...[
    'parseInteger',
    'power',
    'reduce',
    'replace',
    'reverse',
    'round',
    'sift',
    'single',
    'sort',
    'split',
    'spread',
  ],
  ...['sqrt', 'string', 'substring', 'substringAfter', 'substringBefore', 'sum', 'toMillis', 'trim', 'type'],
  ...['uppercase', 'zip'],
];

/** What an expression can name beside the body. */
export const BINDINGS: readonly string[] = ['headers', 'source', 'receivedAt', 'item'];

/** Functions that JSONata has and a mapping may not use, with the reason and what to do instead. */
export const FORBIDDEN: Readonly<Record<string, string>> = {
  eval: 'would run text of the payload as code. Write the expression out.',
  now: 'differs at every attempt. Use $receivedAt.',
  millis: 'differs at every attempt. Use $toMillis($receivedAt).',
  random: 'differs at every attempt. Leave it out.',
  shuffle: 'differs at every attempt. Use $sort.',
};

/** A node of JSONata's syntax tree, as far as it is looked at here. */
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

const NAMED = /\$headers\.(?:`([^`]+)`|"([^"]+)"|'([^']+)'|([A-Za-z_][A-Za-z0-9_]*))/g;

/** The headers that a mapping reads, by the names it gives them: these alone travel with a webhook. */
export function mappedHeaders(mapping: Mapping): readonly string[] {
  return [...new Set(evaluatedTexts(mapping).flatMap(headersIn))];
}

/** The headers that one expression reads. */
export function headersIn(expression: string): readonly string[] {
  return [...expression.matchAll(NAMED)].flatMap(
    (match) => match.slice(1).find((name) => name !== undefined) ?? [],
  );
}

/** Whether an expression uses `$headers` in another way than by the name of one. */
export function readsUnnamedHeaders(expression: string): boolean {
  return expression.replaceAll(NAMED, '').includes('$headers');
}

function evaluatedTexts({ let: definitions, events }: Mapping): readonly string[] {
  return [
    ...Object.values(definitions),
    ...events.flatMap((event) => [
      event.items ?? '',
      event.when ?? '',
      event['event-time'] ?? '',
      event['event-key'].value,
      ...Object.values(event['event-params']),
    ]),
  ];
}
