/** A body with one thing changed in it. */
export type Mutation = {
  /** JSON pointer to what was changed; empty for the body as a whole. */
  readonly pointer: string;
  readonly change: string;
  /** The JSON text of the whole body. */
  readonly body: string;
};

/** A JSON text as a tree. A leaf keeps the text it has: no digit of a number gets lost. */
type Tree =
  | { readonly kind: 'leaf'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly Tree[] }
  | { readonly kind: 'object'; readonly members: readonly (readonly [name: string, tree: Tree])[] };

/** One change of one place: its new text, or `undefined` where it is removed. */
type Change = { readonly pointer: string; readonly change: string; readonly text: string | undefined };

const LONG_INTEGER = '820982911946154508';

/** Members by which JSONata marks its own values, or JavaScript its own. A body may have them as any others. */
const MARKERS: readonly (readonly [name: string, text: string])[] = [
  ['_jsonata_lambda', 'true'],
  ['_jsonata_function', 'true'],
  ['sequence', 'true'],
  ['__proto__', '{"email":"proto@example.com"}'],
  ['constructor', '"text"'],
];

/**
 * Every mutation of a body, in an order that depends on the body alone; none of a body that is no JSON. Of a long list
 * the first two items and the last stand for all.
 */
export function* mutationsOf(body: string): Generator<Mutation> {
  const tree = parseTree(body);
  if (tree === undefined) return;
  for (const { pointer, change, text } of changesOf(tree)) {
    if (text !== undefined) yield { pointer, change, body: text };
  }
}

function parseTree(text: string): Tree | undefined {
  try {
    return JSON.parse(text, (_, value: unknown, context?: { readonly source?: string }): Tree => {
      if (Array.isArray(value)) return { kind: 'list', items: value };
      if (typeof value === 'object' && value !== null) {
        return { kind: 'object', members: Object.entries(value) };
      }
      return { kind: 'leaf', text: context?.source ?? JSON.stringify(value) };
    });
  } catch {
    return undefined;
  }
}

function* changesOf(tree: Tree): Generator<Change> {
  yield* changesHere(tree);
  if (tree.kind === 'list') yield* changesInList(tree.items);
  if (tree.kind === 'object') yield* changesInObject(tree.members);
}

function* changesInList(items: readonly Tree[]): Generator<Change> {
  const texts = items.map(write);
  for (const index of new Set([0, 1, items.length - 1])) {
    const item = items[index];
    if (item === undefined) continue;
    for (const { pointer, change, text } of changesOf(item)) {
      yield { pointer: `/${index}${pointer}`, change, text: `[${replace(texts, index, text)}]` };
    }
  }
}

function* changesInObject(members: readonly (readonly [string, Tree])[]): Generator<Change> {
  const texts = members.map(writeMember);
  for (const [index, [name, tree]] of members.entries()) {
    for (const { pointer, change, text } of changesOf(tree)) {
      const member = text === undefined ? undefined : `${JSON.stringify(name)}:${text}`;
      const segment = name.replaceAll('~', '~0').replaceAll('/', '~1');
      yield { pointer: `/${segment}${pointer}`, change, text: `{${replace(texts, index, member)}}` };
    }
  }
}

/** The texts with one of them replaced, or left out; with commas between them. */
function replace(texts: readonly string[], index: number, text: string | undefined): string {
  const between = text === undefined ? [] : [text];
  return [...texts.slice(0, index), ...between, ...texts.slice(index + 1)].join(',');
}

function write(tree: Tree): string {
  switch (tree.kind) {
    case 'leaf':
      return tree.text;
    case 'list':
      return `[${tree.items.map(write).join(',')}]`;
    case 'object':
      return `{${tree.members.map(writeMember).join(',')}}`;
  }
}

function writeMember([name, tree]: readonly [string, Tree]): string {
  return `${JSON.stringify(name)}:${write(tree)}`;
}

/** What is changed of a value itself, not of what is in it. */
function* changesHere(tree: Tree): Generator<Change> {
  const at = (change: string, text: string | undefined): Change => ({ pointer: '', change, text });
  yield at('removed', undefined);
  const text = write(tree);
  if (text !== 'null') yield at('null', 'null');
  for (const [change, changed] of changesOfKind(tree, text)) yield at(change, changed);
}

type Changes = readonly (readonly [change: string, text: string])[];

function changesOfKind(tree: Tree, text: string): Changes {
  switch (tree.kind) {
    case 'leaf':
      return [...changesOfLeaf(text), ['to-object', `{"value":${text}}`], ['to-list', `[${text}]`]];
    case 'list':
      return changesOfList(tree.items.map(write));
    case 'object': {
      const members = tree.members.map(writeMember);
      const marked = MARKERS.map(([name, value]): readonly [string, string] => [
        `with-${name}`,
        `{${[...members, `"${name}":${value}`].join(',')}}`,
      ]);
      return [['to-list', `[${text}]`], ['to-text', '"text"'], ...marked];
    }
  }
}

function changesOfLeaf(text: string): Changes {
  if (text === 'null') return [['to-text', '"text"']];
  if (text === 'true' || text === 'false') {
    return [
      ['to-text', `"${text}"`],
      ['flipped', text === 'true' ? 'false' : 'true'],
    ];
  }
  if (!text.startsWith('"')) {
    return [
      ['to-text', `"${text}"`],
      ['to-long-integer', LONG_INTEGER],
    ];
  }
  return [
    ['to-number', '42'],
    ['to-empty', '""'],
    ['to-text-null', '"null"'],
  ];
}

function changesOfList(items: readonly string[]): Changes {
  const [first] = items;
  if (first === undefined) return [['to-text', '"text"']];
  return [
    ['to-first-item', first],
    ['to-empty', '[]'],
    ['doubled', `[${[...items, ...items].join(',')}]`],
    ['to-text', '"text"'],
  ];
}
