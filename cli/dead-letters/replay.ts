import { type Command, InvalidArgumentError } from 'commander';
import { eventNameOf } from '../../answers/dead-letters/dead-letter.ts';
import { failuresOf } from '../../answers/dead-letters/letter-events.ts';
import { type Replayed, type ReplayOptions, replayDeadLetters } from '../../answers/dead-letters/replay.ts';
import { PROJECT, type Project, projectOf } from '../../answers/project.ts';
import { writeItemRanges } from '../../lambdas/buffer/replay.ts';
import { joinLines } from '../../lib/config/terminal.ts';
import { type CommandResult, example, INTERRUPTED, interruption, refuse, run } from '../command-line.ts';
import { withEvent, withFilters } from './list.ts';

export function registerReplay(group: Command): void {
  withEvent(withFilters(group.command('replay')))
    .description('put webhooks back on the buffer: what was delivered is never repeated')
    .argument('[ids...]', 'as in the list; their beginnings are enough')
    .option('--all', 'everything but what may have been accepted')
    .option(
      '--unconfirmed',
      'with ids: send again what may have been accepted, and may become a second message',
    )
    .option('--late', 'send it though it is older than its max-age')
    .option('--dry-run', 'say what would go back, and change nothing')
    .option('--rate <number>', 'so many a second', readRate, 10)
    .option('--by <name>', 'who wants it (default: the user of this machine)')
    .option('--stage <name>', 'whose mapping to ask for the max-age (default: the stage of the stack)')
    .addHelpText(
      'after',
      example(
        'dead-letter replay --code webex-mandatory-field-missing --dry-run',
        'dead-letter replay 1f3c9a2b',
        'dead-letter replay 1f3c9a2b --event paid --item 3',
      ),
    )
    .action((ids, options) =>
      run(() => replayCommand(projectOf(PROJECT, options), { ids, ...options }, interruption())),
    );
}

function readRate(text: string): number {
  const rate = Number(text);
  if (rate > 0 && rate <= 1_000) return rate;
  throw new InvalidArgumentError('expected a number above 0, 1000 at most');
}

/** `adapter dead-letter replay`: puts webhooks back on the buffer, and says what became of each dead letter. */
export async function replayCommand(
  project: Project,
  { json, ...options }: ReplayOptions & { readonly json?: boolean | undefined },
  signal?: AbortSignal,
): Promise<CommandResult> {
  const replayed = await replayDeadLetters(project, options, signal);
  if (!replayed.ok) return refuse(replayed.failure);
  // What stays or failed is for the person to look at.
  const isWell = replayed.value.every(({ outcome }) => outcome === 'replayed' || outcome === 'would-replay');
  const text =
    json === true
      ? JSON.stringify(replayed.value.map(replayedJson), null, 2)
      : formatReplayed(replayed.value);
  const isWhole = replayed.value.every(({ outcome }) => outcome !== 'not-reached');
  return { text, exitCode: isWhole ? (isWell ? 0 : 1) : INTERRUPTED };
}

function replayedJson({ deadLetter, chosen, reasons, ...rest }: Replayed): object {
  const { id, messageId, code, source, deduplicationId } = deadLetter;
  const events = failuresOf(chosen).flatMap(({ event, items }) =>
    event === undefined ? [] : [{ event, ...(items && { items: writeItemRanges(items) }) }],
  );
  const reason = reasons.length === 0 ? {} : { reason: reasons.join('; ') };
  return { id, messageId, code, source, deduplicationId, events, ...rest, ...reason };
}

function formatReplayed(replayed: readonly Replayed[]): string {
  if (replayed.length === 0) return 'No dead letter matches.';
  const reached = replayed.filter(({ outcome }) => outcome !== 'not-reached');
  const lines = reached.map(({ deadLetter, chosen, outcome, reasons }) => {
    const { id, code, source, deduplicationId } = deadLetter;
    const events = eventNameOf({ failures: failuresOf(chosen) });
    const name = [source, deduplicationId, events].filter(Boolean).join('  ');
    return joinLines([
      `${outcome.padEnd(13)}${id}  ${code}  ${name}`,
      ...reasons.map((line) => `${' '.repeat(13)}${line}`),
    ]);
  });
  return [...lines, '', formatSum(replayed)].join('\n');
}

function formatSum(replayed: readonly Replayed[]): string {
  const count = (outcome: Replayed['outcome']) => replayed.filter((one) => one.outcome === outcome).length;
  const would = count('would-replay');
  const left = count('not-reached');
  const rest =
    left === 0 ? '' : ` Interrupted: ${left} ${left === 1 ? 'was' : 'were'} not reached, and left as before.`;
  if (would > 0) return `${would} would go back to the buffer; nothing was changed.${rest}`;
  return `${count('replayed')} of ${replayed.length} went back to the buffer. "explain ID" tells what becomes of each.${rest}`;
}
