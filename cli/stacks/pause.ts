import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { formatPause, type Pause, pause, readPauses, resume } from '../../answers/pause.ts';
import { type AccountChoice, openAccount, PROJECT, type Project, projectOf } from '../../answers/project.ts';
import { ALL_SOURCES } from '../../lambdas/deliver/pauses.ts';
import { didYouMean } from '../../lib/config/file.ts';
import { INVOCATION, joinLines } from '../../lib/config/terminal.ts';
import { foldersOf } from '../../lib/mapping/folders.ts';
import { type CommandResult, example, refuse, run, withAccount } from '../command-line.ts';

type PauseOptions = AccountChoice & {
  readonly source?: string | undefined;
  readonly all?: boolean | undefined;
  readonly by?: string | undefined;
  readonly reason?: string | undefined;
  readonly json?: boolean | undefined;
};

export function registerPause(program: Command): void {
  const paused = program
    .command('pause')
    .description('stop the delivery of a source within ten seconds; its webhooks are taken and wait')
    .argument('[source]', 'whose webhooks wait')
    .option('--all', 'those of all sources')
    .option('--reason <text>', 'why; no personal data')
    .option('--by <name>', 'who does it (default: your user name)');
  withAccount(paused)
    .addHelpText('after', example('pause stripe --reason "wrong amounts"', 'pause --all'))
    .action((source, options) =>
      run(() => pauseCommand(projectOf(PROJECT, options), { source, ...options })),
    );
  const resumed = program
    .command('resume')
    .description('let the delivery of what is paused go on')
    .argument('[source]', 'whose webhooks are delivered again')
    .option('--all', 'all that is paused')
    .option('--by <name>', 'who does it (default: your user name)');
  withAccount(resumed)
    .addHelpText('after', example('resume stripe', 'resume --all'))
    .action((source, options) => run(() => resumeCommand({ source, ...options })));
}

/** `adapter pause` */
export async function pauseCommand(project: Project, options: PauseOptions): Promise<CommandResult> {
  const { source, by = userInfo().username, reason } = options;
  const problem = checkChoice(options) ?? checkSource(project, source);
  if (problem !== undefined) return refuse(problem);
  const account = await openAccount(options);
  if (!account.ok) return refuse(account.failure);
  const since = account.value.clock.now();
  const made = { source: source ?? ALL_SOURCES, by, since, ...(reason !== undefined && { reason }) };
  await pause(account.value, made);
  if (options.json === true) return { text: JSON.stringify(made, null, 2), exitCode: 0 };
  const end = source ?? '--all';
  return {
    text: joinLines([
      `${formatPause(made)}. No call of Webex Campaign is begun for it after ten seconds.`,
      'Its webhooks are taken, and wait on the buffer for as long as the pause is on. To go on:',
      `  ${INVOCATION} resume ${end}${options.stack === undefined ? '' : ` --stack ${options.stack}`}`,
    ]),
    exitCode: 0,
  };
}

/** `adapter resume` */
export async function resumeCommand(options: PauseOptions): Promise<CommandResult> {
  const { source, all, by = userInfo().username } = options;
  const problem = checkChoice(options);
  if (problem !== undefined) return refuse(problem);
  const account = await openAccount(options);
  if (!account.ok) return refuse(account.failure);
  const pauses = await readPauses(account.value);
  const ended = pauses.filter((one) => all === true || one.source === source);
  const at = account.value.clock.now();
  for (const one of ended) await resume(account.value, one, { by, at });
  const left = pauses.filter((one) => !ended.includes(one));
  if (options.json === true) return { text: JSON.stringify({ ended, left }, null, 2), exitCode: 0 };
  return { text: joinLines(formatResumed(ended, left)), exitCode: ended.length > 0 ? 0 : 1 };
}

function formatResumed(ended: readonly Pause[], left: readonly Pause[]): readonly string[] {
  const names = ended.map(({ source }) => (source === ALL_SOURCES ? 'all sources' : source));
  return [
    ended.length === 0
      ? 'No such pause is on.'
      : `Resumed: ${names.join(', ')}. What waits is delivered within five minutes, at the rate that Webex Campaign takes.`,
    ...left.map((one) => `${formatPause(one)}: that holds on.`),
  ];
}

function checkChoice({ source, all }: PauseOptions): string | undefined {
  return (source === undefined) === (all !== true)
    ? 'Give the name of a source, or --all: one of the two.'
    : undefined;
}

function checkSource({ mappings }: Project, source: string | undefined): string | undefined {
  const known = foldersOf(mappings);
  if (source === undefined || known.length === 0 || known.includes(source)) return undefined;
  return `There is no source "${source}". ${didYouMean(source, known, `There are: ${known.join(', ')}.`)}`;
}
