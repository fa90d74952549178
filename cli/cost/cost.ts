import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, type Result, succeed } from '../../lambdas/result.ts';
import { formatProblems } from '../../lib/config-file.ts';
import { readMappingFolders } from '../../lib/map/mapping-folders.ts';
import { stackNameOf, synthesizeWith } from '../../local/synthesize.ts';
import { refuse } from '../command-line.ts';
import { type Project, stageNames } from '../project.ts';
import type { CommandResult } from '../send.ts';
import { ASSUMED } from './assumptions.ts';
import { costLines } from './cost-lines.ts';
import { drainAfter } from './drain.ts';
import { limitsOf } from './limits.ts';
import { PRICES } from './prices.ts';
import { COUNTED_REQUESTS } from './request-counts.ts';
import { readStackFacts, type StackFacts } from './stack-facts.ts';
import { type CostReport, tellCost } from './tell-cost.ts';
import type { Usage } from './usage.ts';

export type CostOptions = {
  readonly stage?: string | undefined;
  /** Webhooks a month. */
  readonly rate: number;
  /** Kilobytes of a body. */
  readonly body: number;
  readonly eventsPerWebhook: number;
  /** Percent. */
  readonly duplicates: number;
  readonly ignored: number;
  /** Days. */
  readonly retention?: number | undefined;
  /** Hours. */
  readonly outage: number;
  /** Milliseconds of a call of the event API. */
  readonly call?: number | undefined;
  readonly json?: boolean | undefined;
};

/** `adapter cost`: what a stage costs by list price, how long an outage takes to drain, and which limit is hit first. */
export async function tellCostOf(project: Project, options: CostOptions): Promise<CommandResult> {
  const { duplicates, ignored } = options;
  if (duplicates + ignored > 100) return refuse('--duplicates and --ignored are parts of the same webhooks.');
  const stages = stageNames(project);
  if (!stages.ok) return refuse(stages.failure);
  const stage = options.stage ?? stages.value[0] ?? '';
  if (!stages.value.includes(stage))
    return refuse(`There is no stage "${stage}" in stages.yaml. There are: ${stages.value.join(', ')}.`);
  const facts = await factsOfStage(stage);
  if (!facts.ok) return refuse(facts.failure);
  const usage = usageOf(project, options);
  if (!usage.ok) return refuse(usage.failure);
  const report = reportOf(stage, facts.value, usage.value, options.outage);
  return { text: options.json === true ? JSON.stringify(report, null, 2) : tellCost(report), exitCode: 0 };
}

/** Puts together what follows from a template and from what comes in. */
export function reportOf(stage: string, facts: StackFacts, usage: Usage, outageHours: number): CostReport {
  const input = { facts, usage, counted: COUNTED_REQUESTS, prices: PRICES };
  return {
    stage,
    usage,
    pricesAt: PRICES.at,
    countedAt: COUNTED_REQUESTS.at,
    region: PRICES.region,
    lines: costLines(input),
    limits: limitsOf(facts, usage, COUNTED_REQUESTS),
    drain: drainAfter(outageHours, usage, facts),
    eventsPerSecond: facts.deliver.eventsPerSecond,
    unpriced: facts.unpriced,
  };
}

/** Synthesizes a stage and reads its template. @param mappings a directory of mapping folders, in the place of its own */
export async function factsOfStage(stage: string, mappings?: string): Promise<Result<StackFacts, string>> {
  const assembly = await synthesizeWith({ stage, mappings });
  if (!assembly.ok) return assembly;
  try {
    const file = join(assembly.value.directory, `${stackNameOf(stage)}.template.json`);
    return succeed(readStackFacts(JSON.parse(await readFile(file, 'utf8'))));
  } finally {
    await assembly.value.remove();
  }
}

export function usageOf({ mappings }: Project, options: CostOptions): Result<Usage, string> {
  const files = readMappingFolders(mappings);
  if (!files.ok) return fail(formatProblems(files.failure));
  return succeed({
    webhooks: options.rate,
    bodyBytes: options.body * 1024,
    eventsPerWebhook: options.eventsPerWebhook,
    duplicates: options.duplicates / 100,
    ignored: options.ignored / 100,
    callSeconds: options.call === undefined ? ASSUMED.callSeconds : options.call / 1000,
    mappedEvents: files.value.reduce((sum, { events }) => sum + events.length, 0),
    retentionDays: options.retention,
  });
}
