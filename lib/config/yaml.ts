import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml';
import { fail, type Result, succeed } from '../../lambdas/result.ts';

/** A YAML text that was read: its value, its nodes, and the line and column of each place in it. */
type ReadYaml = {
  readonly value: unknown;
  readonly document: Document;
  readonly placeOf: (offset: number) => Place;
};

/** Where something stands in a text; both count from 1. */
type Place = { readonly line: number; readonly column: number };

/** What cannot be read, where, and what to do about it. */
type YamlProblem = Place & { readonly message: string };

/** More than the longest list of events, or the largest body of an example, has. */
const MAX_BYTES = 5 * 1024 * 1024;

/** How many values all aliases of a file may stand for: a few lines of them could stand for billions. */
const MAX_REPEATED = 10_000;

/** Tags of what YAML has anyway. */
const PLAIN_TAGS = ['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map(
  (name) => `tag:yaml.org,2002:${name}`,
);

/** Reads one YAML document of plain values: texts, numbers, lists, and objects whose keys are texts. */
export function readYaml(text: string): Result<ReadYaml, readonly YamlProblem[]> {
  if (Buffer.byteLength(text) > MAX_BYTES) {
    const message = `has more than ${MAX_BYTES} bytes. Split it, or put large bodies into files of their own.`;
    return fail([{ line: 1, column: 1, message }]);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    logLevel: 'error',
    merge: true,
  });
  const placeOf = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const problems =
    document.errors.length > 0
      ? formatErrors(document.errors)
      : [...checkForm(document), ...checkAliases(document)];
  if (problems.length > 0) {
    return fail(problems.map(({ offset, message }) => ({ ...placeOf(offset), message })));
  }
  keepDigits(document);
  // The aliases were counted above.
  return succeed({ value: document.toJS({ maxAliasCount: -1 }), document, placeOf });
}

type Found = { readonly offset: number; readonly message: string };

/** What to do about errors that the parser words for programmers. */
const ADVICE: Readonly<Record<string, string>> = {
  RESOURCE_EXHAUSTION: 'is nested too deep to be read. Write it flatter.',
  MULTIPLE_DOCS: 'is a second document. Remove it and the line "---", or put it into a file of its own.',
  DUPLICATE_KEY: 'is the second key of this name. Remove one of the two.',
};

function formatErrors(errors: Document['errors']): readonly Found[] {
  // Each level of a text that is nested too deep has an error of its own.
  const tooDeep = errors.find(({ code }) => code === 'RESOURCE_EXHAUSTION');
  return (tooDeep === undefined ? errors : [tooDeep]).map(({ code, message, pos }) => ({
    offset: pos[0],
    message: ADVICE[code] ?? `is not valid YAML: ${message}`,
  }));
}

/** Finds values that are not plain: tags, and keys that are no text. */
function checkForm(document: Document): readonly Found[] {
  const found: Found[] = [];
  visit(document, {
    Pair(_, { key }) {
      if (isNode(key) && !isScalar(key))
        found.push(foundAt(key, 'is no key: a key is a text. Write one out.'));
    },
    Value(_, value) {
      const { tag } = value;
      if (tag === undefined || PLAIN_TAGS.includes(tag)) return;
      found.push(foundAt(value, 'has a tag, and tags are not read. Remove it.'));
    },
  });
  return found;
}

function foundAt({ range }: Node, message: string): Found {
  return { offset: range?.[0] ?? 0, message };
}

/** Finds aliases that would fill the memory, or lead nowhere. */
function checkAliases({ contents }: Document): readonly Found[] {
  const found: Found[] = [];
  /** How many values each anchor stands for; `open` while they are counted. */
  const anchors = new Map<string, number | 'open'>();
  let repeated = 0;
  const follow = (alias: Alias): number => {
    const weight = anchors.get(alias.source);
    if (typeof weight !== 'number') {
      const missing = `has no anchor "&${alias.source}" before it. Check its name.`;
      found.push(foundAt(alias, weight === 'open' ? 'is part of what it repeats. Write it out.' : missing));
      return 0;
    }
    if (repeated <= MAX_REPEATED && repeated + weight > MAX_REPEATED) found.push(foundAt(alias, TOO_MANY));
    repeated += weight;
    return weight;
  };
  const count = (node: unknown): number => {
    if (isAlias(node)) return follow(node);
    const anchor = isNode(node) && 'anchor' in node ? node.anchor : undefined;
    if (anchor !== undefined) anchors.set(anchor, 'open');
    const weight = childrenOf(node).reduce<number>((sum, child) => sum + count(child), 1);
    if (anchor !== undefined) anchors.set(anchor, weight);
    return weight;
  };
  count(contents);
  return found;
}

const TOO_MANY = `is one alias too many: together they stand for more than ${MAX_REPEATED} values. Write out what is meant.`;

function childrenOf(node: unknown): readonly unknown[] {
  if (isMap(node)) return node.items.flatMap(({ key, value }) => [key, value]);
  return isSeq(node) ? node.items : [];
}

/** An integer beyond 2^53 is kept as it is written: in an example it stands for a vendor's id, every digit of it. */
function keepDigits(document: Document): void {
  visit(document, {
    Scalar(_, scalar) {
      const { value, source } = scalar;
      if (typeof value !== 'number' || Number.isSafeInteger(value) || !/^-?\d+$/.test(source ?? '')) return;
      scalar.value = JSON.rawJSON(source ?? '');
    },
  });
}
