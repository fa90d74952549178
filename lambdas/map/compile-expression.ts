import { compileBlock } from './compile-block.ts';
import { compileCall, compileOperand } from './compile-call.ts';
import type { Scope } from './expression.ts';
import {
  BINDINGS,
  type Build,
  MAX_LEVEL,
  MAX_NODES,
  type Place,
  type Run,
  refuse,
} from './expression-build.ts';
import { OPERATIONS } from './expression-operations.ts';
import { followNames, itemOf, joinSteps, memberOf } from './expression-path.ts';
import type { Node } from './expression-tree.ts';
import { ASK_JSONATA, isList, truthOf } from './expression-value.ts';
import { parseExpression } from './parse-expression.ts';

/**
 * Compiles an expression to functions that call each other; `undefined` where there is anything in it that is not compiled
 * here. What they give is what JSONata gives, or `ASK_JSONATA`. They do as much as the expression is long: nothing recurs.
 */
export function compileExpression(source: string): ((scope: Scope) => unknown) | undefined {
  const tree = parseExpression(source);
  if (tree === undefined) return undefined;
  const build: Build = { variables: 0, nodes: 0, isRefused: false };
  const run = compile(tree, { build, names: new Map(), level: 0, compile });
  if (build.isRefused) return undefined;
  return (scope) => run(scope.body, { scope, variables: [] });
}

function compile(node: Node, { build, names, level }: Place): Run {
  const place = { build, names, level: level + 1, compile };
  build.nodes += 1;
  if (level > MAX_LEVEL || build.nodes > MAX_NODES) return refuse(place);
  switch (node.kind) {
    case 'literal':
      return () => node.value;
    case 'name':
      return (context) => memberOf(context, node.name);
    case 'variable':
      return compileVariable(node.name, place);
    case 'path':
      return compilePath(node.steps, place);
    case 'item': {
      const of = compile(node.of, place);
      return (context, frame) => itemOf(of(context, frame), node.index);
    }
    case 'minus':
      return compileMinus(node.of, place);
    case 'operation':
      return compileOperation(node, place);
    case 'condition':
      return compileCondition(node, place);
    case 'call':
      return compileCall(node.name, node.args, place);
    case 'block':
      return compileBlock(node.parts, place);
    default:
      // A list, a definition or a function, where JSONata has more rules for it.
      return refuse(place);
  }
}

function compileVariable(name: string, place: Place): Run {
  // JSONata wraps a body that is a list.
  if (name === '') return (context) => (isList(context) ? ASK_JSONATA : context);
  const named = place.names.get(name);
  if (named !== undefined) {
    return named.definition === undefined ? (_, frame) => frame.variables[named.variable] : refuse(place);
  }
  if (name === '$') return (_, frame) => frame.scope.body;
  const binding = BINDINGS.find((one) => one === name);
  return binding === undefined ? refuse(place) : (_, frame) => frame.scope[binding];
}

function compilePath(steps: readonly Node[], place: Place): Run {
  const names = steps.flatMap((step) => (step.kind === 'name' ? [step.name] : []));
  if (names.length === steps.length) return (context) => followNames(context, names);
  const runs = steps.map((step) => compile(step, place));
  return (context, frame) => joinSteps(runs, context, frame);
}

function compileMinus(of: Node, place: Place): Run {
  const run = compile(of, place);
  return (context, frame) => {
    const value = run(context, frame);
    if (typeof value === 'number') return -value;
    return value === undefined ? undefined : ASK_JSONATA;
  };
}

function compileOperation(node: Extract<Node, { kind: 'operation' }>, place: Place): Run {
  const left = compile(node.left, place);
  const right = compileOperand(node.right, place);
  const { operator } = node;
  if (operator === 'and' || operator === 'or') return compileLogic(left, right, operator === 'or');
  const operation = OPERATIONS[operator];
  if (operation === undefined) return refuse(place);
  return (context, frame) => {
    const one = left(context, frame);
    if (one === ASK_JSONATA) return ASK_JSONATA;
    const other = right(context, frame);
    return other === ASK_JSONATA ? ASK_JSONATA : operation(one, other);
  };
}

/** The right side is not looked at where the left one decides. */
function compileLogic(left: Run, right: Run, decisive: boolean): Run {
  return (context, frame) => {
    const one = truthOf(left(context, frame));
    if (one === ASK_JSONATA || (one ?? false) === decisive) return one ?? false;
    const other = truthOf(right(context, frame));
    return other ?? false;
  };
}

function compileCondition(node: Extract<Node, { kind: 'condition' }>, place: Place): Run {
  const of = compile(node.of, place);
  const met = compile(node.met, place);
  const otherwise = node.otherwise === undefined ? () => undefined : compile(node.otherwise, place);
  return (context, frame) => {
    const truth = truthOf(of(context, frame));
    if (truth === ASK_JSONATA) return truth;
    return truth ? met(context, frame) : otherwise(context, frame);
  };
}
