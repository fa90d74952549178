import { relative, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { chooseStage } from '../../answers/dead-letters/preview.ts';
import { CHANGE_CLASSES } from '../../answers/diff/change.ts';
import { readDeployed } from '../../answers/diff/deployed.ts';
import { type Comparison, diffMappings } from '../../answers/diff/diff.ts';
import {
  readAllExamples,
  readDeadLetterWebhooks,
  readSamples,
  readSources,
  withFormerExamples,
} from '../../answers/diff/inputs.ts';
import type { ComparedWebhook, SideSource } from '../../answers/diff/outcome.ts';
import {
  findStage,
  openAccount,
  PROJECT,
  type Project,
  readDefinitionNames,
  stageNames,
} from '../../answers/project.ts';
import { fail, type Result, succeed } from '../../lambdas/result.ts';
import { didYouMean, formatProblems, type Problem } from '../../lib/config/file.ts';
import { type CommandResult, example, jsonOption, portOption, refuse, run } from '../command-line.ts';
import { type BaseProject, withBaseProject } from './base-mappings.ts';
import { formatDiffPage } from './diff-page.ts';
import { type DiffReport, formatDiff } from './diff-text.ts';

export type DiffOptions = {
  readonly base?: string | undefined;
  readonly stack?: string | undefined;
  readonly port: number;
  readonly stage?: string | undefined;
  /** Whether dead letters are compared; those of the stack are, unless this is false. */
  readonly deadLetters?: boolean | undefined;
  readonly failOn?: string | undefined;
  readonly format?: 'text' | 'markdown' | 'json' | undefined;
  readonly json?: boolean | undefined;
};

export function registerDiff(program: Command): void {
  program
    .command('diff')
    .description('show what a change of the mappings does to customers, before it is deployed')
    .option(
      '--base <ref>',
      'a git ref, or a directory of mapping folders (default: where this work left main)',
    )
    .addOption(
      new Option('--stack <name>', 'compare with what this stack on AWS has deployed').conflicts('base'),
    )
    .option('--stage <name>', 'one stage alone (default: all; with --stack, that of the stack)')
    .option('--dead-letters', 'try the dead letters, too: of the local run, or of --stack')
    .option('--no-dead-letters', 'with --stack: leave its dead letters out')
    .addOption(portOption())
    .option('--fail-on <classes>', `end with 1 for these: ${CHANGE_CLASSES.join(', ')}`)
    .addOption(new Option('--format <name>', 'how to print it').choices(['text', 'markdown', 'json']))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      example(
        'diff',
        'diff --base v1.4 --fail-on newly-sent,identity-changed',
        'diff --stack webhook-adapter-prod',
      ),
    )
    .action((options) => run(() => diff(PROJECT, options)));
}

/** `adapter diff`: runs the mappings of before and of today over the same webhooks, and shows what differs. */
export async function diff(project: Project, options: DiffOptions): Promise<CommandResult> {
  const failOn = readClasses(options.failOn);
  if (!failOn.ok) return refuse(failOn.failure);
  const sides = await readSides(project, options);
  if (!sides.ok) return refuse(sides.failure);
  const report = await compare(project, options, sides.value);
  if (!report.ok) return refuse(report.failure);
  const isWrong = report.value.messages.some(({ changes }) =>
    changes.some(({ class: name }) => failOn.value.includes(name)),
  );
  return {
    text: FORMATS[options.json ? 'json' : (options.format ?? 'text')](report.value),
    exitCode: isWrong ? 1 : 0,
  };
}

const FORMATS: Readonly<Record<NonNullable<DiffOptions['format']>, (report: DiffReport) => string>> = {
  text: formatDiff,
  markdown: formatDiffPage,
  json: (report) => JSON.stringify(report, null, 2),
};

/** Reads the classes of `--fail-on`; fails with a sentence for all that are none. */
function readClasses(text = ''): Result<readonly string[], string> {
  const names = text.split(',').flatMap((name) => name.trim() || []);
  const unknown = names.filter((name) => !CHANGE_CLASSES.some((one) => one === name));
  if (unknown.length === 0) return succeed(names);
  const all = `The classes are: ${CHANGE_CLASSES.join(', ')}.`;
  const lines = unknown.map(
    (name) => `--fail-on: "${name}" is no class. ${didYouMean(name, CHANGE_CLASSES, all)}`,
  );
  return fail(lines.join('\n'));
}

/** What is compared with what, in which stages. */
type Sides = {
  /** What the earlier state is called. */
  readonly base: string;
  readonly stages: readonly { readonly stage: string; readonly before: Sources; readonly after: Sources }[];
  /** By stage, the event definitions of before. */
  readonly definitions: DiffReport['definitions'];
  /** The examples of before. */
  readonly examples: Webhooks;
  readonly notes: readonly string[];
};
type Sources = readonly SideSource[];
type Webhooks = ReturnType<typeof readAllExamples>;

const NO_WEBHOOKS: Webhooks = { webhooks: [], unread: 0 };

async function readSides(project: Project, options: DiffOptions): Promise<Result<Sides, string>> {
  if (options.stack !== undefined) return readStackSides(project, options, options.stack);
  const sides = await withBaseProject(project, options.base, async (base) =>
    readBaseSides(project, options, base),
  );
  return sides.ok ? sides.value : sides;
}

function readBaseSides(project: Project, { stage }: DiffOptions, base: BaseProject): Result<Sides, string> {
  const named = stage === undefined ? stageNames(project) : findStage(project, stage);
  if (!named.ok) return named;
  const theirs = stageNames(base.project);
  if (!theirs.ok) return fail(`stages.yaml has problems in ${base.name}:\n${theirs.failure}`);
  const stages: Sides['stages'][number][] = [];
  const pairs = pairStages([named.value].flat(), theirs.value);
  for (const [own, other] of pairs) {
    const after = readToday(project, own);
    if (!after.ok) return after;
    const before = readSources(base.project, other);
    if (!before.ok) return fail(formatBaseProblems(before.failure, base));
    stages.push({ stage: own, before: before.value, after: after.value });
  }
  const fresh = [named.value].flat().filter((name) => !pairs.some(([own]) => own === name));
  return succeed({
    base: base.name,
    stages,
    definitions: Object.fromEntries(
      pairs.map(([own, other]) => [own, readDefinitionNames(base.project, other)]),
    ),
    examples: readAllExamples(base.project, theirs.value),
    notes:
      fresh.length === 0
        ? []
        : [`Not compared, as ${base.name} does not have it: stage ${fresh.join(', ')}.`],
  });
}

/** Which stage of before each stage is compared with. Where all names are new, there is nothing to tell them by. */
function pairStages(
  own: readonly string[],
  theirs: readonly string[],
): readonly (readonly [string, string])[] {
  const common = own.filter((name) => theirs.includes(name));
  const [first] = theirs;
  return common.length > 0 || first === undefined
    ? common.map((name) => [name, name])
    : own.map((name) => [name, first]);
}

function readToday(project: Project, stage: string): Result<Sources, string> {
  const read = readSources(project, stage);
  if (!read.ok) return fail(`The mappings have problems:\n${formatProblems(read.failure)}`);
  return read.value.length > 0
    ? read
    : fail(`There is no mapping folder in ${relative(process.cwd(), project.mappings) || '.'}.`);
}

function formatBaseProblems(problems: readonly Problem[], { name, pathOf }: BaseProject): string {
  const moved = problems.map(({ file, ...problem }) => ({
    ...problem,
    file: relative(process.cwd(), pathOf(resolve(file))),
  }));
  return `The mappings of ${name} cannot be read by this version:\n${formatProblems(moved)}`;
}

async function readStackSides(
  project: Project,
  options: DiffOptions,
  stackName: string,
): Promise<Result<Sides, string>> {
  const stage = chooseStage(project, { stage: options.stage, stackName });
  if (!stage.ok) return stage;
  const after = readToday(project, stage.value);
  if (!after.ok) return after;
  const deployed = await readDeployed(stackName);
  if (!deployed.ok) return deployed;
  const { sources, isSameCode } = deployed.value;
  return succeed({
    base: `what ${stackName} has deployed`,
    stages: [{ stage: stage.value, before: sources, after: after.value }],
    definitions: {},
    examples: NO_WEBHOOKS,
    notes: isSameCode ? [] : [OTHER_VERSION],
  });
}

const OTHER_VERSION =
  'The stack runs another version than this one. Both mappings were run by this one: what the deployed one makes of its mappings may differ from "before".';

async function compare(
  project: Project,
  options: DiffOptions,
  { base, stages, definitions, examples: before, notes }: Sides,
): Promise<Result<DiffReport, string>> {
  const now = readAllExamples(
    project,
    stages.map(({ stage }) => stage),
  );
  const letters = await readLetters(options);
  if (!letters.ok) return letters;
  const webhooks: readonly ComparedWebhook[] = [
    ...withFormerExamples(now.webhooks, before.webhooks),
    ...readSamples(stages.flatMap((side) => [...side.before, ...side.after])),
    ...letters.value.webhooks,
  ];
  const messages = await diffMappings(groupStages(stages), webhooks);
  const unread = now.unread + before.unread + letters.value.unread;
  return succeed({
    base,
    stages: stages.map(({ stage }) => stage),
    definitions: Object.fromEntries(
      stages.map(({ stage }) => [stage, { ...definitions[stage], ...readDefinitionNames(project, stage) }]),
    ),
    webhooks: countBy(webhooks, ({ from }) => from),
    changes: countBy(
      messages.flatMap(({ changes }) => changes),
      ({ class: name }) => name,
    ),
    notes: [
      ...notes,
      ...(unread === 0 ? [] : [`Left out, as they cannot be read: ${unread} examples or dead letters.`]),
    ],
    messages,
  });
}

async function readLetters(options: DiffOptions): Promise<Result<Webhooks, string>> {
  if (!(options.deadLetters ?? options.stack !== undefined)) return succeed(NO_WEBHOOKS);
  const account = await openAccount(options);
  return account.ok ? readDeadLetterWebhooks(account.value) : account;
}

/** Stages that have the same on each side are compared once. */
function groupStages(stages: Sides['stages']): readonly Comparison[] {
  const groups = Map.groupBy(stages, ({ before, after }) => JSON.stringify([before, after]));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    return first === undefined ? [] : [{ ...first, stages: group.map(({ stage }) => stage) }];
  });
}

function countBy<One, Name extends string>(
  all: readonly One[],
  nameOf: (one: One) => Name,
): Partial<Record<Name, number>> {
  const groups = [...Map.groupBy(all, nameOf)].map(([name, those]) => [name, those.length]);
  return Object.fromEntries(groups) as Partial<Record<Name, number>>;
}
