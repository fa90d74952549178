import { type AccountChoice, openAccount } from './account.ts';
import { refuse } from './command-line.ts';
import { letterJson } from './dead-letter-list.ts';
import { countWaiting, findWebhook, type WebhookFacts } from './find-webhook.ts';
import type { Project } from './project.ts';
import type { CommandResult } from './send.ts';
import { storyEnd } from './story-end.ts';
import { storyLines } from './story-lines.ts';

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
    return { text: JSON.stringify(found.map(storyJson), null, 2), exitCode: found.length > 0 ? 0 : 1 };
  }
  if (found.length > 0) return { text: found.map(describeStory).join('\n\n\n'), exitCode: 0 };
  return { text: describeUnknown(options.id, await countWaiting(account.value)), exitCode: 1 };
}

function describeStory(facts: WebhookFacts): string {
  const { story, letters } = facts;
  const [source = '', ...id] = story.webhook.split('#');
  const lines = storyLines(story).flatMap(({ at, what, more }) => [
    `  ${at.toISOString()}  ${what}`,
    ...more.map((text) => `${' '.repeat(28)}${text}`),
  ]);
  const received = letters[0]?.receivedAt;
  const without =
    lines.length === 0 ? [`  ${received ?? 'some time ago'}  received; the ledger has no more of it`] : [];
  return [`${source}  ${id.join('#')}`, '', ...lines, ...without, '', ...storyEnd(facts)].join('\n');
}

function describeUnknown(id: string, waiting: number): string {
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

function storyJson(facts: WebhookFacts): object {
  const { story, letters } = facts;
  return {
    webhook: story.webhook,
    events: story.entries.map(({ owner: _, revision: __, eventKeyHash: ___, ...entry }) => entry),
    deliveries: story.receipts,
    actions: story.actions,
    deadLetters: letters.map(letterJson),
    lines: storyLines(story),
    end: storyEnd(facts),
  };
}
