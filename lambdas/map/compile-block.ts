import { BINDINGS, type Names, newVariable, type Place, type Run, refuse } from './expression-build.ts';
import { BUILT_INS } from './expression-functions.ts';
import type { FunctionNode, Node } from './expression-tree.ts';
import { ASK_JSONATA } from './expression-value.ts';

/** Expressions one after the other, in parentheses; what they define can be used in those that follow. */
export function compileBlock(parts: readonly Node[], place: Place): Run {
  let { names } = place;
  // A function as the result has no place in a mapping.
  const last = parts.at(-1);
  if (last?.kind === 'definition' && functionIn(last.value) !== undefined) return refuse(place);
  const runs = parts.map((part) => {
    if (part.kind !== 'definition') return place.compile(part, { ...place, names });
    const defined = compileDefinition(part, { ...place, names });
    names = defined.names;
    return defined.run;
  });
  return (context, frame) => {
    let value: unknown;
    for (const run of runs) {
      value = run(context, frame);
      if (value === ASK_JSONATA) return value;
    }
    return value;
  };
}

type Definition = Extract<Node, { kind: 'definition' }>;

/** A variable, and the names with it. That of a function keeps the context. */
function compileDefinition(part: Definition, place: Place): { readonly run: Run; readonly names: Names } {
  const { names } = place;
  if (isTaken(part.name, names)) return { run: refuse(place), names };
  const node = functionIn(part.value);
  const variable = newVariable(place.build);
  const run = node === undefined ? place.compile(part.value, place) : (context: unknown) => context;
  const named = node === undefined ? { variable } : { variable, definition: { node, names } };
  return { run: define(variable, run), names: new Map(names).set(part.name, named) };
}

/** A name that already stands for something could be meant in either sense: JSONata looks it up when it is used. */
function isTaken(name: string, names: Names): boolean {
  return (
    !/\w/.test(name) ||
    names.has(name) ||
    Object.hasOwn(BUILT_INS, name) ||
    BINDINGS.some((one) => one === name)
  );
}

function define(variable: number, run: Run): Run {
  return (context, frame) => {
    const value = run(context, frame);
    frame.variables[variable] = value;
    return value;
  };
}

/** A function, in parentheses or not. */
function functionIn(node: Node): FunctionNode | undefined {
  if (node.kind === 'function') return node;
  const [only, ...others] = node.kind === 'block' ? node.parts : [];
  return only === undefined || others.length > 0 ? undefined : functionIn(only);
}
