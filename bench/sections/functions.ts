import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { BUNDLE_OPTIONS } from '../../lib/bundle/bundle-function.ts';
import { httpEvent, invoiceBody, invoiceOfBytes, sqsEvent } from '../events.ts';
import { type Figure, figureOf, round, type World } from '../figures.ts';
import {
  BOOT,
  type ColdCase,
  compareColdStarts,
  compareWarm,
  ratioOf,
  spreadOf,
  startWarm,
} from '../measure.ts';
import type { Subject } from '../subjects.ts';

/** P1, P2: from the start of the process to the answer of the first event, against the usual stack. */
export async function measureColdStarts(world: World): Promise<readonly Figure[]> {
  return [...(await measureIngestCold(world)), ...(await measureDeliverCold(world))];
}

async function measureIngestCold({ subjects, effort }: World): Promise<readonly Figure[]> {
  const of = (subject: Subject) => () => ({ subject, event: httpEvent(invoiceBody()) });
  const { ours, usual } = await compareColdStarts(
    { usual: of(subjects.usualIngest), ours: of(subjects.ingest) },
    'usual',
    effort.coldRounds,
  );
  return [
    figureOf({ id: 'P1', what: 'ingest cold / usual stack', unit: 'x', goal: 0.7 }, ours.ratio),
    figureOf({ id: 'P1', what: 'the same in CPU time', unit: 'x', isHeld: true }, ours.cpuRatio),
    figureOf({ id: 'P1', what: 'ingest cold', unit: 'ms' }, ours.wall),
    figureOf({ id: 'P1', what: 'usual ingest cold', unit: 'ms' }, usual.wall),
  ];
}

async function measureDeliverCold({ subjects, effort }: World): Promise<readonly Figure[]> {
  const of = (subject: Subject, type?: string) => () => ({ subject, event: sqsEvent(invoiceBody(type)) });
  const { jsonata, paths, usual } = await compareColdStarts(
    {
      usual: of(subjects.usualDeliver),
      jsonata: of(subjects.deliver, 'invoice.looked-through'),
      paths: of(subjects.deliver),
    },
    'usual',
    effort.coldRounds,
  );
  return [
    figureOf(
      { id: 'P2', what: 'deliver cold, with JSONata / usual stack', unit: 'x', goal: 0.68 },
      jsonata.ratio,
    ),
    figureOf({ id: 'P2', what: 'the same in CPU time', unit: 'x', isHeld: true }, jsonata.cpuRatio),
    figureOf({ id: 'P2', what: 'deliver cold, with paths alone / usual stack', unit: 'x' }, paths.ratio),
    figureOf({ id: 'P2', what: 'deliver cold, with JSONata', unit: 'ms' }, jsonata.wall),
    figureOf({ id: 'P2', what: 'usual deliver cold', unit: 'ms' }, usual.wall),
  ];
}

/** P3, P4: CPU time per event once warm, against the usual stack. */
export async function measureWarm(world: World): Promise<readonly Figure[]> {
  return [...(await measureIngestWarm(world)), ...(await measureDeliverWarm(world))];
}

async function measureIngestWarm({ subjects, effort }: World): Promise<readonly Figure[]> {
  const event = httpEvent(invoiceBody());
  const { ours, usual } = await compareWarm(
    { usual: { subject: subjects.usualIngest, event }, ours: { subject: subjects.ingest, event } },
    'usual',
    effort.warm,
  );
  return [
    figureOf(
      { id: 'P3', what: 'ingest warm CPU / usual stack', unit: 'x', goal: 1.15, isHeld: true },
      ours.ratio,
    ),
    figureOf({ id: 'P3', what: 'ingest, CPU per webhook', unit: 'us' }, ours.cpu),
    figureOf({ id: 'P3', what: 'usual ingest, CPU per webhook', unit: 'us' }, usual.cpu),
  ];
}

async function measureDeliverWarm({ subjects, effort }: World): Promise<readonly Figure[]> {
  const event = sqsEvent(invoiceBody());
  const { ours, jsonata, usual } = await compareWarm(
    {
      usual: { subject: subjects.usualDeliver, event },
      ours: { subject: subjects.deliver, event },
      jsonata: { subject: subjects.deliver, event: sqsEvent(invoiceBody('invoice.looked-through')) },
    },
    'usual',
    effort.warm,
  );
  return [
    figureOf(
      { id: 'P4', what: 'deliver warm CPU / usual stack', unit: 'x', goal: 0.95, isHeld: true },
      ours.ratio,
    ),
    figureOf({ id: 'P4', what: 'with a mapping that needs JSONata', unit: 'x' }, jsonata.ratio),
    figureOf({ id: 'P4', what: 'deliver, CPU per event', unit: 'us' }, ours.cpu),
    figureOf({ id: 'P4', what: 'usual deliver, CPU per event', unit: 'us' }, usual.cpu),
  ];
}

const MEGABYTES = 256;

/** Ingest without what it does in INIT. */
export const WITHOUT_PREFETCH = {
  function: 'ingest',
  file: 'ingest/handler.ts',
  changes: [
    ['...[...preparedSecrets].map((name) => signingSecrets.read(name)),', ''],
    ['queues.connect(BUFFER_QUEUE_URL),', ''],
  ],
} as const;

/** P7: the first event's time once INIT is over and the CPU is as small as the memory, with and without prefetch. */
export async function measureFirstEvent({ subjects, effort }: World): Promise<readonly Figure[]> {
  const directory = mkdtempSync(join(tmpdir(), 'webhook-adapter-bench-'));
  cpSync(subjects.ingest.directory, directory, { recursive: true });
  await bundleMutant(WITHOUT_PREFETCH, join(directory, 'bundle.cjs'));
  const without: Subject = { ...subjects.ingest, directory };
  const measured: { with: number; without: number }[] = [];
  for (let round = 0; round < effort.coldRounds; round += 1) {
    const event = httpEvent(invoiceBody());
    measured.push({
      with: await timeFirstEvent({ subject: subjects.ingest, event }),
      without: await timeFirstEvent({ subject: without, event }),
    });
  }
  rmSync(directory, { recursive: true });
  const times = measured.map((round) => round.with);
  const bases = measured.map((round) => round.without);
  return [
    figureOf(
      { id: 'P7', what: 'first event with / without prefetch, 256 MB', unit: 'x', goal: 0.25 },
      ratioOf(times, bases),
    ),
    figureOf({ id: 'P7', what: 'first event with prefetch, 256 MB', unit: 'ms' }, spreadOf(times)),
    figureOf({ id: 'P7', what: 'first event without prefetch, 256 MB', unit: 'ms' }, spreadOf(bases)),
  ];
}

async function timeFirstEvent({ subject, event }: ColdCase): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'webhook-adapter-bench-'));
  const file = join(directory, 'event.json');
  writeFileSync(file, JSON.stringify(event));
  const child = spawn(process.execPath, [BOOT, 'cold', subject.directory, file], {
    env: { ...subject.environment, HOME: directory, BENCH_PAUSE: '1' },
    stdio: ['ignore', 'ignore', 'inherit', 'pipe', 'ipc'],
  });
  const figures = text(child.stdio[3] as never);
  await new Promise((resolve) => child.once('message', resolve));
  const release = throttle(child, MEGABYTES);
  child.send('go');
  const answered = await figures;
  release();
  rmSync(directory, { recursive: true });
  return JSON.parse(answered).first;
}

const BATCH = 10;

/** As large as six megabytes of an invocation allow, each webhook nearly as large as a message of SQS may be. */
const LARGE = { bytes: 900_000, webhooks: 6 };

const WARM_UP = 300;
const ROUNDS = 7;
const EVENTS = 10;

/** What is held grows until V8 collects what is no longer used. */
const PEAK_EVENTS = 40;

/** USD per GB-second: as in docs/performance.md. */
const GIGABYTE_SECOND = 13.33334e-6;

/**
 * What a webhook takes under the CPU share of each memory size, once warm, and what that costs. Beside it, what a function
 * needs at most: the memory size has to be larger.
 */
export async function measureMemory({ subjects, effort }: World): Promise<readonly Figure[]> {
  if (effort.memories.length === 0) return [];
  const body = invoiceBody();
  const ingest = { subject: subjects.ingest, event: httpEvent(body) };
  const deliver = { subject: subjects.deliver, event: sqsEvent(body, BATCH) };
  const figures: Figure[] = [];
  for (const megabytes of effort.memories) {
    const webhook = await timeUnder(ingest, megabytes);
    const batch = await timeUnder(deliver, megabytes);
    const what = `${megabytes} MB`;
    const usd = GIGABYTE_SECOND * (megabytes / 1024) * (webhook + batch / BATCH) * 1000;
    figures.push(
      { id: 'memory', what: `${what}: a webhook in ingest`, unit: 'ms', value: round(webhook) },
      { id: 'memory', what: `${what}: a batch of ten in deliver`, unit: 'ms', value: round(batch) },
      {
        id: 'memory',
        what: `${what}: both, per million webhooks, without waits`,
        unit: 'USD',
        value: round(usd),
      },
    );
  }
  return [...figures, ...(await measurePeaks({ subjects }))];
}

/** Milliseconds of an event under a memory's share of the CPU: the middle one of some rounds. */
async function timeUnder(measured: ColdCase, megabytes: number): Promise<number> {
  const { child, run, stop } = await startWarm(measured);
  await run(WARM_UP);
  const release = throttle(child, megabytes);
  const times: number[] = [];
  for (let count = 0; count < ROUNDS; count += 1) times.push((await run(EVENTS)).wall / 1000);
  release();
  stop();
  return spreadOf(times).median;
}

async function measurePeaks({ subjects }: Pick<World, 'subjects'>): Promise<readonly Figure[]> {
  const body = invoiceOfBytes(LARGE.bytes);
  const peak = async (measured: ColdCase) => {
    const { run, stop } = await startWarm(measured);
    const { peak: megabytes } = await run(PEAK_EVENTS);
    stop();
    return round(megabytes);
  };
  const of = (what: string, value: number): Figure => ({ id: 'memory', what, unit: 'MB', value });
  return [
    of(
      'held at most by ingest, webhooks of 900 KB',
      await peak({ subject: subjects.ingest, event: httpEvent(body) }),
    ),
    of(
      'held at most by deliver, batches of 5.4 MB',
      await peak({ subject: subjects.deliver, event: sqsEvent(body, LARGE.webhooks) }),
    ),
  ];
}

/** Lambda gives a whole CPU at this memory, and a share in proportion below (Lambda developer guide, "Configure memory"). */
const FULL_CPU_MEGABYTES = 1_769;

const PERIOD_MILLISECONDS = 20;

/**
 * Lets a process run for no more than the share of a CPU that so much memory buys, by stopping it for the rest of each
 * period: what a CPU quota does, without the rights that a control group needs. Gives the means to end it.
 */
function throttle(child: ChildProcess, memoryMegabytes: number): () => void {
  const running = (PERIOD_MILLISECONDS * memoryMegabytes) / FULL_CPU_MEGABYTES;
  let timer: NodeJS.Timeout | undefined;
  const stop = () => {
    child.kill('SIGSTOP');
    timer = setTimeout(go, PERIOD_MILLISECONDS - running);
  };
  const go = () => {
    child.kill('SIGCONT');
    timer = setTimeout(stop, running);
  };
  stop();
  return () => {
    clearTimeout(timer);
    child.kill('SIGCONT');
  };
}

/** The real code with a line of it replaced. */
export type Mutant = {
  readonly function: 'ingest' | 'deliver';
  /** The file that is changed, from `lambdas/`. */
  readonly file: string;
  readonly changes: readonly (readonly [from: string, to: string])[];
};

const atLambdas = (path: string) => fileURLToPath(new URL(`../../lambdas/${path}`, import.meta.url));

/** The text of the mutant's file with its changes. Throws where it does not have the text that is to be changed. */
export function mutate({ file, changes }: Pick<Mutant, 'file' | 'changes'>): string {
  return changes.reduce(
    (text, [from, to]) => {
      if (!text.includes(from)) throw new Error(`${file} has no "${from}" to change.`);
      return text.replace(from, to);
    },
    readFileSync(atLambdas(file), 'utf8'),
  );
}

/** Bundles a function as it is deployed, but for the mutant's changes. */
export async function bundleMutant(mutant: Mutant, outfile: string): Promise<void> {
  const path = atLambdas(mutant.file);
  const contents = mutate(mutant);
  await build({
    ...BUNDLE_OPTIONS,
    entryPoints: [atLambdas(`${mutant.function}/handler.ts`)],
    outfile,
    plugins: [
      {
        name: 'mutant',
        setup: (plugins) => {
          plugins.onLoad({ filter: /\.ts$/ }, (loaded) =>
            loaded.path === path ? { contents, loader: 'ts' } : undefined,
          );
        },
      },
      ...BUNDLE_OPTIONS.plugins,
    ],
  });
}
