import { type Command, Option } from 'commander';
import { mappedTypesOf, type StoryLine } from '../../answers/calls.ts';
import {
  CUSTOMER_KINDS,
  type CustomerEvent,
  type CustomerFacts,
  type CustomerKind,
  customerEvents,
  findCustomer,
  readCustomer,
} from '../../answers/customer.ts';
import { deadLetterJson } from '../../answers/dead-letters/dead-letter.ts';
import { countHeld } from '../../answers/dead-letters/queue.ts';
import { countWaiting, findWebhook, type WebhookFacts } from '../../answers/find.ts';
import { sourceOf } from '../../answers/ledger-items.ts';
import { formatPause, pauseOf, readPauses } from '../../answers/pause.ts';
import {
  type Account,
  type AccountChoice,
  explainClock,
  findMapping,
  openAccount,
  PROJECT,
  type Project,
  projectOf,
  readMappings,
} from '../../answers/project.ts';
import { storyEnd, storyLines } from '../../answers/story.ts';
import { INVOCATION, joinLines } from '../../lib/config/terminal.ts';
import { formatIdentity } from '../../lib/mapping/verify.ts';
import { type CommandResult, example, formatCount, refuse, run, withAccount } from '../command-line.ts';
import { formatHeld } from '../dead-letters/list.ts';

type ExplainOptions = AccountChoice & {
  readonly id?: string | undefined;
  readonly customer?: string | undefined;
  readonly kind?: CustomerKind | undefined;
  readonly source?: string | undefined;
  readonly json?: boolean | undefined;
};

export function registerExplain(program: Command): void {
  const command = program
    .command('explain')
    .description(
      'did she get the message, and if not, why? The story of a webhook, or all events of a customer',
    )
    .argument(
      '[id]',
      "the vendor's id of a webhook or of an item, our own (webhookId), or Webex Campaign's transaction id",
    )
    .option('--source <name>', 'whose id it is (default: any)');
  withAccount(withCustomer(command))
    .addHelpText(
      'after',
      example(
        'explain evt_1PqR8sLkdIwHu7ix',
        'explain event_12345676543210',
        'explain --customer ann@example.com',
      ),
    )
    .action((id, options) => run(() => explain(projectOf(PROJECT, options), { id, ...options })));
}

/** Adds the options of a command that is about one customer. */
export function withCustomer(command: Command): Command {
  return command
    .option('--customer <key>', 'whom: her e-mail address, mobile number, customer id or device id')
    .addOption(new Option('--kind <kind>', 'what the key is (default: guessed)').choices(CUSTOMER_KINDS));
}

/** `adapter explain`: one webhook's whole story, or all events of a customer. */
export async function explain(project: Project, options: ExplainOptions): Promise<CommandResult> {
  const { id, customer } = options;
  if ((id === undefined) === (customer === undefined))
    return refuse('Give an id, or --customer with an address, a number or an id of hers: one of the two.');
  const account = await openAccount(options);
  if (!account.ok) return refuse(account.failure);
  return customer === undefined
    ? explainWebhook(project, account.value, { ...options, id: id ?? '' })
    : explainCustomer(project, account.value, { ...options, customer });
}

async function explainWebhook(
  project: Project,
  account: Account,
  { id, source, json }: ExplainOptions & { readonly id: string },
): Promise<CommandResult> {
  const held = formatHeld(await countHeld(account));
  const found = await findWebhook(account, project, { id, source });
  const exitCode = found.length > 0 ? 0 : 1;
  if (json === true) {
    const stories = found.map((facts) => storyJson(facts, linesOf(project, facts)));
    return { text: JSON.stringify(stories, null, 2), exitCode };
  }
  if (found.length === 0) {
    const waiting = await countWaiting(account);
    const paused = (await readPauses(account)).map(formatPause);
    return { text: formatUnknown(id, { waiting, held, paused, forms: idForms(project) }), exitCode };
  }
  const stories = found.map((facts) => formatStory(facts, linesOf(project, facts)));
  const isComplete = held === undefined || found.every(({ deadLetters }) => deadLetters.length > 0);
  const pauses = await readPauses(account);
  const paused = found
    .map(({ story }) => pauseOf(pauses, sourceOf(story.webhook)))
    .find((one) => one !== undefined);
  const notes = [
    isComplete ? undefined : held,
    paused && `${formatPause(paused)}: what has not ended waits.`,
    explainClock(account),
  ].filter((note) => note !== undefined);
  return { text: [...stories, ...notes].join('\n\n\n'), exitCode };
}

async function explainCustomer(
  project: Project,
  account: Account,
  { customer, kind, json }: ExplainOptions & { readonly customer: string },
): Promise<CommandResult> {
  const mappings = readMappings(project);
  const keys = await readCustomer({ key: customer, kind }, mappings.ok ? mappings.value : []);
  if (!keys.ok) return refuse(keys.failure);
  const held = formatHeld(await countHeld(account));
  const found = await findCustomer(account, project, keys.value);
  if (!found.ok) return refuse(found.failure);
  const events = customerEvents(found.value);
  const waiting = await countWaiting(account);
  const exitCode = events.length > 0 ? 0 : 1;
  if (json === true) {
    const unread = found.value.unread.map(({ id }) => id);
    return { text: JSON.stringify({ kind: keys.value.kind, events, unread, waiting }, null, 2), exitCode };
  }
  const doubts = formatDoubts(found.value, { waiting, held });
  const none = `No event for this ${keys.value.kind} is in the ledger, which keeps 30 days, or in a dead letter.`;
  const lines = events.length === 0 ? [none] : events.flatMap(formatEvent);
  return { text: joinLines([...lines, ...(doubts.length > 0 ? ['', ...doubts] : [])]), exitCode };
}

function formatEvent({ receivedAt, source, verdict, id }: CustomerEvent): readonly string[] {
  return [
    `${receivedAt.toISOString()}  ${source}  ${verdict}`,
    `${' '.repeat(26)}${INVOCATION} explain ${id}`,
  ];
}

/** Where there may be more of her than was found. */
function formatDoubts(
  { unread }: CustomerFacts,
  { waiting, held }: { readonly waiting: number; readonly held: string | undefined },
): readonly string[] {
  const ids = unread.map(({ id }) => id);
  const named = ids.length > 5 ? `${ids.slice(0, 5).join(', ')}, …` : ids.join(', ');
  return [
    ...(unread.length === 0
      ? []
      : [
          `Nobody can tell whose ${formatCount(unread.length, 'dead letter')} ${unread.length === 1 ? 'is' : 'are'}, as the mapping cannot map ${unread.length === 1 ? 'it' : 'them'} now: ${named}`,
        ]),
    ...(waiting === 0
      ? []
      : [
          `${formatCount(waiting, 'webhook')} wait${waiting === 1 ? 's' : ''} on the buffer: whose, is not known yet.`,
        ]),
    ...(held === undefined ? [] : [held]),
  ];
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
  {
    waiting,
    held,
    paused,
    forms,
  }: {
    readonly waiting: number;
    readonly held: string | undefined;
    readonly paused: readonly string[];
    readonly forms: readonly string[];
  },
): string {
  return joinLines([
    `No webhook with the id ${id} was found. It may be one of these:`,
    `  - it waits on the buffer, where ${formatCount(waiting, 'webhook')} ${waiting === 1 ? 'is' : 'are'} now`,
    ...paused.map((pause) => `    (${pause})`),
    ...(held === undefined ? [] : [`  - it is a dead letter that cannot be read now: ${held}`]),
    '  - ingest refused or ignored it: only the log of the ingest function shows that',
    '  - it never came: ask the vendor for its delivery log',
    '  - it was taken more than 30 days ago: the ledger keeps nothing for longer',
    '  - the id is another: ours (webhookId in the logs), the transaction id of Webex Campaign, or the one that the',
    '    vendor sends. Its members are joined by ":", and it stands here:',
    ...forms.map((form) => `      ${form}`),
    '  - you know her address or number? explain --customer finds all of her events',
  ]);
}

/** Where each source of the project has the id by which a webhook, or an item of it, is found. */
function idForms(project: Project): readonly string[] {
  const mappings = readMappings(project);
  const files = mappings.ok ? mappings.value : [];
  return files.map(
    ({ source, profile }) =>
      `${source}: ${formatIdentity(profile).replaceAll('`', '').replaceAll(' : ', ':')}`,
  );
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
