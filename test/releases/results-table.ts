import { hashOf } from './mapping-cases.ts';

/** What was recorded of a webhook: the whole result of it as it is, and the hash of each mutation's that was kept. */
export type RecordedResults = {
  readonly whole: string;
  readonly mutations: ReadonlyMap<string, string>;
};

/** A case whose result is not the recorded one. */
export type Difference = {
  readonly id: string;
  readonly recordedHash: string;
  /** What was recorded, where it was recorded as a whole. */
  readonly recorded?: string;
  readonly now: string;
};

/** A difference that the upgrade notes name, or several for the same reason. */
export type DocumentedDifference = {
  /** Ids of cases, with `*` for any text. */
  readonly cases: string;
  readonly reason: string;
  readonly count: number;
  /** Of the ids and new results: another result in the same cases is another difference. */
  readonly digest: string;
};

const SAME = '=';

/**
 * Writes the table: a line for each case, with its id, the hash of its result, and the whole result of a webhook as it is.
 * "=" stands where a mutation makes no difference.
 */
export function writeTable(results: ReadonlyMap<string, RecordedResults>): string {
  return [...results]
    .flatMap(([name, { whole, mutations }]) => {
      const hash = hashOf(whole);
      const lines = [...mutations].map(([id, other]) => `${id}\t${other === hash ? SAME : other}\n`);
      return [`${name}\t${hash}\t${whole}\n`, ...lines];
    })
    .join('');
}

export function readTable(text: string): ReadonlyMap<string, RecordedResults> {
  const results = new Map<string, { whole: string; mutations: Map<string, string> }>();
  let current = { whole: '', mutations: new Map<string, string>() };
  for (const line of text.trimEnd().split('\n')) {
    const [id = '', hash = '', whole] = line.split('\t');
    if (whole === undefined) {
      current.mutations.set(id, hash === SAME ? hashOf(current.whole) : hash);
    } else {
      current = { whole, mutations: new Map() };
      results.set(id, current);
    }
  }
  return results;
}

/** What is wrong with the differences found: those that no entry names, and the entries that are no longer true. */
export function checkDifferences(
  found: readonly Difference[],
  documented: readonly DocumentedDifference[],
): readonly string[] {
  const isNamed = documented.map(({ cases }) => patternOf(cases));
  const unnamed = found.filter(({ id }) => !isNamed.some((pattern) => pattern.test(id)));
  const untrue = documented.flatMap((entry) => {
    const same = found.filter(({ id }) => patternOf(entry.cases).test(id));
    const digest = digestOf(same);
    if (same.length === entry.count && digest === entry.digest) return [];
    const now = `now ${same.length} differences with digest ${digest}`;
    return [
      `documented "${entry.cases}": ${entry.count} with digest ${entry.digest}, ${now}`,
      ...tellAll(same),
    ];
  });
  const digest =
    unnamed.length === 0 ? [] : [`${unnamed.length} not documented, digest ${digestOf(unnamed)}`];
  return [...digest, ...tellAll(unnamed), ...untrue];
}

function tellAll(differences: readonly Difference[]): readonly string[] {
  return differences.map(({ id, recordedHash, recorded, now }) =>
    [`${id}: was ${recordedHash}`, ...(recorded === undefined ? [] : [recorded]), `is ${now}`].join('\n  '),
  );
}

function digestOf(differences: readonly Difference[]): string {
  return hashOf(differences.map(({ id, now }) => `${id}\t${now}\n`).join(''));
}

function patternOf(cases: string): RegExp {
  const literal = cases.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  return new RegExp(`^${literal.replaceAll('\\*', '.*')}$`, 's');
}
