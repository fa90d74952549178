import type { Command } from 'commander';
import { mappedTypesOf, type StoryLine } from '../../answers/calls.ts';
import { deadLetterJson } from '../../answers/dead-letter.ts';
import { countHeld } from '../../answers/dead-letter-queue.ts';
import { countWaiting, findWebhook, type WebhookFacts } from '../../answers/find.ts';
import { sourceOf } from '../../answers/ledger-items.ts';
import {
  type AccountChoice,
  explainClock,
  findMapping,
  openAccount,
  PROJECT,
  type Project,
  projectOf,
} from '../../answers/project.ts';
import { storyEnd, storyLines } from '../../answers/story.ts';
import { joinLines } from '../../lib/config/terminal.ts';
import { type CommandResult, example, formatCount, refuse, run, withAccount } from '../command-line.ts';
import { formatHeld } from '../dead-letters/list.ts';

type ExplainOptions = AccountChoice & {
  readonly id: string;
  readonly source?: string | undefined;
  readonly json?: boolean | undefined;
};

export function registerExplain(program: Command): void {
  const command = program
    .command('explain')
    .description("tell one webhook's whole story: did she get the message, and if not, why?")
    .argument(
      '<id>',
      "the vendor's id of it or of an item, our own (webhookId), or Webex Campaign's transaction id",
    )
    .option('--source <name>', 'whose id it is (default: any)');
  withAccount(command)
    .addHelpText('after', example('explain evt_1PqR8sLkdIwHu7ix', 'explain event_12345676543210'))
    .action((id, options) => run(() => explainWebhook(projectOf(PROJECT, options), { id, ...options })));
}

/** `adapter explain`: one webhook's whole story: did she get the message, and if not, why? */
export async function explainWebhook(project: Project, options: ExplainOptions): Promise<CommandResult> {
  const account = await openAccount(options);
  if (!account.ok) return refuse(account.failure);
  const held = formatHeld(await countHeld(account.value));
  const found = await findWebhook(account.value, project, options);
  const exitCode = found.length > 0 ? 0 : 1;
  if (options.json === true) {
    const stories = found.map((facts) => storyJson(facts, linesOf(project, facts)));
    return { text: JSON.stringify(stories, null, 2), exitCode };
  }
  if (found.length === 0)
    return {
      text: formatUnknown(options.id, { waiting: await countWaiting(account.value), held }),
      exitCode,
    };
  const stories = found.map((facts) => formatStory(facts, linesOf(project, facts)));
  const isComplete = held === undefined || found.every(({ deadLetters }) => deadLetters.length > 0);
  const notes = [isComplete ? undefined : held, explainClock(account.value)].filter(
    (note) => note !== undefined,
  );
  return { text: [...stories, ...notes].join('\n\n\n'), exitCode };
}

/** A story by the mapping as it is now; by no events where the source is gone, or its mapping cannot be read. */
function linesOf(project: Project, { story }: WebhookFacts): readonly StoryLine[] {
  const mapping = findMapping(project, sourceOf(story.webhook));
  return storyLines(story, mapping.ok ? mappedTypesOf(mapping.value) : []);
}

function formatStory(facts: WebhookFacts, story: readonly StoryLine[]): string {
  const source = sourceOf(facts.story.webhook);
  const id = facts.story.webhook.slice(source.length + 1);
  const lines = story.flatMap(({ at, what, more }) => [
    `  ${at.toISOString()}  ${what}`,
    ...more.map((text) => `${' '.repeat(28)}${text}`),
  ]);
  const received = facts.deadLetters[0]?.receivedAt ?? 'some time ago';
  const unknown = lines.length === 0 ? [`  ${received}  received; the ledger has no more of it`] : [];
  return joinLines([`${source}  ${id}`, '', ...lines, ...unknown, '', ...storyEnd(facts)]);
}

function formatUnknown(
  id: string,
  { waiting, held }: { readonly waiting: number; readonly held: string | undefined },
): string {
  return joinLines([
    `No webhook with the id ${id} was found. It may be one of these:`,
    `  - it waits on the buffer, where ${formatCount(waiting, 'webhook')} ${waiting === 1 ? 'is' : 'are'} now`,
    ...(held === undefined ? [] : [`  - it is a dead letter that cannot be read now: ${held}`]),
    '  - ingest refused or ignored it: only the log of the ingest function shows that',
    '  - it never came: ask the vendor for its delivery log',
    '  - it was taken more than 30 days ago: the ledger keeps nothing for longer',
    '  - the id is another: give the id that the vendor signs (Stripe: evt_…; of an item of a batch, its members',
    '    joined by ":"), ours (webhookId in the logs), or the transaction id of Webex Campaign',
  ]);
}

function storyJson(facts: WebhookFacts, lines: readonly StoryLine[]): object {
  const { story, deadLetters } = facts;
  return {
    webhook: story.webhook,
    events: story.entries.map(
      ({ owner: _, revision: __, eventKeyHash: ___, intakeRecord: ____, movedTo: _____, ...entry }) => entry,
    ),
    deliveries: story.intakeRecords.map(({ progress, identified: _, ...intakeRecord }) => ({
      ...intakeRecord,
      ...(progress && { progress: { ended: progress.ended.size(), of: progress.events } }),
    })),
    actions: story.actions,
    deadLetters: deadLetters.map(deadLetterJson),
    lines,
    end: storyEnd(facts),
  };
}
