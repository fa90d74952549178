import { type Frame, type Named, newVariable, type Place, type Run, refuse } from './expression-build.ts';
import { BUILT_INS, callBuiltIn } from './expression-functions.ts';
import type { Node } from './expression-tree.ts';
import { ASK_JSONATA, isList } from './expression-value.ts';

/** A list may stand where it is only looked at. JSONata evaluates its items at once, and counts that as depth. */
export function compileOperand(node: Node, place: Place): Run {
  if (node.kind !== 'list') return place.compile(node, place);
  const isShort = node.items.length <= 1 || node.items.every(({ kind }) => kind === 'literal');
  if (!isShort) return refuse(place);
  const runs = node.items.map((item) => place.compile(item, place));
  return (context, frame) => {
    const items = evaluateAll(runs, context, frame);
    if (items === ASK_JSONATA || items.some(isList)) return ASK_JSONATA;
    return items.filter((item) => item !== undefined);
  };
}

function evaluateAll(runs: readonly Run[], context: unknown, frame: Frame): unknown[] | typeof ASK_JSONATA {
  const values: unknown[] = [];
  for (const run of runs) {
    const value = run(context, frame);
    if (value === ASK_JSONATA) return value;
    values.push(value);
  }
  return values;
}

/** Calls one of JSONata's functions, or one that the expression defines. */
export function compileCall(name: string, args: readonly Node[], place: Place): Run {
  const runs = args.map((arg) => compileOperand(arg, place));
  const named = place.names.get(name);
  if (named !== undefined) return compileOwnCall(named, runs, place);
  const builtIn = Object.hasOwn(BUILT_INS, name) ? BUILT_INS[name] : undefined;
  // One argument too many is of no type.
  if (builtIn === undefined || args.length < builtIn.required) return refuse(place);
  return (context, frame) => {
    const values = evaluateAll(runs, context, frame);
    return values === ASK_JSONATA ? values : callBuiltIn(builtIn, values);
  };
}

/** The function is copied to where it is called, with variables of its own for its parameters. */
function compileOwnCall({ variable, definition }: Named, args: readonly Run[], place: Place): Run {
  if (definition === undefined) return refuse(place);
  const { node, names: outer } = definition;
  const names = new Map(outer);
  const params = node.params.map((param) => {
    const own = newVariable(place.build);
    names.set(param, { variable: own });
    return own;
  });
  const body = place.compile(node.body, { ...place, names });
  return (context, frame) => {
    const values = evaluateAll(args, context, frame);
    if (values === ASK_JSONATA) return values;
    for (const [index, param] of params.entries()) frame.variables[param] = values[index];
    return body(frame.variables[variable], frame);
  };
}
