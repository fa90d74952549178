import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Spread, WarmRounds, WorkRounds } from './measure.ts';
import type { Endpoints, Subjects } from './subjects.ts';

/** What is measured, against what, and for how long. */
export type World = {
  readonly subjects: Subjects;
  readonly endpoints: Endpoints;
  readonly effort: Effort;
};

export type Effort = {
  readonly coldRounds: number;
  readonly warm: WarmRounds;
  readonly work: WorkRounds;
  /** Sent through the whole path, for each number of senders. */
  readonly webhooks: number;
  /** Bytes of a body, and numbers of mapping folders, with which the whole path is measured besides; ascending. */
  readonly pathBytes: readonly number[];
  readonly pathSources: readonly number[];
  /** Messages that wait on the buffer while the rate of delivery is measured, ascending. */
  readonly backlogs: readonly number[];
  /** Memory sizes of a function in megabytes, ascending. */
  readonly memories: readonly number[];
};

/** All of it is to be over in less than 15 minutes on two cores; the quick mode, for CI, in two. */
export const FULL: Effort = {
  coldRounds: 41,
  warm: { launches: 4, rounds: 11, events: 150, warmUp: 1_500 },
  work: { rounds: 41, milliseconds: 20 },
  webhooks: 400,
  pathBytes: [2_000, 20_000, 200_000, 900_000],
  pathSources: [1, 10, 100, 1_000],
  backlogs: [1_000, 10_000, 100_000],
  memories: [128, 256, 512, 1_024],
};

export const QUICK: Effort = {
  coldRounds: 7,
  warm: { launches: 1, rounds: 7, events: 100, warmUp: 800 },
  work: { rounds: 9, milliseconds: 10 },
  webhooks: 30,
  pathBytes: [],
  pathSources: [],
  backlogs: [],
  memories: [],
};

/** One line of the results: what was measured, in which unit, and how good it is to be. */
export type Figure = {
  /** `P1` to `P9` as the goals are numbered, or the group that it belongs to. */
  readonly id: string;
  readonly what: string;
  readonly unit: 'x' | 'KB' | 'MB' | 'bytes' | 'USD' | 'exponent' | 'calls' | 'per s' | 'ms' | 'us';
  readonly value: number;
  /** The tenth and the ninetieth of a hundred measurements; missing where nothing is random. */
  readonly spread?: readonly [p10: number, p90: number];
  /** The largest value that meets the goal. */
  readonly goal?: number;
  /** Whether CI compares it with the committed figure: it is of our own code, and does not depend on how busy the machine is. */
  readonly isHeld?: true;
};

/** A figure of measurements that differ from round to round. */
export function figureOf(
  facts: Pick<Figure, 'id' | 'what' | 'unit' | 'goal' | 'isHeld'>,
  { median, p10, p90 }: Spread,
): Figure {
  return { ...facts, value: round(median), spread: [round(p10), round(p90)] };
}

/** To three digits, which is more than any of it is worth. */
export function round(value: number): number {
  return Number(value.toPrecision(3));
}

const RESULTS_FILE = fileURLToPath(new URL('results.json', import.meta.url));

/** The page that shows the results. */
const PAGE = fileURLToPath(new URL('../docs/performance.md', import.meta.url));

const BEGIN = '<!-- generated from bench/results.json by npm run bench: do not edit -->';
const END = '<!-- end of what is generated -->';

type Results = {
  readonly measuredAt: string;
  readonly machine: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly figures: readonly Figure[];
};

const PACKAGES = ['esbuild', '@aws-sdk/client-sqs', 'zod', 'jsonata', '@middy/core'];

/** What was measured, and on what. */
export function formatResults(figures: readonly Figure[]): Results {
  const [cpu] = cpus();
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  const packages = PACKAGES.map((name) => [name, versionOf(name)] as const);
  return {
    measuredAt: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} × ${cpu?.model.trim() ?? 'unknown'}, ${gigabytes} GiB, ${process.platform}`,
    versions: { node: process.versions.node, ...Object.fromEntries(packages) },
    figures,
  };
}

function versionOf(name: string): string {
  const file = new URL(`../node_modules/${name}/package.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')).version;
}

/** The results as they are committed. */
export function readResults(): Results {
  return JSON.parse(readFileSync(RESULTS_FILE, 'utf8'));
}

/** Puts the measured figures in the places of the old ones, and new figures at the end. */
export function replaceFigures(before: readonly Figure[], measured: readonly Figure[]): readonly Figure[] {
  const isSame = (one: Figure) => (other: Figure) => one.id === other.id && one.what === other.what;
  const added = measured.filter((figure) => !before.some(isSame(figure)));
  return [...before.map((figure) => measured.find(isSame(figure)) ?? figure), ...added];
}

/** The page with the table of these results; the rest of the page stays. */
export function renderPage(results: Results, page = readFileSync(PAGE, 'utf8')): string {
  const [before = '', after = ''] = [page.split(BEGIN)[0], page.split(END)[1]];
  return `${before}${BEGIN}\n\n${renderResults(results)}\n\n${END}${after}`;
}

/** Keeps the results, and writes the page anew. */
export function writeResults(results: Results): void {
  writeFileSync(RESULTS_FILE, `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(PAGE, renderPage(results));
}

function renderResults({ measuredAt, machine, versions, figures }: Results): string {
  const software = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const rows = figures.map(renderRow);
  return [
    `Measured ${measuredAt} on ${machine}; ${software.join(', ')}.`,
    '',
    '| | what | measured | 10 % to 90 % | goal | |',
    '|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

function renderRow({ id, what, unit, value, spread, goal }: Figure): string {
  const verdict = goal === undefined ? '' : value <= goal ? 'met' : 'missed';
  const range = spread === undefined ? '' : spread.join(' to ');
  return `| ${id} | ${what} | ${value} ${unit} | ${range} | ${goal === undefined ? '' : `≤ ${goal}`} | ${verdict} |`;
}

/** How much a figure may grow above the committed one, as a part of it: little where nothing is random, much for a noisy ratio. */
const MARGINS: Readonly<Record<Figure['unit'], number | undefined>> = {
  KB: 0.05,
  MB: undefined,
  calls: 0,
  bytes: 0.05,
  USD: 0.02,
  x: 0.6,
  exponent: 0.35,
  'per s': undefined,
  ms: undefined,
  us: undefined,
};

/**
 * Compares figures with the committed ones (`bench/results.json`); returns a sentence for every held figure that has grown
 * beyond its margin, and for every call that was not made before.
 */
export function findGrown(measured: readonly Figure[], committed: readonly Figure[]): readonly string[] {
  return measured.flatMap((figure) => {
    const margin = MARGINS[figure.unit];
    if (margin === undefined || figure.isHeld === undefined) return [];
    const before = committed.find(({ id, what }) => id === figure.id && what === figure.what)?.value ?? 0;
    // An exponent may be near zero, where a part of it would allow nothing.
    const limit = figure.unit === 'exponent' ? before + margin : before * (1 + margin);
    if (figure.value <= limit) return [];
    const { id, what, value, unit } = figure;
    return [
      `${id} ${what}: ${value} ${unit}; committed is ${before}, the limit ${Number(limit.toPrecision(3))}`,
    ];
  });
}
