import { expressionSource, isExpression } from '../lambdas/map/expression.ts';
import { isNode, type Node } from '../lib/map/expression-names.ts';
import { parseExpression } from '../lib/map/jsonata-syntax.ts';

/** Says a value of a mapping in plain English, as far as there are words for it; else shows the expression. */
export function sayValue(text: string): string {
  if (!isExpression(text)) return `"${text}"`;
  const source = expressionSource(text);
  const parsed = parseExpression(text);
  return 'problem' in parsed ? source : (say(parsed.ast) ?? source);
}

/** A name as words: `invoice.payment_failed` and `orders/create` are names too. */
export function sayName(name: string): string {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replaceAll(/[._/:-]+/g, ' ')
    .replaceAll('*', 'anything')
    .trim()
    .toLowerCase();
}

/** Members in which vendors wrap what a webhook is about: they add nothing to what is said. */
const WRAPPERS = ['data', 'object', 'payload'];

type Words = string | undefined;

function say(node: unknown): Words {
  if (!isNode(node)) return undefined;
  return (SAYERS[node.type] ?? (() => undefined))(node);
}

const SAYERS: Readonly<Record<string, (node: Node) => Words>> = {
  path: sayPath,
  variable: ({ value }) => (value === '' || value === '$' ? 'the webhook' : sayName(String(value))),
  number: ({ value }) => (value === 0 ? 'zero' : String(value)),
  string: ({ value }) => `"${value}"`,
  value: ({ value }) => String(value),
  binary: sayBinary,
  function: sayCall,
  condition: ({ condition, then, else: otherwise }) =>
    combine([then, condition, otherwise], (yes, when, no) => `${yes} if ${when}, else ${no}`),
  block: ({ expressions }) => (Array.isArray(expressions) ? say(expressions.at(-1)) : undefined),
  unary: ({ value, expressions }) =>
    value === '[' && Array.isArray(expressions)
      ? combine(expressions, (...all) => all.join(', '))
      : undefined,
};

function sayPath({ steps }: Node): Words {
  if (!Array.isArray(steps) || !steps.every((step) => isNode(step) && !step.stages)) return undefined;
  const [first, ...rest] = steps as readonly Node[];
  const isBound = first?.type === 'variable';
  const names = (isBound ? rest : steps).filter(isNode);
  if (!names.every(({ type }) => type === 'name')) return undefined;
  const words = names.map(({ value }) => String(value)).filter((name) => !WRAPPERS.includes(name));
  const owner =
    isBound && first.value === 'headers' ? 'header ' : isBound && first.value === 'item' ? 'item’s ' : '';
  return `the ${owner}${words.map(sayName).join(' ')}`;
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

function sayBinary({ value, lhs, rhs }: Node): Words {
  const word = COMPARISONS[String(value)];
  return word === undefined ? undefined : combine([lhs, rhs], (left, right) => `${left} ${word} ${right}`);
}

const CALLS: Readonly<Record<string, (...given: string[]) => string>> = {
  exists: (what) => `${what} is there`,
  // As the shipped mappings define it: there, and neither null nor empty.
  has: (what) => `${what} is there`,
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
  join: (what) => `${what}, joined`,
  toMillis: (what) => what,
};

/** Of a single sentence; of several it cannot be told to which the "not" belongs. */
function negate(what: string): string {
  const isSingle = !/ (and|or|if) /.test(what);
  if (isSingle && what.includes(' contains ')) return what.replace(' contains ', ' does not contain ');
  return isSingle && what.includes(' is ') ? what.replace(' is ', ' is not ') : `it is not so that ${what}`;
}

function sayCall({ procedure, arguments: given }: Node): Words {
  if (!isNode(procedure) || !Array.isArray(given)) return undefined;
  const name = String(procedure.value);
  const call = CALLS[name];
  // A function of the file's own is said by its name.
  return combine(given, (...words) =>
    call === undefined ? `the ${sayName(name)} of ${words.join(' and ')}` : call(...words),
  );
}

function combine(nodes: readonly unknown[], join: (...words: string[]) => string): Words {
  const words = nodes.map(say);
  return words.every((word) => word !== undefined) ? join(...words) : undefined;
}
