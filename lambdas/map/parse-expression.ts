import { bindingOf, expect, NOTHING, nextMark, type Reader, refuse, skip } from './expression-reader.ts';
import { readTokens } from './expression-tokens.ts';
import type { Node } from './expression-tree.ts';

const MINUS_BINDING = 70;
const CONSTANTS: Readonly<Record<string, boolean | null>> = { true: true, false: false, null: null };

/** What may be a step of a path, or have an item taken of it. */
const STEPS = ['name', 'variable', 'path', 'item', 'call', 'block'];

/**
 * Reads an expression as JSONata does (Pratt's algorithm, with the same binding powers); `undefined` for all that is not
 * compiled here, and for what is no JSONata at all.
 */
export function parseExpression(source: string): Node | undefined {
  const tokens = readTokens(source);
  if (tokens === undefined) return undefined;
  const reader: Reader = { tokens, at: 0, isRefused: false };
  const node = readNode(reader, 0);
  return reader.isRefused || reader.at < tokens.length ? undefined : node;
}

function readNode(reader: Reader, binding: number): Node {
  let node = readFirst(reader);
  for (let mark = nextMark(reader); binding < bindingOf(mark); mark = nextMark(reader)) {
    reader.at += 1;
    node = readRest(reader, node, mark);
  }
  return node;
}

function readFirst(reader: Reader): Node {
  const token = reader.tokens[reader.at];
  reader.at += 1;
  switch (token?.kind) {
    case 'number':
      return Number.isFinite(Number(token.text)) ? literal(Number(token.text)) : refuse(reader);
    case 'string':
      return literal(token.text);
    case 'name':
    case 'variable':
      return { kind: token.kind, name: token.text };
    case 'word':
      if (Object.hasOwn(CONSTANTS, token.text)) return literal(CONSTANTS[token.text] ?? null);
      return bindingOf(token.text) > 0 ? refuse(reader) : { kind: 'name', name: token.text };
    default:
      return token === undefined ? refuse(reader) : readMarked(reader, token.text);
  }
}

function literal(value: string | number | boolean | null): Node {
  return { kind: 'literal', value };
}

/** What begins with a mark: a negative, a block in parentheses, a list. */
function readMarked(reader: Reader, mark: string): Node {
  if (mark === '-') {
    const of = readNode(reader, MINUS_BINDING);
    const isNumber = of.kind === 'literal' && typeof of.value === 'number';
    return isNumber ? literal(-Number(of.value)) : { kind: 'minus', of };
  }
  if (mark === '(') return { kind: 'block', parts: readSeries(reader, ';', ')') };
  return mark === '[' ? { kind: 'list', items: readSeries(reader, ',', ']') } : refuse(reader);
}

/** Nodes up to a closing mark. Only a block may end in what separates its parts. */
function readSeries(reader: Reader, separator: ';' | ',', end: string): readonly Node[] {
  const nodes: Node[] = [];
  while (nextMark(reader) !== end) {
    nodes.push(readNode(reader, 0));
    if (!skip(reader, separator)) break;
    if (separator === ',' && nextMark(reader) === end) refuse(reader);
  }
  expect(reader, end, NOTHING);
  return nodes;
}

function readRest(reader: Reader, left: Node, mark: string): Node {
  switch (mark) {
    case '.':
      return readStep(reader, left);
    case '[':
      return readItem(reader, left);
    case '(':
      return readCall(reader, left);
    case '?':
      return readCondition(reader, left);
    case '?:':
      return { kind: 'condition', of: left, met: left, otherwise: readNode(reader, 0) };
    case '??': {
      const of: Node = { kind: 'call', name: 'exists', args: [left] };
      return { kind: 'condition', of, met: left, otherwise: readNode(reader, 0) };
    }
    case ':=': {
      const value = readNode(reader, bindingOf(mark));
      return left.kind === 'variable' ? { kind: 'definition', name: left.name, value } : refuse(reader);
    }
    default:
      return { kind: 'operation', operator: mark, left, right: readNode(reader, bindingOf(mark)) };
  }
}

function readStep(reader: Reader, left: Node): Node {
  const right = readNode(reader, bindingOf('.'));
  if (!STEPS.includes(left.kind) || !STEPS.includes(right.kind)) return refuse(reader);
  return { kind: 'path', steps: [...(left.kind === 'path' ? left.steps : [left]), right] };
}

/** Only items whose number stands in the expression: `[0]`, `[-1]`. */
function readItem(reader: Reader, left: Node): Node {
  const at = readNode(reader, 0);
  const isPlain = at.kind === 'literal' && Number.isInteger(at.value) && STEPS.includes(left.kind);
  return isPlain ? expect(reader, ']', { kind: 'item', of: left, index: Number(at.value) }) : refuse(reader);
}

function readCondition(reader: Reader, of: Node): Node {
  const met = readNode(reader, 0);
  if (!skip(reader, ':')) return { kind: 'condition', of, met };
  return { kind: 'condition', of, met, otherwise: readNode(reader, 0) };
}

function readCall(reader: Reader, left: Node): Node {
  const args = readSeries(reader, ',', ')');
  if (left.kind === 'variable') return { kind: 'call', name: left.name, args };
  const params = args.flatMap((arg) => (arg.kind === 'variable' ? [arg.name] : []));
  const isFunction = left.kind === 'name' && left.name === 'function' && params.length === args.length;
  if (!isFunction || !skip(reader, '{')) return refuse(reader);
  return expect(reader, '}', { kind: 'function', params, body: readNode(reader, 0) });
}
