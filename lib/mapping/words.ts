import type { BufferedWebhook } from '../../lambdas/buffer/message.ts';
import {
  compileValue,
  type Definitions,
  expressionSource,
  isExpression,
  type Scope,
} from '../../lambdas/map/expression.ts';
import type { Mapping } from '../../lambdas/map/mapping.ts';
import type { Mapped } from '../../lambdas/map/webhook.ts';
import { parseBody } from '../../lambdas/webhook-body.ts';
import { isNode, type Node, parseExpression } from './expressions.ts';

export function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A value of a mapping in plain English, or the expression itself where there are no words for it. */
export function formatValue(text: string): string {
  return isExpression(text) ? (formatExpression(text) ?? expressionSource(text)) : `"${text}"`;
}

/** An expression in plain English; `undefined` where there are no words for it. */
function formatExpression(text: string): string | undefined {
  const parsed = parseExpression(text);
  return 'problem' in parsed ? undefined : formatNode(parsed.ast);
}

/** A name as words: `invoice.payment_failed` and `orders/create` are names too. */
export function formatName(name: string): string {
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
  if (isSingle && what.includes(' is not ')) return what.replace(' is not ', ' is ');
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

/** What a condition was evaluated with. */
type Circumstances = { readonly scope: Scope; readonly definitions: Definitions };

/** A webhook as it is mapped, for its conditions. */
type Read = Pick<BufferedWebhook, 'rawBody' | 'bodyFormat' | 'headers' | 'receivedAt'>;

/** Why the conditions of a webhook's events are met or not, in words; nothing for an event without a condition, or that failed. */
export async function explainConditions(
  mapping: Mapping,
  { rawBody, bodyFormat, headers, receivedAt }: Read,
  events: readonly Mapped[],
): Promise<ReadonlyMap<Mapped, string>> {
  const reasons = new Map<Mapped, string>();
  const body = parseBody(rawBody, bodyFormat, { form: mapping.form });
  if (!body.ok) return reasons;
  const { source, let: definitions } = mapping;
  const scope = { body: body.value, headers, source, receivedAt: receivedAt.toISOString() };
  for (const mapped of events) {
    const { when, items } = mapping.events.find(({ name }) => name === mapped.name) ?? {};
    const isMet = wasMet(mapped);
    if (when === undefined || isMet === undefined) continue;
    const item = items === undefined ? {} : await itemOf(items, mapped, { scope, definitions });
    const because = await explainCondition(when, isMet, { scope: { ...scope, ...item }, definitions });
    if (because !== undefined) reasons.set(mapped, because);
  }
  return reasons;
}

/** Whether the condition of an event was met; `undefined` where another thing decided. */
function wasMet(mapped: Mapped): boolean | undefined {
  if (mapped.kind === 'skipped') return mapped.code === 'when-not-met' ? false : undefined;
  return mapped.kind === 'event' ? true : undefined;
}

/** The item that an event is of, as its condition sees it. */
async function itemOf(
  items: string,
  { item = 0 }: Mapped,
  { scope, definitions }: Circumstances,
): Promise<Pick<Scope, 'item'>> {
  const found = await compileValue(items, definitions)(scope);
  if (!found.ok) return {};
  return { item: Array.isArray(found.value) ? found.value[item] : found.value };
}

/**
 * Why a condition is met or not by one webhook, in words with its values: "the amount total is 3000, not above 5000". Of
 * several conditions, those that decide. `undefined` where they cannot be told apart.
 */
export async function explainCondition(
  when: string,
  isMet: boolean,
  circumstances: Circumstances,
): Promise<string | undefined> {
  return explainPart({ source: expressionSource(when), isMet }, circumstances);
}

/** A condition, or a part of one, as JSONata. */
type Part = { readonly source: string; readonly isMet: boolean };

async function explainPart(part: Part, circumstances: Circumstances): Promise<string | undefined> {
  const source = part.source.trim();
  const parsed = parseExpression(asExpression(source));
  const ast: unknown = 'problem' in parsed ? undefined : parsed.ast;
  if (!isNode(ast)) return undefined;
  const whole = { source, isMet: part.isMet };
  if (ast.type === 'block' && Array.isArray(ast.expressions) && ast.expressions.length === 1) {
    return explainPart({ ...whole, source: source.slice(1, -1) }, circumstances);
  }
  if (ast.type === 'binary') return explainBinary(ast, whole, circumstances);
  const definition = ast.type === 'variable' ? definitionOf(String(ast.value), circumstances) : undefined;
  if (definition !== undefined)
    return explainPart({ ...whole, source: expressionSource(definition) }, circumstances);
  return explainLeaf(ast, whole, circumstances);
}

function definitionOf(name: string, { definitions }: Circumstances): string | undefined {
  return Object.hasOwn(definitions, name) ? definitions[name] : undefined;
}

function asExpression(source: string): string {
  return `{% ${source} %}`;
}

/** An operator ends at the position that JSONata gives its node: all that is before and after it are its two sides. */
async function explainBinary(
  { value, position, lhs, rhs }: Node,
  part: Part,
  circumstances: Circumstances,
): Promise<string | undefined> {
  const operator = String(value);
  const end = Number(position);
  const sides = [part.source.slice(0, end - operator.length), part.source.slice(end)] as const;
  if (operator === 'and' || operator === 'or') return explainSeveral(sides, part, circumstances);
  if (!OPERATORS.includes(operator)) return explainLeaf(undefined, part, circumstances);
  const [left, right] = [
    await readOperand(lhs, sides[0], circumstances),
    await readOperand(rhs, sides[1], circumstances),
  ];
  return formatComparison(operator, [left, right], part.isMet);
}

const OPERATORS: readonly string[] = ['=', '!=', '>', '<', '>=', '<=', 'in'];

/** The parts that are as the whole is: of "a and b", which is not met, those that are not met. */
async function explainSeveral(
  sides: readonly string[],
  { isMet }: Part,
  circumstances: Circumstances,
): Promise<string | undefined> {
  const told: string[] = [];
  for (const source of sides) {
    const met = await evaluate(`$boolean((${source}))`, circumstances);
    if (!met.ok || (met.value === true) !== isMet) continue;
    const words = await explainPart({ source, isMet }, circumstances);
    if (words !== undefined) told.push(words);
  }
  return told.length === 0 ? undefined : told.join('; ');
}

function evaluate(source: string, { scope, definitions }: Circumstances) {
  return compileValue(asExpression(source), definitions)(scope);
}

/** One side of a comparison: what it is called, and its value if it is no literal. */
type Operand = { readonly words: string; readonly value?: string };

async function readOperand(node: unknown, source: string, circumstances: Circumstances): Promise<Operand> {
  const words = formatExpression(asExpression(source)) ?? source.trim();
  if (isNode(node) && isLiteral(node)) return { words };
  const found = await evaluate(source, circumstances);
  return { words, value: found.ok ? formatFound(found.value) : 'not known' };
}

function isLiteral({ type, value, expressions }: Node): boolean {
  if (['number', 'string', 'value'].includes(type)) return true;
  return type === 'unary' && value === '[' && Array.isArray(expressions)
    ? expressions.every((one) => isNode(one) && isLiteral(one))
    : false;
}

/** Longer values are cut: a person only looks at them. */
const MAX_VALUE = 60;

const MISSING = 'not there';

function formatFound(value: unknown): string {
  const text = value === undefined ? MISSING : JSON.stringify(value);
  return text.length <= MAX_VALUE ? text : `${text.slice(0, MAX_VALUE - 1)}…`;
}

function formatComparison(
  operator: string,
  [left, right]: readonly [Operand, Operand],
  isMet: boolean,
): string {
  if (left.value === MISSING) return `${left.words} is ${MISSING}`;
  const other = right.value === undefined ? right.words : `${right.words} (${right.value})`;
  const is = left.value === undefined ? `${left.words} is` : `${left.words} is ${left.value},`;
  const isEqual = (operator === '=') === isMet;
  if (operator !== '=' && operator !== '!=') {
    const comparison = (COMPARISONS[operator] ?? '').replace(/^is /, '');
    return `${is} ${isMet ? '' : 'not '}${comparison} ${other}`;
  }
  if (!isEqual) return `${is} not ${other}`;
  return left.value === undefined ? `${is} ${other}` : is.slice(0, -1);
}

async function explainLeaf(
  node: Node | undefined,
  { source, isMet }: Part,
  circumstances: Circumstances,
): Promise<string | undefined> {
  const words = formatExpression(asExpression(source));
  if (node !== undefined && ['path', 'variable'].includes(node.type)) {
    const { words: name, value } = await readOperand(node, source, circumstances);
    return `${name} is ${value}`;
  }
  if (words === undefined) return `${isMet ? 'this is so' : 'this is not so'}: ${source}`;
  return isMet ? words : negate(words);
}
