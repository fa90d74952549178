import { join } from 'node:path';
import type { Command } from 'commander';
import { findMapping, PROJECT, type Project, projectOf, stageNames } from '../../answers/project.ts';
import { expressionSource, isExpression } from '../../lambdas/map/expression.ts';
import { joinLines } from '../../lib/config/print.ts';
import { type Definition, definitionOf } from '../../lib/mapping/contract.ts';
import { type ExampleRun, mappedBy, runExample } from '../../lib/mapping/examples/example.ts';
import { isNode, type Node, parseExpression } from '../../lib/mapping/expressions.ts';
import type { MappingFile } from '../../lib/mapping/file.ts';
import { readExamples } from '../../lib/mapping/folders.ts';
import { resolveMapping } from '../../lib/mapping/schema.ts';
import { type CommandResult, example, formatCount, refuse, run } from '../command-line.ts';

/** A mapping as it is deployed, and an event of it. */
type Mapping = ReturnType<typeof resolveMapping>;
type EventMapping = Mapping['events'][number];

export function registerExplainMapping(program: Command): void {
  program
    .command('explain-mapping')
    .description('say in plain English what becomes of the webhooks of a source')
    .argument('<name>', 'the mapping folder')
    .option('--stage <name>', 'whose mappings and event ids to show (default: the first of stages.yaml)')
    .addHelpText('after', example('explain-mapping stripe'))
    .action((name, options) => run(() => explainMapping(projectOf(PROJECT, options), { name, ...options })));
}

/** `adapter explain-mapping`: a mapping in plain English, for those who own the messages. */
export async function explainMapping(
  project: Project,
  { name, stage }: { readonly name: string; readonly stage?: string | undefined },
): Promise<CommandResult> {
  const stages = stageNames(project);
  if (!stages.ok) return refuse(stages.failure);
  const mapping = findMapping(project, name);
  if (!mapping.ok) return refuse(mapping.failure);
  const shown = stage ?? stages.value[0] ?? '';
  const { examples } = readExamples(join(project.mappings, mapping.value.source), mapping.value.source);
  const runs: ExampleRun[] = [];
  for (const one of examples) runs.push(await runExample(mapping.value, one, shown));
  return { text: formatMapping(mapping.value, shown, runs), exitCode: 0 };
}

/** What becomes of the webhooks of a source, one paragraph an event. */
function formatMapping(mapping: MappingFile, stage: string, runs: readonly ExampleRun[]): string {
  const { source, events, itemId } = resolveMapping(mapping, stage);
  const title = `${capitalise(source)}: ${formatCount(events.length, 'event')}, as in stage ${stage}`;
  const formatted = events.map((event, index) => {
    const name = mapping.events[index]?.definition ?? '';
    const definition = definitionOf({ definition: name }, mapping.contract);
    const named = definition && { ...definition, name };
    return formatEvent({ source, event, definition: named, values: valuesOf(runs, event.name) }, itemId);
  });
  return [title, ...formatted].join('\n\n');
}

/** An event of a source, and the definition that it names. */
type Explained = {
  readonly source: string;
  readonly event: EventMapping;
  readonly definition: (Definition & { readonly name: string }) | undefined;
  /** What the folder's examples send, by parameter. */
  readonly values: Readonly<Record<string, string>>;
};

/** The first value of each parameter in the examples. */
function valuesOf(runs: readonly ExampleRun[], event: string): Explained['values'] {
  const sent = runs
    .flatMap((one) => mappedBy(one, event))
    .flatMap((mapped) => (mapped.kind === 'event' ? [mapped.event.params] : []));
  return Object.assign({}, ...sent.toReversed());
}

function formatEvent({ source, event, definition, values }: Explained, itemId: Mapping['itemId']): string {
  const { name, when, items, required } = event;
  const each = items === undefined ? '' : ' For each item of it that counts,';
  const { kind } = event['event-key'];
  const id = event['event-id'];
  const asked = definition === undefined ? id : `"${definition.name}" (${id})`;
  const then = `Webex Campaign is asked for ${asked}, for ${formatWhom(event)}.`;
  return joinLines([
    name,
    `  When ${formatTrigger(source, event)}:${each} ${then}`,
    ...(definition?.description === undefined ? [] : [`  The message: ${definition.description}`]),
    ...listParameters(event, definition, values),
    ...(when === undefined ? [] : [`  Skipped unless ${formatValue(when)}.`]),
    `  Kept aside as a dead letter when there is no such ${KINDS[kind]}${formatRequired(required)}.`,
    ...formatIdentity(event, itemId),
    ...formatPolicies(event),
  ]);
}

/** What has to happen: "Stripe says invoice paid (invoice.paid), and the amount paid is above zero". */
export function formatTrigger(source: string, { on, when }: Pick<EventMapping, 'on' | 'when'>): string {
  const types = on.map((type) => `${formatName(type)} (${type})`).join(' or ');
  const condition = when === undefined ? '' : `, and ${formatValue(when)}`;
  return `${capitalise(source)} says ${types}${condition}`;
}

/** Who gets the message. */
export function formatWhom({ 'event-key': { kind, value } }: Pick<EventMapping, 'event-key'>): string {
  return `the person whose ${KINDS[kind]} is ${formatValue(value)}`;
}

/** The kinds of event key, in words. */
export const KINDS: Readonly<Record<EventMapping['event-key']['kind'], string>> = {
  text: 'key',
  email: 'e-mail address',
  msisdn: 'phone number',
  device: 'device id',
  'customer-id': 'customer id',
};

function listParameters(
  { 'event-params': params, required }: EventMapping,
  definition: Definition | undefined,
  values: Explained['values'],
): readonly string[] {
  const names = Object.keys(params);
  if (names.length === 0) return ['  It sends nothing else.'];
  const width = Math.max(...names.map(({ length }) => length));
  return [
    '  It sends:',
    ...Object.entries(params).map(([name, value]) => {
      const optional = required.includes(name) || !isExpression(value) ? '' : ', if it is there';
      // Without a contract, the folder's examples show what the words mean.
      const { example = isExpression(value) ? values[name] : undefined } = definition?.parameters[name] ?? {};
      const like = example === undefined || example === value ? '' : `, as in "${example}"`;
      return `    ${name.padEnd(width)}  ${formatValue(value)}${like}${optional}`;
    }),
  ];
}

function formatRequired(required: readonly string[]): string {
  return required.length === 0 ? '' : `, or without ${required.join(', ')}`;
}

function formatIdentity(
  { items, 'deduplication-id': id }: EventMapping,
  itemId: Mapping['itemId'],
): readonly string[] {
  if (id !== undefined) return [`  Not sent again for ${formatValue(id)}, however often it comes.`];
  if (items === undefined || itemId === undefined) return [];
  const lists = itemId.map((pointers) => pointers.map(formatName).join(', '));
  return [`  An item that comes again is not sent again. It is known by its ${lists.join(', or its ')}.`];
}

function formatPolicies(event: EventMapping): readonly string[] {
  const age = event['max-age'];
  const time = event['event-time'];
  const since = time === undefined ? 'it was received' : formatValue(time);
  return [
    ...(age === undefined ? [] : [`  Not sent later than ${formatDuration(age)} after ${since}.`]),
    event['on-unconfirmed'] === 'park'
      ? '  If Webex Campaign does not say whether it took it, it waits for a person to decide: nobody is messaged twice.'
      : '  If Webex Campaign does not say whether it took it, it is sent again: somebody may be messaged twice.',
  ];
}

function formatDuration(seconds: number): string {
  const [size, unit] = UNITS.find(([unitSeconds]) => seconds % unitSeconds === 0) ?? [1, 'second'];
  const count = seconds / size;
  return formatCount(count, unit);
}

const UNITS = [
  [86_400, 'day'],
  [3_600, 'hour'],
  [60, 'minute'],
] as const;

function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A value of a mapping in plain English, or the expression itself where there are no words for it. */
export function formatValue(text: string): string {
  if (!isExpression(text)) return `"${text}"`;
  const source = expressionSource(text);
  const parsed = parseExpression(text);
  return 'problem' in parsed ? source : (formatNode(parsed.ast) ?? source);
}

/** A name as words: `invoice.payment_failed` and `orders/create` are names too. */
function formatName(name: string): string {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replaceAll(/[._/:-]+/g, ' ')
    .replaceAll('*', 'anything')
    .trim()
    .toLowerCase();
}

/** Members in which vendors wrap what a webhook is about: left out of the sentences. */
const WRAPPERS = ['data', 'object', 'payload'];

type Words = string | undefined;

function formatNode(node: unknown): Words {
  if (!isNode(node)) return undefined;
  return (FORMATTERS[node.type] ?? (() => undefined))(node);
}

const FORMATTERS: Readonly<Record<string, (node: Node) => Words>> = {
  path: formatPath,
  variable: ({ value }) => (value === '' || value === '$' ? 'the webhook' : formatName(String(value))),
  number: ({ value }) => (value === 0 ? 'zero' : String(value)),
  string: ({ value }) => `"${value}"`,
  value: ({ value }) => String(value),
  binary: formatBinary,
  function: formatCall,
  condition: formatCondition,
  block: ({ expressions }) => (Array.isArray(expressions) ? formatNode(expressions.at(-1)) : undefined),
  unary: ({ value, expressions }) =>
    value === '[' && Array.isArray(expressions)
      ? combine(expressions, (...all) => all.join(', '))
      : undefined,
};

/** `event ? true : false` is whether there is an event. */
function formatCondition({ condition, then, else: otherwise }: Node): Words {
  const test = formatTruth(condition);
  const isLiteral = (node: unknown, value: boolean) =>
    isNode(node) && node.type === 'value' && node.value === value;
  if (isLiteral(then, true) && isLiteral(otherwise, false)) return test;
  return combine([then, otherwise], (yes, no) =>
    test === undefined ? undefined : `${yes} if ${test}, else ${no}`,
  );
}

/** A value that is no comparison counts as true where it is there, and not false, zero or empty. */
function formatTruth(node: unknown): Words {
  const words = formatNode(node);
  if (words === undefined || !isNode(node)) return undefined;
  return ['path', 'variable'].includes(node.type) ? `${words} is there and not empty` : words;
}

/** A path is told from its end: `lines[0].price.id` is the price id of the first of the lines. */
function formatPath({ steps }: Node): Words {
  if (!Array.isArray(steps) || !steps.every(isNode)) return undefined;
  const [first, ...rest] = steps as readonly Node[];
  if (first?.type !== 'variable') return formatNames(steps, '');
  if (filtersOf(first).length === 0) return formatNames(rest, OWNERS[String(first.value)] ?? '');
  return formatNames([{ ...first, type: 'name', value: first.value || 'webhook' }, ...rest], '');
}

const OWNERS: Readonly<Record<string, string>> = { headers: 'header ', item: 'item’s ' };

function formatNames(steps: readonly Node[], owner: string): Words {
  return steps.every(({ type }) => type === 'name') ? formatSteps(steps, owner) : undefined;
}

function formatSteps(steps: readonly Node[], owner: string): Words {
  let found: string | undefined;
  let names: string[] = [];
  const phrase = () => {
    const own = `the ${found === undefined ? owner : ''}${names.map(formatName).join(' ')}`;
    if (found === undefined) return own;
    return names.length === 0 ? found : `${own} of ${found}`;
  };
  for (const step of steps) {
    const filters = filtersOf(step);
    const name = String(step.value);
    if (!WRAPPERS.includes(name) || (filters.length > 0 && names.length === 0)) names.push(name);
    for (const filter of filters) {
      const words = formatFilter(filter, phrase());
      if (words === undefined) return undefined;
      [found, names] = [words, []];
    }
  }
  return phrase();
}

/** JSONata keeps what stands in brackets as `stages` of a step, or as its `predicate` where the step stands alone. */
function filtersOf({ stages, predicate }: Node): readonly unknown[] {
  return [stages, predicate].flatMap((some) => (Array.isArray(some) ? some : []));
}

/** `[0]` is one of a list, `[type = 'card']` those that a condition chooses. */
function formatFilter(filter: unknown, list: string): Words {
  if (!isNode(filter) || filter.type !== 'filter' || !isNode(filter.expr)) return undefined;
  const { expr } = filter;
  if (expr.type === 'number') return `${formatPlace(Number(expr.value))} of ${list}`;
  const condition = formatTruth(expr);
  return condition === undefined ? undefined : `${list} where ${condition}`;
}

const PLACES = ['the first', 'the second', 'the third', 'the fourth', 'the fifth'];

/** Counted from 0, and from the end by a negative number. */
function formatPlace(index: number): string {
  if (index === -1) return 'the last';
  return PLACES[index] ?? (index < 0 ? `number ${-index} from the end` : `number ${index + 1}`);
}

const COMPARISONS: Readonly<Record<string, string>> = {
  '>': 'is above',
  '<': 'is below',
  '>=': 'is at least',
  '<=': 'is at most',
  '=': 'is',
  '!=': 'is not',
  in: 'is one of',
  and: 'and',
  or: 'or',
  '+': 'plus',
  '-': 'minus',
  '*': 'times',
  '/': 'divided by',
  '&': 'and then',
};

function formatBinary({ value, lhs, rhs }: Node): Words {
  const word = COMPARISONS[String(value)];
  return word === undefined ? undefined : combine([lhs, rhs], (left, right) => `${left} ${word} ${right}`);
}

const CALLS: Readonly<Record<string, (...given: string[]) => string>> = {
  // JSONata takes null for something that is there.
  exists: (what) => `${what} is there (null counts as there)`,
  // As the shipped mappings define it: there, and neither null nor empty.
  has: (what) => `${what} is there`,
  // Of null, false, zero and empty text it is false.
  boolean: (what) => `${what} is there and not empty`,
  not: negate,
  uppercase: (what) => `${what} in capitals`,
  lowercase: (what) => `${what} in small letters`,
  trim: (what) => what,
  string: (what) => what,
  number: (what) => what,
  count: (what) => `the number of ${what}`,
  sum: (what) => `the sum of ${what}`,
  contains: (what, part) => `${what} contains ${part}`,
  formatNumber: (what, picture) => `${what}, written as ${picture}`,
  fromMillis: (what) => `${what} as a date`,
  localTime: (what, _picture, zone) => `${what} as a date in ${(zone ?? '').replaceAll('"', '')}`,
  join: (what) => `${what}, joined`,
  toMillis: (what) => what,
};

/** Negates a single sentence by its verb. With several it would be unclear to which the "not" belongs. */
function negate(what: string): string {
  const isSingle = !/ (and|or|if) /.test(what);
  if (isSingle && what.includes(' contains ')) return what.replace(' contains ', ' does not contain ');
  return isSingle && what.includes(' is ') ? what.replace(' is ', ' is not ') : `it is not true that ${what}`;
}

function formatCall({ procedure, arguments: given }: Node): Words {
  if (!isNode(procedure) || !Array.isArray(given)) return undefined;
  const name = String(procedure.value);
  const call = CALLS[name];
  // A function that the mapping file defines is called by its name.
  return combine(given, (...words) =>
    call === undefined ? `the ${formatName(name)} of ${words.join(' and ')}` : call(...words),
  );
}

function combine(nodes: readonly unknown[], join: (...words: string[]) => Words): Words {
  const words = nodes.map(formatNode);
  return words.every((word) => word !== undefined) ? join(...words) : undefined;
}
