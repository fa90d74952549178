import { existsSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import * as z from 'zod';
import { fail, type Result, succeed } from '../../lambdas/result.ts';
import { type Finding, type Problem, parseConfigFile, readConfigText } from '../config/file.ts';
import { findUnfitRate, rateOf } from '../deliver/times.ts';
import { eventUrlSchema, type Stage, stageSchema } from './schema.ts';
import { LOCAL_STAGE } from './synthesize.ts';

const stagesSchema = z.record(
  z.string().regex(/^[a-z][a-z0-9-]{0,29}$/, 'expected a stage name: lower-case letters, digits and "-"'),
  stageSchema,
);

/** Reads `stages.yaml`: the settings of each stage, by its name; its folders lie beside it. */
export function readStages(file: string): Result<Readonly<Record<string, Stage>>, readonly Problem[]> {
  const shown = relative(process.cwd(), file);
  const text = readConfigText(file, shown);
  if (!text.ok) return text;
  const parsed = parseConfigFile(shown, text.value, stagesSchema);
  if (!parsed.ok) return parsed;
  const { value, problemAt } = parsed.value;
  const findings = checkStages(value, dirname(file));
  return findings.length === 0
    ? succeed(value)
    : fail(findings.map(({ path, message }) => problemAt(path, message)));
}

/** The stages whose event ids may be placeholders: the one that runs on this machine, and those that say so. */
export function stagesWithPlaceholders(stages: Readonly<Record<string, Stage>>): readonly string[] {
  return Object.entries(stages).flatMap(([name, { placeholders }]) =>
    name === LOCAL_STAGE || placeholders === 'allowed' ? [name] : [],
  );
}

const contextSchema = z.object({ stage: z.string().optional(), 'event-url': eventUrlSchema.optional() });

/**
 * Which stages to synthesize: all, or the one of the context value `stage`. The context value `event-url` takes the
 * place of that stage's, as the local run needs it.
 */
export function selectStages(
  stages: Readonly<Record<string, Stage>>,
  context: { readonly stage: unknown; readonly 'event-url': unknown },
): Result<Readonly<Record<string, Stage>>, readonly Problem[]> {
  const parsed = contextSchema.safeParse(context);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => problemWith(String(path[0]), message));
    return fail(problems);
  }
  const { stage, 'event-url': eventUrl } = parsed.data;
  if (stage === undefined && eventUrl === undefined) return succeed(stages);

  const settings = stage === undefined ? undefined : stages[stage];
  if (stage === undefined || settings === undefined) {
    const known = Object.keys(stages).join(', ');
    return fail([
      problemWith('stage', `expected a stage of stages.yaml (${known}), found ${stage ?? 'none'}.`),
    ]);
  }
  return succeed({ [stage]: { ...settings, ...(eventUrl !== undefined && { 'event-url': eventUrl }) } });
}

function problemWith(path: string, message: string): Problem {
  return { file: 'context', path, message };
}

/** What does not fit together in the settings of the stages, though each of them is well-formed. */
function checkStages(stages: Readonly<Record<string, Stage>>, directory: string): readonly Finding[] {
  return Object.entries(stages).flatMap(([name, stage]) => [
    ...[...checkAddress(stage), ...checkRates(stage), ...checkFolder(stage, directory)].map(
      ({ path, message }) => ({ path: [name, ...path], message }),
    ),
    ...checkDomain(name, stages),
  ]);
}

function checkAddress({ domain, 'public-url': publicUrl }: Stage): readonly Finding[] {
  if (domain === undefined || publicUrl === undefined) return [];
  const message = `is what webhook URLs begin with, and so is https://${domain.name} of the domain. Remove it.`;
  return [{ path: ['public-url'], message }];
}

function checkRates(stage: Stage): readonly Finding[] {
  const { throttle } = stage;
  const rate = rateOf({ eventsPerSecond: stage['events-per-second'], concurrency: stage.concurrency });
  const key = stage['events-per-second'] === undefined ? 'concurrency' : 'events-per-second';
  const tooLow = findUnfitRate(rate).map((message) => ({ path: [key], message }));
  if (throttle === undefined || throttle['requests-per-second'] >= rate.eventsPerSecond) return tooLow;
  const message = `${throttle['requests-per-second']} is less than the ${rate.eventsPerSecond} events that are sent each second: vendors would be refused while deliver is idle. Give ${rate.eventsPerSecond} at least.`;
  return [...tooLow, { path: ['throttle', 'requests-per-second'], message }];
}

function checkFolder({ mappings: folder }: Stage, directory: string): readonly Finding[] {
  if (folder === undefined || isDirectory(join(directory, folder))) return [];
  const message = `there is no folder "${folder}". Create it, with a folder in it for each source.`;
  return [{ path: ['mappings'], message }];
}

/** A domain can lead to one API only. */
function checkDomain(name: string, stages: Readonly<Record<string, Stage>>): readonly Finding[] {
  const domain = stages[name]?.domain?.name;
  const [first] = Object.entries(stages).find(([, other]) => other.domain?.name === domain) ?? [];
  if (domain === undefined || first === name) return [];
  return [
    { path: [name, 'domain', 'name'], message: `is the domain of the stage "${first}" too. Take another.` },
  ];
}

function isDirectory(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}
