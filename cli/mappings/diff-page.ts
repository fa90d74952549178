import type { Case, Change, MessageDiff } from '../../answers/diff/diff.ts';
import type { ComparedWebhook, NotSent, Sends } from '../../answers/diff/outcome.ts';
import { expressionSource, isExpression } from '../../lambdas/map/expression.ts';
import { codeText, markdownTable, plainText } from '../../lib/config/markdown.ts';
import { joinLines } from '../../lib/config/print.ts';
import { formatCount } from '../command-line.ts';
import { formatValue } from './explain-mapping.ts';

type ChangeClass = Change['class'];
type Edit = MessageDiff['edits'][number];

/** What `adapter diff` found; `--format json` prints it as it is. */
export type DiffReport = {
  /** What the earlier state is called. */
  readonly base: string;
  readonly stages: readonly string[];
  /** How many webhooks both sides have mapped. */
  readonly webhooks: Partial<Record<ComparedWebhook['from'], number>>;
  /** How many changes of each class there are. */
  readonly changes: Partial<Record<ChangeClass, number>>;
  /** What whoever reads this has to know about it. */
  readonly notes: readonly string[];
  readonly messages: readonly MessageDiff[];
};

const KINDS: Readonly<Record<ComparedWebhook['from'], string>> = {
  example: 'example',
  sample: 'sample',
  'dead-letter': 'dead letter',
};

function formatOver({ webhooks, stages }: DiffReport): string {
  const counts = Object.entries(KINDS).flatMap(([from, noun]) => {
    const count = webhooks[from as ComparedWebhook['from']] ?? 0;
    return count === 0 ? [] : [formatCount(count, noun)];
  });
  const over = counts.length === 0 ? 'no webhook' : counts.join(', ');
  return `over ${over}; ${stages.length === 1 ? 'stage' : 'stages'} ${stages.join(', ')}`;
}

/** Why a message is not sent, for whoever reads it after "not sent: ". */
const REASONS: Readonly<Record<NotSent, string>> = {
  'when-not-met': 'its condition is not met',
  'no-items': 'the webhook has no item for it',
  'too-old': 'it is too old for its max-age',
  'other-type': 'it is not on this type of webhook',
  'no-such-item': 'the webhook has no such item for it',
  'no-event': 'there is no such message',
  'no-source': 'there is no such source',
};

function formatReason(reason = ''): string {
  return Object.hasOwn(REASONS, reason) ? REASONS[reason as NotSent] : `it becomes a dead letter: ${reason}`;
}

/** The report for a terminal. */
export function formatDiff(report: DiffReport): string {
  const head = `Compared with ${report.base}, ${formatOver(report)}.`;
  const summary =
    report.messages.length === 0
      ? 'Nothing differs.'
      : `${formatCount(report.messages.length, 'message')}: ${formatClasses(report.changes)}`;
  return [joinLines([head, ...report.notes]), ...report.messages.map(formatMessage), summary].join('\n\n');
}

function formatClasses(changes: DiffReport['changes']): string {
  const names = Object.entries(changes).map(([name, count]) => (count === 1 ? name : `${name} (${count})`));
  return names.length === 0 ? 'nothing else is sent for these webhooks' : names.join(', ');
}

function formatMessage(message: MessageDiff): string {
  const { source, event, edits, changes } = message;
  return joinLines([
    `${source}: ${event}${formatStatus(message)}`,
    ...edits.map(
      ({ path, before = '(none)', after = '(none)' }) => `  edited             ${path}: ${before} → ${after}`,
    ),
    ...changes.flatMap((change) => formatChange(change, message)),
    ...(isUnseen(message) ? ['  No webhook shows what this does: add an example.'] : []),
  ]);
}

function formatStatus({ formerSource, formerEvent, isRenameSaid, only }: MessageDiff): string {
  const former = [formerSource && `source ${formerSource}`, formerEvent].filter(Boolean).join(', ');
  const forgotten = formerEvent !== undefined && !isRenameSaid ? ', without "formerly"' : '';
  if (only !== undefined) return only === 'after' ? ' (new)' : ' (gone)';
  return former === '' ? '' : ` (before: ${former}${forgotten})`;
}

function isUnseen({ edits, changes }: MessageDiff): boolean {
  return edits.length > 0 && changes.length === 0;
}

function formatChange(change: Change, message: MessageDiff): readonly string[] {
  const { class: name, subject, otherName, stages, cases } = change;
  const other =
    otherName === undefined ? '' : ` (${name === 'parameter-added' ? 'before' : 'now'} ${otherName})`;
  const what = [name.padEnd(17), `${subject ?? ''}${other}`].filter(Boolean).join('  ');
  return [
    `  ${what.trimEnd()}  ${formatShare(change, message)}, ${stages.join(', ')}`,
    ...cases.slice(0, MAX_CASES).map((one) => `    ${nameOf(one)}: ${formatValues(one, name)}`),
    ...(cases.length > MAX_CASES ? [`    and ${cases.length - MAX_CASES} more`] : []),
  ];
}

/** How many of the webhooks that it was sent for, or is sent for now. */
function formatShare({ class: name, cases }: Change, { sentBefore, sentAfter }: MessageDiff): string {
  const all = name === 'no-longer-sent' ? sentBefore : sentAfter;
  return cases.length > all ? String(cases.length) : `${cases.length} of ${all}`;
}

function nameOf({ webhook, item }: Case): string {
  return item === undefined ? webhook : `${webhook}, item ${item + 1}`;
}

function formatValues({ person, before, after, from }: Case, name: ChangeClass): string {
  const isOfCustomer = from === 'dead-letter' && before === undefined && after === undefined;
  const whom = person === undefined ? '' : `${person}: `;
  if (name === 'newly-sent') return `${whom}sent; before ${formatReason(before)}`;
  if (name === 'no-longer-sent') return `${whom}not sent: ${formatReason(after)}`;
  return isOfCustomer ? 'not shown' : `${whom}${before ?? '(none)'} → ${after ?? '(none)'}`;
}

/** How many cases of a change are shown; a person looks at no more. */
const MAX_CASES = 5;

/** GitHub takes comments of 65,536 characters. */
const MAX_PAGE = 60_000;

/** The report for a pull request, as somebody reads it who knows the messages and no mapping: Markdown. */
export function formatDiffPage(report: DiffReport): string {
  const { base, messages, notes } = report;
  const head = [
    '## What this change does to customers',
    `Compared with **${plainText(base)}**, ${plainText(formatOver(report))}. Nothing was sent to anybody.`,
    ...notes.map((note) => `> ${plainText(note)}`),
  ];
  if (messages.length === 0)
    return [...head, 'Nothing changes: customers get the same messages as before.'].join('\n\n');
  const summary = messages.flatMap(summarise);
  const table = markdownTable(
    ['message', 'what changes', 'for how many of the webhooks that were tried'],
    summary,
  );
  const explained = 'Each webhook below stands for all customers in the same situation.';
  return cutPage([...head, table, explained], messages.map(formatSection));
}

function cutPage(head: readonly string[], sections: readonly string[]): string {
  let page = head.join('\n\n');
  for (const [index, section] of sections.entries()) {
    if (page.length + section.length > MAX_PAGE) {
      return `${page}\n\n${formatCount(sections.length - index, 'more message')}: see the job's log, or run \`diff\`.`;
    }
    page = `${page}\n\n${section}`;
  }
  return page;
}

/** The rows of a message in the first table. */
function summarise(message: MessageDiff): readonly (readonly string[])[] {
  const rows = [
    ...formatWholes(message).map((text) => [text, '']),
    ...message.changes.filter(isShown).map((change) => [formatTitle(change), formatShare(change, message)]),
    ...(isUnseen(message) ? [['edited; no webhook shows what it does', '0']] : []),
  ];
  const name = `**${plainText(message.event)}** (${plainText(message.source)})`;
  return rows.map((cells, index) => [index === 0 ? name : '', ...cells]);
}

/** What is to be said of a message as a whole. */
function formatWholes({ formerEvent, formerSource, isRenameSaid, only }: MessageDiff): readonly string[] {
  return [
    ...(only === 'after' ? ['it is a new message'] : []),
    ...(only === 'before' ? ['this message is gone'] : []),
    ...(formerSource === undefined ? [] : [`its source was called ${codeText(formerSource)}`]),
    ...(formerEvent === undefined ? [] : [`it was called ${codeText(formerEvent)}`]),
    ...(formerEvent === undefined || isRenameSaid ? [] : [formatForgotten(formerEvent)]),
  ];
}

function formatForgotten(formerEvent: string): string {
  const line = codeText(`formerly: [${formerEvent}]`);
  return `its mapping does not say that it was called so: without ${line}, what was sent under the old name can be sent again`;
}

/** A parameter that was renamed is told once. */
function isShown({ class: name, otherName }: Change): boolean {
  return name !== 'parameter-added' || otherName === undefined;
}

const TITLES: Readonly<Record<ChangeClass, (subject: string, otherName: string | undefined) => string>> = {
  'newly-sent': () => 'customers **get it who did not** before',
  'no-longer-sent': () => 'customers **no longer get it**',
  'newly-rejected': (code) => `it **cannot be sent** any more and becomes a dead letter: ${code}`,
  'other-person': () => 'it goes to **another person**',
  'other-definition': () =>
    '**another event definition** of Webex Campaign is called, and so another message sent',
  'parameter-added': (name) => `it also has the parameter ${name}`,
  'parameter-removed': (name, now) =>
    now === undefined
      ? `it **no longer has the parameter** ${name}`
      : `the parameter ${name} is **now called** ${now}`,
  'parameter-changed': (name) => `the parameter ${name} has **another value**`,
  'identity-changed': () =>
    'it has another identity: customers who got it **can get it again**, when the vendor repeats a webhook or a dead letter is replayed',
  'nearer-limit': (limit) => `it comes near a limit of Webex Campaign: ${limit}`,
};

function formatTitle({ class: name, subject = '', otherName }: Change): string {
  return TITLES[name](codeText(subject), otherName === undefined ? undefined : codeText(otherName));
}

function formatSection(message: MessageDiff): string {
  const { source, event, on, sentBefore, sentAfter, edits, changes } = message;
  return [
    `### ${plainText(event)} (${plainText(source)})`,
    `On ${on.map(codeText).join(', ')}. Of the webhooks that were tried, ${sentBefore} led to it before, ${sentAfter} now.`,
    ...formatWholes(message).map((text) => `${capitalise(text)}.`),
    ...edits.filter(({ path }) => path === 'when').map(formatCondition),
    ...changes.filter(isShown).map((change) => formatCases(change, message)),
    ...(isUnseen(message)
      ? ['**No webhook shows what this does.** Add an example before you merge it.']
      : []),
    ...(edits.length === 0 ? [] : [formatEdits(edits)]),
  ].join('\n\n');
}

/** Most often a condition decides who gets a message. */
function formatCondition({ before, after }: Edit): string {
  const words = (text: string | undefined) => (text === undefined ? 'always' : `if ${formatWords(text)}`);
  return `It is now sent **${words(after)}**. Before, it was sent **${words(before)}**.`;
}

function formatWords(text: string): string {
  const words = formatValue(text);
  return words === expressionSource(text) ? codeText(words) : plainText(words);
}

function capitalise(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

function formatEdits(edits: readonly Edit[]): string {
  const rows = edits.map(({ path, before, after }) => [
    codeText(path),
    formatText(before),
    formatText(after),
  ]);
  return `What was edited in the mapping:\n\n${markdownTable(['', 'before', 'now'], rows)}`;
}

/** An expression, and in words what it is, where there are some. */
function formatText(text: string | undefined): string {
  if (text === undefined) return '(none)';
  const words = isExpression(text) ? formatWords(text) : codeText(text);
  return words.startsWith('`') ? codeText(text) : `${codeText(text)}<br>${words}`;
}

function formatCases(change: Change, message: MessageDiff): string {
  const { cases, stages, class: name, otherName } = change;
  const title = formatTitle(change);
  const share = `${formatShare(change, message)}; ${stages.length === 1 ? 'stage' : 'stages'} ${plainText(stages.join(', '))}`;
  const { head, cells } = otherName === undefined ? COLUMNS[name] : renamedColumns(change);
  const isParameter = name === 'parameter-removed';
  const rows = cases
    .slice(0, MAX_CASES)
    .map((one) => [formatCase(one), ...cells(one).map((cell) => cell ?? HIDDEN)]);
  const rest = cases.length > MAX_CASES ? [`and ${cases.length - MAX_CASES} more`] : [];
  return [
    `#### ${capitalise(title)} (${share})`,
    ...(isParameter ? [formatAdvice(change)] : []),
    markdownTable(['webhook', ...head], rows),
    ...rest,
  ].join('\n\n');
}

/** What stands for a value of a dead letter: it is a customer's. */
const HIDDEN = '(not shown)';

function formatCase({ webhook, title, item }: Case): string {
  const name = title === undefined ? codeText(webhook) : `${plainText(title)} (${codeText(webhook)})`;
  return item === undefined ? name : `${name}, item ${item + 1}`;
}

type Columns = {
  readonly head: readonly string[];
  readonly cells: (one: Case) => readonly (string | undefined)[];
};

const BEFORE_AND_NOW: Columns = {
  head: ['person', 'before', 'now'],
  cells: (one) => [personOf(one), cellOf(one, one.before), cellOf(one, one.after)],
};

/** What is shown of each case, beside the webhook. */
const COLUMNS: Readonly<Record<ChangeClass, Columns>> = {
  'newly-sent': {
    head: ['person', 'not sent before, as', 'sent now'],
    cells: (one) => [personOf(one), reasonCell(one.before), formatSends(one.sends)],
  },
  'no-longer-sent': {
    head: ['person', 'sent before', 'not sent now, as'],
    cells: (one) => [personOf(one), formatSends(one.sends), reasonCell(one.after)],
  },
  'newly-rejected': {
    head: ['person', 'before', 'now'],
    cells: (one) => [personOf(one), reasonCell(one.before), reasonCell(one.after)],
  },
  'other-person': {
    head: ['to this person before', 'to this person now'],
    cells: (one) => [cellOf(one, one.before), cellOf(one, one.after)],
  },
  'other-definition': BEFORE_AND_NOW,
  'parameter-added': BEFORE_AND_NOW,
  'parameter-removed': BEFORE_AND_NOW,
  'parameter-changed': BEFORE_AND_NOW,
  'identity-changed': { ...BEFORE_AND_NOW, head: ['person', 'known by this before', 'now by this'] },
  'nearer-limit': BEFORE_AND_NOW,
};

function reasonCell(reason: string | undefined): string {
  return reason === 'sent' ? 'sent' : plainText(formatReason(reason));
}

/** The same value under another name. */
function renamedColumns({ subject = '', otherName = '' }: Change): Columns {
  return {
    head: ['person', `${codeText(subject)} before`, `${codeText(otherName)} now`],
    cells: (one) => [personOf(one), cellOf(one, one.before), cellOf(one, one.before)],
  };
}

function formatAdvice({ subject = '', otherName }: Change): string {
  const instead = otherName === undefined ? 'do without it' : `have ${codeText(otherName)} instead`;
  return `Texts in Webex Campaign that use ${codeText(subject)} have to ${instead}, from the deployment on.`;
}

function personOf({ person, from }: Case): string | undefined {
  return person === undefined ? (from === 'dead-letter' ? undefined : '–') : codeText(person);
}

function cellOf({ from, before, after }: Case, value: string | undefined): string | undefined {
  if (value !== undefined) return codeText(value);
  return from === 'dead-letter' && before === undefined && after === undefined ? undefined : '(none)';
}

function formatSends(sends: Sends | undefined): string | undefined {
  if (sends === undefined) return undefined;
  const parameters = Object.entries(sends.params).map(
    ([name, value]) => `${plainText(name)}: ${codeText(value)}`,
  );
  return [`event definition ${codeText(sends.eventId)}`, ...parameters].join('<br>');
}
