import { eventNameOf } from '../../answers/dead-letter.ts';
import type { Project } from '../../answers/project.ts';
import { type Replayed, type ReplayOptions, replayDeadLetters } from '../../answers/replay.ts';
import { type CommandResult, refuse } from '../command-line.ts';

/** `adapter dead-letter replay`: puts webhooks back on the buffer, and says what became of each dead letter. */
export async function replayCommand(
  project: Project,
  { json, ...options }: ReplayOptions & { readonly json?: boolean | undefined },
): Promise<CommandResult> {
  const replayed = await replayDeadLetters(project, options);
  return replayed.ok ? formatReplay(replayed.value, json === true) : refuse(replayed.failure);
}

/** All is well when everything that was chosen went back; what stays, or failed, is for the person to look at. */
function formatReplay(replayed: readonly Replayed[], asJson: boolean): CommandResult {
  const isWell = replayed.every(({ outcome }) => outcome === 'replayed' || outcome === 'would-replay');
  const exitCode = isWell ? 0 : 1;
  if (asJson) {
    const told = replayed.map(
      ({ letter: { id, messageId, code, source, deduplicationId, note }, ...rest }) => ({
        id,
        messageId,
        code,
        source,
        deduplicationId,
        event: note?.event,
        item: note?.item,
        ...rest,
      }),
    );
    return { text: JSON.stringify(told, null, 2), exitCode };
  }
  if (replayed.length === 0) return { text: 'There is no such dead letter.', exitCode };
  const lines = replayed.map(({ letter, outcome, reason }) => {
    const name = [letter.source, letter.deduplicationId, eventNameOf(letter)].filter(Boolean).join('  ');
    return `${outcome.padEnd(13)}${letter.id}  ${letter.code}  ${name}${reason === undefined ? '' : `\n${' '.repeat(13)}${reason}`}`;
  });
  return { text: [...lines, formatSum(replayed)].join('\n'), exitCode };
}

function formatSum(replayed: readonly Replayed[]): string {
  const count = (outcome: Replayed['outcome']) => replayed.filter((one) => one.outcome === outcome).length;
  const would = count('would-replay');
  if (would > 0) return `\n${would} would go back to the buffer; nothing was changed.`;
  const back = count('replayed');
  return `\n${back} of ${replayed.length} went back to the buffer. "explain ID" tells what becomes of each.`;
}
