import type { Case, Change, MessageDiff } from '../../answers/diff/diff.ts';
import type { ComparedWebhook, NotSent } from '../../answers/diff/outcome.ts';
import { joinLines } from '../../lib/config/terminal.ts';
import { formatCount } from '../command-line.ts';

type ChangeClass = Change['class'];

/** What `adapter diff` found; `--format json` prints it as it is. */
export type DiffReport = {
  /** What the earlier state is called. */
  readonly base: string;
  readonly stages: readonly string[];
  /** By stage, the names of the event definitions by their ids, as far as they are known. */
  readonly definitions: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** How many webhooks both sides have mapped. */
  readonly webhooks: Partial<Record<ComparedWebhook['from'], number>>;
  /** How many changes of each class there are. */
  readonly changes: Partial<Record<ChangeClass, number>>;
  /** What whoever reads this has to know about it. */
  readonly notes: readonly string[];
  readonly messages: readonly MessageDiff[];
};

const TRIED: Readonly<Record<ComparedWebhook['from'], string>> = {
  example: 'example',
  sample: 'sample',
  'dead-letter': 'dead letter',
};

/** What both sides were tried with: "119 examples and 32 samples". */
export function formatTried({ webhooks }: DiffReport): string {
  const counts = Object.entries(TRIED).flatMap(([from, noun]) => {
    const count = webhooks[from as ComparedWebhook['from']] ?? 0;
    return count === 0 ? [] : [formatCount(count, noun)];
  });
  const [last = 'no webhook', ...others] = counts.toReversed();
  return others.length === 0 ? last : `${others.toReversed().join(', ')} and ${last}`;
}

export function formatStages(stages: readonly string[]): string {
  return `${stages.length === 1 ? 'stage' : 'stages'} ${stages.join(', ')}`;
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

/** Why a message is not sent: for an example or a sample by the values of its webhook, where its condition decides. */
export function formatReason(reason = '', because?: string): string {
  if (because !== undefined) return because;
  return Object.hasOwn(REASONS, reason) ? REASONS[reason as NotSent] : `it becomes a dead letter: ${reason}`;
}

/** The report for a terminal. */
export function formatDiff(report: DiffReport): string {
  const head = `Compared with ${report.base}; tried with ${formatTried(report)}; ${formatStages(report.stages)}.`;
  const summary =
    report.messages.length === 0
      ? 'Nothing differs.'
      : `${formatCount(report.messages.length, 'message')}: ${formatClasses(report.changes)}`;
  return [
    joinLines([head, ...report.notes]),
    ...report.messages.map((message) => formatMessage(message, report)),
    summary,
  ].join('\n\n');
}

function formatClasses(changes: DiffReport['changes']): string {
  const names = Object.entries(changes).map(([name, count]) => (count === 1 ? name : `${name} (${count})`));
  return names.length === 0 ? 'nothing else is sent for these webhooks' : names.join(', ');
}

function formatMessage(message: MessageDiff, report: DiffReport): string {
  const { source, event, edits, changes } = message;
  return joinLines([
    `${source}: ${event}${formatStatus(message)}`,
    `  event definition   ${formatDefinitions(message, report)}`,
    ...edits.map(
      ({ path, before = '(none)', after = '(none)' }) => `  edited             ${path}: ${before} → ${after}`,
    ),
    ...changes.flatMap((change) => formatChange(change, message)),
    ...(isUnseen(message) ? ['  No webhook shows what this does: add an example.'] : []),
  ]);
}

/** How a name and an id are written in a format, so that nothing in them is markup. */
type Markup = { readonly plain: (text: string) => string; readonly code: (text: string) => string };

const NO_MARKUP: Markup = { plain: (text) => text, code: (text) => text };

/** An event definition by its id in some stages, with its name where the contract file has it. */
export function formatDefinition(
  id: string,
  stages: readonly string[],
  { definitions }: DiffReport,
  { plain, code }: Markup = NO_MARKUP,
): string {
  const [name] = stages.flatMap((stage) => {
    const names = definitions[stage] ?? {};
    return Object.hasOwn(names, id) ? (names[id] ?? []) : [];
  });
  return name === undefined ? code(id) : `${plain(name)} (${code(id)})`;
}

/** The event definition that a message asks for; with its stages, unless it is that of all. */
export function formatDefinitions(
  { eventIds }: Pick<MessageDiff, 'eventIds'>,
  report: DiffReport,
  markup: Markup = NO_MARKUP,
): string {
  const formatted = eventIds.map(({ before, after, stages }) => {
    const [was, is] = [before, after].map((id) => id && formatDefinition(id, stages, report, markup));
    const both = was && is && was !== is ? `${is} instead of ${was}` : (is ?? was ?? '');
    return stages.length === report.stages.length ? both : `${both} in ${markup.plain(formatStages(stages))}`;
  });
  return formatted.join('; ');
}

/** Whether it was renamed, and its mapping does not say so: the ledger does not find what was sent under the old name. */
export function isRenameForgotten({ formerEvent, isRenameSaid }: MessageDiff): boolean {
  return formerEvent !== undefined && isRenameSaid !== true;
}

function formatStatus(message: MessageDiff): string {
  const { formerSource, formerEvent, only } = message;
  const former = [formerSource && `source ${formerSource}`, formerEvent].filter(Boolean).join(', ');
  const forgotten = isRenameForgotten(message) ? ', without "formerly"' : '';
  if (only !== undefined) return only === 'after' ? ' (new)' : ' (gone)';
  return former === '' ? '' : ` (before: ${former}${forgotten})`;
}

/** Whether it was edited or is new, and no webhook shows what that does. */
export function isUnseen({ edits, changes, only }: MessageDiff): boolean {
  return changes.length === 0 && (edits.length > 0 || only === 'after');
}

function formatChange(change: Change, message: MessageDiff): readonly string[] {
  const { class: name, subject, otherName, stages, cases, stillSent = [] } = change;
  const other =
    otherName === undefined ? '' : ` (${name === 'parameter-added' ? 'before' : 'now'} ${otherName})`;
  const what = [name.padEnd(17), `${subject ?? ''}${other}`].filter(Boolean).join('  ');
  return [
    `  ${what.trimEnd()}  ${formatShare(change, message)}, ${stages.join(', ')}`,
    ...cases.slice(0, MAX_CASES).map((one) => `    ${nameOf(one)}: ${formatValues(one, name)}`),
    ...(cases.length > MAX_CASES ? [`    and ${cases.length - MAX_CASES} more`] : []),
    ...stillSent.map((one) => `    ${nameOf(one)}: still sent: ${one.because}`),
  ];
}

/** How many cases of a change are shown; a person looks at no more. */
export const MAX_CASES = 5;

/** How many of the webhooks that it was sent for, or is sent for now. */
export function formatShare({ class: name, cases }: Change, { sentBefore, sentAfter }: MessageDiff): string {
  const all = name === 'no-longer-sent' ? sentBefore : sentAfter;
  return cases.length > all ? String(cases.length) : `${cases.length} of ${all}`;
}

function nameOf({ webhook, item }: Case): string {
  return item === undefined ? webhook : `${webhook}, item ${item + 1}`;
}

function formatValues({ person, before, after, because, from }: Case, name: ChangeClass): string {
  const isOfCustomer = from === 'dead-letter' && before === undefined && after === undefined;
  const whom = person === undefined ? '' : `${person}: `;
  if (name === 'newly-sent') return `${whom}sent; before ${formatReason(before, because)}`;
  if (name === 'no-longer-sent') return `${whom}not sent: ${formatReason(after, because)}`;
  return isOfCustomer ? 'not shown' : `${whom}${before ?? '(none)'} → ${after ?? '(none)'}`;
}
