import { appendFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import {
  contractFileOf,
  PROJECT,
  type Project,
  projectOf,
  stageNames,
  stagesForTrial,
} from '../../answers/project.ts';
import { type Result, succeed } from '../../lambdas/result.ts';
import { formatProblems, type Problem } from '../../lib/config/file.ts';
import { codeText, markdownTable, plainText } from '../../lib/config/markdown.ts';
import type { MappingFile } from '../../lib/mapping/file.ts';
import {
  checkStageMappings,
  foldersOf,
  isError,
  readExamples,
  warnOfVanished,
} from '../../lib/mapping/folders.ts';
import { type CommandResult, example, formatCount, jsonOption, refuse, run } from '../command-line.ts';
import { readBaseNames } from './base-mappings.ts';

export function registerValidate(program: Command): void {
  program
    .command('validate')
    .description('check all mapping folders and their examples, as a synth does')
    .option(
      '--base <ref>',
      'warn of names that were in this git ref, or directory of mapping folders, and are gone',
    )
    .addOption(
      new Option('--format <name>', 'github: annotations, and the summary of the job').choices([
        'text',
        'json',
        'github',
      ]),
    )
    .addOption(jsonOption())
    .addHelpText('after', example('validate', 'validate --base main'))
    .action((options) => run(() => validate(PROJECT, options)));
}

export function registerTest(program: Command): void {
  program
    .command('test')
    .description('run every example of every mapping folder, and check the folders as "validate" does')
    .addHelpText('after', example('test'))
    .action(() => run(() => testMappings(PROJECT)));
}

/** `adapter test`: each example with whether it becomes what it expects, then all problems. */
async function testMappings(project: Project): Promise<CommandResult> {
  const checked = await checkProject(project);
  if (!checked.ok) return refuse(checked.failure);
  const { mappings, problems, directories } = checked.value;
  const examples = [...new Set(directories)].flatMap((directory) =>
    foldersOf(directory).flatMap((folder) => readExamples(join(directory, folder), folder).examples),
  );
  const errors = problems.filter(isError);
  const failed = examples.filter(({ file }) => errors.some((error) => error.file === file));
  const lines = examples.map((one) => `${failed.includes(one) ? 'FAILED' : 'ok    '}  ${one.name}`);
  const counts = `${formatCount(examples.length, 'example')}, ${failed.length} failed.`;
  const end = errors.length === 0 ? `${counts} ${formatCounts(mappings)}` : counts;
  const text = [lines.join('\n'), formatProblems(problems), end].filter(Boolean).join('\n\n');
  return { text, exitCode: errors.length === 0 ? 0 : 1 };
}

export type ValidateOptions = {
  readonly base?: string | undefined;
  readonly format?: 'text' | 'json' | 'github' | undefined;
  readonly json?: boolean | undefined;
};

/** `adapter validate`: the check that a synth makes, of the folders of all stages, and nothing else. */
export async function validate(
  project: Project,
  { json, format = json ? 'json' : 'text', base }: ValidateOptions,
): Promise<CommandResult> {
  const found = await checkProject(project);
  if (!found.ok) return refuse(found.failure);
  const { mappings, directories } = found.value;
  const vanished = base === undefined ? succeed([]) : findVanished(base, directories, mappings);
  if (!vanished.ok) return refuse(vanished.failure);
  const problems = [...found.value.problems, ...vanished.value];
  const checked = { problems, counts: formatCounts(mappings), isRight: !problems.some(isError) };
  return { text: FORMATS[format](checked), exitCode: checked.isRight ? 0 : 1 };
}

/** The folders of all stages, each of its directory once or more, and their problems. */
type CheckedProject = {
  readonly mappings: readonly MappingFile[];
  readonly problems: readonly Problem[];
  readonly directories: readonly string[];
};

async function checkProject(project: Project): Promise<Result<CheckedProject, string>> {
  const stages = stageNames(project);
  if (!stages.ok) return stages;
  const folderOf = (stage: string) => projectOf(project, { stage }).mappings;
  const { mappings, problems } = await checkStageMappings(stages.value, folderOf, {
    contractFile: contractFileOf(project),
    today: new Date(),
    placeholders: stagesForTrial(project),
  });
  return succeed({ mappings, problems, directories: stages.value.map(folderOf) });
}

type Checked = { readonly problems: readonly Problem[]; readonly counts: string; readonly isRight: boolean };

const FORMATS: Readonly<Record<NonNullable<ValidateOptions['format']>, (checked: Checked) => string>> = {
  text: ({ problems, counts, isRight }) =>
    [formatProblems(problems), isRight ? counts : ''].filter(Boolean).join('\n'),
  json: ({ problems }) =>
    JSON.stringify(
      problems.map((problem) => ({ severity: 'error', ...problem })),
      null,
      2,
    ),
  github: (checked) => {
    const { GITHUB_WORKSPACE: workspace, GITHUB_STEP_SUMMARY: summary } = process.env;
    // GitHub knows files by their path from the root of the repository.
    const moved = checked.problems.map((problem) => ({
      ...problem,
      file: relative(workspace || process.cwd(), resolve(problem.file)).replaceAll('\\', '/'),
    }));
    if (summary) appendFileSync(summary, `${formatSummary({ ...checked, problems: moved })}\n`);
    return [...moved.map(formatAnnotation), ...(checked.isRight ? [checked.counts] : [])].join('\n');
  },
};

function formatCounts(mappings: readonly MappingFile[]): string {
  const events = mappings.reduce((sum, mapping) => sum + mapping.events.length, 0);
  const counts = `${formatCount(mappings.length, 'mapping folder')} with ${formatCount(events, 'event')}`;
  return `${counts} ${mappings.length === 1 ? 'is' : 'are'} in order.`;
}

/** What GitHub calls a problem. */
const COMMANDS = { error: 'error', warning: 'warning', hint: 'notice' };

/** A problem as a workflow command of GitHub Actions, which shows it at its line in the pull request. */
export function formatAnnotation({ file, line, column, path, message, severity }: Problem): string {
  const properties = Object.entries({
    file,
    line,
    col: column,
    title: path === '' ? undefined : path,
  }).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${escapeProperty(String(value))}`]));
  return `::${COMMANDS[severity ?? 'error']} ${properties.join(',')}::${escapeData(message)}`;
}

/** As the toolkit of GitHub Actions does it (actions/toolkit, packages/core/src/command.ts). */
function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

/** What the page of the job shows, as Markdown. */
function formatSummary({ problems, counts, isRight }: Checked): string {
  const rows = problems.map(({ file, line, path, message, severity = 'error' }) => [
    severity,
    codeText([file, line].filter((part) => part !== undefined).join(':')),
    path === '' ? '' : codeText(path),
    plainText(message),
  ]);
  const table = rows.length === 0 ? [] : [markdownTable(['', 'file', 'what', 'problem'], rows)];
  return ['## Mappings', ...table, ...(isRight ? [plainText(counts)] : [])].join('\n\n');
}

/** Names that were in an earlier state of the stages' folders, and are in none of today's. */
function findVanished(
  base: string,
  directories: readonly string[],
  mappings: readonly MappingFile[],
): Result<readonly Problem[], string> {
  const problems: Problem[] = [];
  for (const directory of new Set(directories)) {
    const earlier = readBaseNames(directory, base);
    if (!earlier.ok) return earlier;
    const shown = relative(process.cwd(), directory) || '.';
    problems.push(...warnOfVanished(earlier.value, mappings, { base, directory: shown }));
  }
  return succeed(problems);
}
