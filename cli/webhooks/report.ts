import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  type AccountChoice,
  openAccount,
  PROJECT,
  type Project,
  projectOf,
  readMappings,
} from '../../answers/project.ts';
import { findDifferences } from '../../answers/report/findings.ts';
import { countLog } from '../../answers/report/function-logs.ts';
import { type KnownMessages, messagesOf, reportOf } from '../../answers/report/numbers.ts';
import { FORMATS, type ReportFormat } from '../../answers/report/page.ts';
import {
  type CommandResult,
  example,
  portOption,
  readDuration,
  refuse,
  run,
  stackOption,
} from '../command-line.ts';

type ReportOptions = AccountChoice & {
  /** Seconds. */
  readonly since: number;
  readonly format: ReportFormat;
  readonly failOn?: readonly FailOn[] | undefined;
};

/** What a report can fail on. */
const FAIL_ON = ['fill-rate'] as const;
type FailOn = (typeof FAIL_ON)[number];

export function registerReport(program: Command): void {
  program
    .command('report')
    .description('count what became of webhooks and messages, and what is missing from them')
    .addOption(
      new Option('--since <duration>', 'how far it goes back, as 12h or 30d')
        .argParser(readDuration)
        .default(readDuration('30d'), '30d'),
    )
    .addOption(
      new Option('--format <name>', 'how it is written').choices(Object.keys(FORMATS)).default('markdown'),
    )
    .option('--fail-on <names>', `end with 1 if one of these got worse: ${FAIL_ON.join(', ')}`, readFailOn)
    .addOption(stackOption())
    .addOption(portOption())
    .addHelpText('after', example('report', 'report --since 7d --format html --stack webhook-adapter-dev'))
    .action((options) => run(() => report(projectOf(PROJECT, options), options)));
}

function readFailOn(text: string): readonly FailOn[] {
  return text.split(',').map((written) => {
    const found = FAIL_ON.find((one) => one === written.trim());
    if (found !== undefined) return found;
    throw new InvalidArgumentError(`expected one of: ${FAIL_ON.join(', ')}`);
  });
}

/** `adapter report`: what became of the webhooks of a period, message by message. */
export async function report(
  project: Project,
  { since, format, failOn = [], ...choice }: ReportOptions,
): Promise<CommandResult> {
  const account = await openAccount(choice);
  if (!account.ok) return refuse(account.failure);
  const { stackName, clock, url = '', logGroups } = account.value;
  if (logGroups?.ok === false) return refuse(logGroups.failure);
  const until = clock.now();
  const period = { since: new Date(until.getTime() - since * 1000), until };
  const place = logGroups === undefined ? { url } : { logGroups: logGroups.value };
  const log = await countLog(place, period);
  const known = readKnown(project);
  const made = reportOf(period, log.counts, known.messages);
  const findings = findDifferences(made);
  const notes = [...log.notes, ...known.notes];
  const text = FORMATS[format]({ report: made, findings, of: stackName, notes });
  const isFailing = findings.some(({ kind, isWorse }) => isWorse && failOn.some((one) => one === kind));
  return { text, exitCode: isFailing ? 1 : 0 };
}

type Known = { readonly messages: readonly KnownMessages[]; readonly notes: readonly string[] };

/** What the mappings say; without them, the report says what it lacks. */
function readKnown(project: Project): Known {
  const files = readMappings(project);
  if (files.ok) return { messages: files.value.map(messagesOf), notes: [] };
  const note =
    'The mappings cannot be read ("adapter validate" says why). This report lacks messages that had no event, parameters that were never missing, and the API versions of each message.';
  return { messages: [], notes: [note] };
}
