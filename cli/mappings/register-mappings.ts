import { type FSWatcher, watch as watchFile } from 'node:fs';
import { dirname } from 'node:path';
import type { Command } from 'commander';
import { PROJECT, type Project, projectOf, stageNames } from '../../answers/project.ts';
import { formatProblems } from '../../lib/config/file.ts';
import { checkStageMappings, isError } from '../../lib/mapping/folders.ts';
import { type CommandResult, example, jsonOption, run } from '../command-line.ts';
import { explainMapping } from './explain-mapping.ts';
import { type MapOptions, mapCommand } from './map.ts';

/** The commands about mappings. */
export function registerMappings(program: Command): void {
  program
    .command('map')
    .description('show what a webhook becomes, event by event, without sending anything')
    .option('--mapping <name>', 'the mapping folder')
    .option('--body <file>', "the webhook's body")
    .option('--headers <file>', 'its headers: a JSON object, or lines of "Name: value"')
    .option('--example <name>', 'an example in the place of these: stripe/payment-failed')
    .option('--accept', 'record what the example becomes as what it is expected to become')
    .option('--stage <name>', 'whose mappings and event ids to take (default: the first of stages.yaml)')
    .option('--watch', 'show it again whenever a file is saved')
    .addOption(jsonOption())
    .addHelpText('after', example('map --example stripe/payment-failed'))
    .action((options) => {
      const project = projectOf(PROJECT, options);
      const map = () => run(() => mapCommand(project, options));
      return options.watch === true ? watch(project, options, map) : map();
    });

  program
    .command('explain-mapping')
    .description('say in plain English what becomes of the webhooks of a source')
    .argument('<name>', 'the mapping folder')
    .option('--stage <name>', 'whose mappings and event ids to show (default: the first of stages.yaml)')
    .addHelpText('after', example('explain-mapping stripe'))
    .action((name, options) =>
      run(async () => explainMapping(projectOf(PROJECT, options), { name, ...options })),
    );

  program
    .command('validate')
    .description('check all mapping folders and their examples, as a synth does')
    .addOption(jsonOption())
    .addHelpText('after', example('validate'))
    .action((options) => run(() => validate(PROJECT, options)));
}

/** Editors write a file in several steps. */
const SETTLE_MILLISECONDS = 100;

/** Does something now, and again whenever a mapping, an example, the body or the headers are saved; until Ctrl-C. */
async function watch(
  { mappings }: Project,
  { body, headers }: MapOptions,
  show: () => Promise<void>,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const showSoon = () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      process.stdout.write(`\n── ${new Date().toLocaleTimeString()}\n`);
      await show();
    }, SETTLE_MILLISECONDS);
  };
  const watchers: FSWatcher[] = [watchFile(mappings, { recursive: true }, showSoon)];
  for (const file of [body, headers]) {
    // The folder rather than the file: many editors put a new file in the place of the old one.
    if (file !== undefined) watchers.push(watchFile(dirname(file), showSoon));
  }
  // Only now, so that no change is missed.
  await show();
  await new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
  clearTimeout(timer);
  for (const watcher of watchers) watcher.close();
}

/** `adapter validate`: the check that a synth makes, of the folders of all stages, and nothing else. */
export async function validate(
  project: Project,
  { json }: { readonly json?: boolean | undefined },
): Promise<CommandResult> {
  const stages = stageNames(project);
  if (!stages.ok) return { text: stages.failure, exitCode: 2 };
  const { mappings, problems } = await checkStageMappings(
    stages.value,
    (stage) => projectOf(project, { stage }).mappings,
  );
  const exitCode = problems.some(isError) ? 1 : 0;
  if (json === true) {
    const told = problems.map((problem) => ({ severity: 'error', ...problem }));
    return { text: JSON.stringify(told, null, 2), exitCode };
  }
  const events = mappings.reduce((sum, mapping) => sum + mapping.events.length, 0);
  const ok = `${mappings.length} mapping folders with ${events} events are in order.`;
  return { text: [formatProblems(problems), exitCode === 0 ? ok : ''].filter(Boolean).join('\n'), exitCode };
}
