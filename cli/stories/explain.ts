import { type AccountChoice, openAccount } from '../../answers/account.ts';
import { countWaiting, findWebhook, type WebhookFacts } from '../../answers/find.ts';
import { findMapping, type Project } from '../../answers/project.ts';
import type { MappedTypes } from '../../answers/story.ts';
import { type StoryLine, storyEnd, storyLines } from '../../answers/story.ts';
import { type CommandResult, refuse } from '../command-line.ts';
import { letterJson } from '../dead-letters/list.ts';

export type ExplainOptions = AccountChoice & {
  readonly id: string;
  readonly source?: string | undefined;
  readonly json?: boolean | undefined;
};

/** `adapter explain`: one webhook's whole story: did she get the message, and if not, why? */
export async function explainWebhook(project: Project, options: ExplainOptions): Promise<CommandResult> {
  const account = await openAccount(options);
  if (!account.ok) return refuse(account.failure);
  const found = await findWebhook(account.value, project, options);
  if (options.json === true) {
    return {
      text: JSON.stringify(
        found.map((facts) => storyJson(facts, linesOf(project, facts))),
        null,
        2,
      ),
      exitCode: found.length > 0 ? 0 : 1,
    };
  }
  if (found.length > 0)
    return {
      text: found.map((facts) => formatStory(facts, linesOf(project, facts))).join('\n\n\n'),
      exitCode: 0,
    };
  return { text: formatUnknown(options.id, await countWaiting(account.value)), exitCode: 1 };
}

function linesOf(project: Project, { story }: WebhookFacts): readonly StoryLine[] {
  return storyLines(story, mappingOf(project, story.webhook));
}

/** As it is now; nothing of a source that is not there any more, or whose mapping cannot be read. */
function mappingOf(project: Project, webhook: string): MappedTypes {
  const mapping = findMapping(project, webhook.split('#')[0] ?? '');
  return mapping.ok ? mapping.value.events : [];
}

function formatStory(facts: WebhookFacts, story: readonly StoryLine[]): string {
  const { letters } = facts;
  const [source = '', ...id] = facts.story.webhook.split('#');
  const lines = story.flatMap(({ at, what, more }) => [
    `  ${at.toISOString()}  ${what}`,
    ...more.map((text) => `${' '.repeat(28)}${text}`),
  ]);
  const received = letters[0]?.receivedAt;
  const without =
    lines.length === 0 ? [`  ${received ?? 'some time ago'}  received; the ledger has no more of it`] : [];
  return [`${source}  ${id.join('#')}`, '', ...lines, ...without, '', ...storyEnd(facts)].join('\n');
}

function formatUnknown(id: string, waiting: number): string {
  return [
    `Nothing is known of ${id}. It may be one of these:`,
    `  - it has not been taken from the buffer yet: ${waiting} webhooks are there now`,
    '  - it was refused or ignored at the door, which is in the log of the ingest function alone',
    '  - it never came: ask the vendor for its delivery log',
    '  - it was taken more than 30 days ago, which is as long as the ledger remembers',
    '  - the id is another: give the id that the vendor signs (Stripe: evt_…), ours (webhookId in the logs),',
    '    or the transaction id of Webex Campaign',
  ].join('\n');
}

function storyJson(facts: WebhookFacts, lines: readonly StoryLine[]): object {
  const { story, letters } = facts;
  return {
    webhook: story.webhook,
    events: story.entries.map(
      ({ owner: _, revision: __, eventKeyHash: ___, intakeRecord: ____, ...entry }) => entry,
    ),
    deliveries: story.intakeRecords,
    actions: story.actions,
    deadLetters: letters.map(letterJson),
    lines,
    end: storyEnd(facts),
  };
}
