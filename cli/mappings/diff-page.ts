import type { Case, Change, MessageDiff } from '../../answers/diff/diff.ts';
import type { Sends } from '../../answers/diff/outcome.ts';
import { expressionSource, isExpression } from '../../lambdas/map/expression.ts';
import { codeText, markdownTable, plainText } from '../../lib/config/markdown.ts';
import { capitalise, formatValue } from '../../lib/mapping/words.ts';
import { formatCount } from '../command-line.ts';
import {
  type DiffReport,
  formatDefinition,
  formatDefinitions,
  formatReason,
  formatShare,
  formatStages,
  formatTried,
  isRenameForgotten,
  isUnseen,
  MAX_CASES,
} from './diff-text.ts';

type ChangeClass = Change['class'];
type Edit = MessageDiff['edits'][number];

const MARKDOWN = { plain: plainText, code: codeText };

/** GitHub takes comments of 65,536 characters. */
const MAX_PAGE = 60_000;

/** The report for a pull request, as somebody reads it who knows the messages and no mapping: Markdown. */
export function formatDiffPage(report: DiffReport): string {
  const { messages, notes } = report;
  const head = [
    '## What this change does to customers',
    ...formatBasis(report),
    ...notes.map((note) => `> ${plainText(note)}`),
  ];
  if (messages.length === 0)
    return [...head, 'Nothing changes: customers get the same messages as before.'].join('\n\n');
  const summary = messages.flatMap(summarise);
  const table = markdownTable(['message', 'what changes', 'of the cases tried'], summary);
  return cutPage(
    [...head, table],
    messages.map((message) => formatSection(message, report)),
  );
}

/** What was compared, with what, and what the numbers mean. */
function formatBasis(report: DiffReport): readonly string[] {
  const { base, stages, webhooks } = report;
  const letters = webhooks['dead-letter'] ?? 0;
  const kept = letters === 0 ? '' : ' A dead letter is a webhook of a customer: it failed, and was kept.';
  const subject = letters === 0 ? 'These' : 'Examples and samples';
  return [
    `Compared with **${plainText(base)}**, which is the state before this change. Tried with ${formatTried(report)}, for the ${plainText(formatStages(stages))}. Nothing was sent to anybody.`,
    `**${subject} are test cases, not customers: how many customers this meets is not known here.** Each case stands for all customers in the same situation.`,
    `A webhook is the notice by which a vendor, such as a shop or a payment service, says that something happened. An example is a test webhook that the team wrote, a sample one that was published.${kept} A stage is one installation, with the event definitions of the Webex Campaign tenant that it calls.`,
  ];
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
    ...formatWholes(message).map((text) => [text, 'does not apply']),
    ...(isForgotten(message) ? [[TITLES['identity-changed']('', undefined), 'no case shows it']] : []),
    ...message.changes.filter(isShown).map((change) => [formatTitle(change), formatShare(change, message)]),
    ...(isUnseen(message) ? [['no case shows what this does', '0']] : []),
  ];
  const name = `**${plainText(message.event)}** (${plainText(message.source)})`;
  return rows.map((cells, index) => [index === 0 ? name : '', ...cells]);
}

/** What is to be said of a message as a whole. */
function formatWholes({ formerEvent, formerSource, only }: MessageDiff): readonly string[] {
  return [
    ...(only === 'after' ? ['it is a new message'] : []),
    ...(only === 'before' ? ['this message is gone'] : []),
    ...(formerSource === undefined ? [] : [`its source was called ${codeText(formerSource)}`]),
    ...(formerEvent === undefined
      ? []
      : [`it was called ${codeText(formerEvent)} (the adapter's name for it, which no customer sees)`]),
  ];
}

/** Whether only the missing `formerly` shows that it can be sent again. */
function isForgotten(message: MessageDiff): boolean {
  return (
    isRenameForgotten(message) && !message.changes.some(({ class: name }) => name === 'identity-changed')
  );
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
  'other-definition': () => 'it calls **another event definition**, and so another message is sent',
  'parameter-added': (name) => `it also has the parameter ${name}`,
  'parameter-removed': (name, now) =>
    now === undefined
      ? `it **no longer has the parameter** ${name}`
      : `the parameter ${name} is **now called** ${now}`,
  'parameter-changed': (name) => `the parameter ${name} has **another value**`,
  'identity-changed': () => 'customers who got it **can get it again**',
  'nearer-limit': (limit) => `it comes near a limit of Webex Campaign: ${limit}`,
};

function formatTitle({ class: name, subject = '', otherName }: Change): string {
  return TITLES[name](codeText(subject), otherName === undefined ? undefined : codeText(otherName));
}

function formatSection(message: MessageDiff, report: DiffReport): string {
  const { source, event, on, sentBefore, sentAfter, edits, changes } = message;
  const types = on.map(codeText).join(', ');
  return [
    `### ${plainText(event)} (${plainText(source)})`,
    formatToDo(message, report),
    ...(isRenameForgotten(message) ? [formatDeveloperToDo(message)] : []),
    `Event definition: ${formatDefinitions(message, report, MARKDOWN)}. Sent on ${plainText(capitalise(source))}'s ${types}. In the tests ${sentBefore} led to it before, ${sentAfter} now.`,
    ...formatWholes(message).map((text) => `${capitalise(text)}.`),
    ...(isForgotten(message) ? formatRepetition(message) : []),
    ...edits.filter(({ path }) => path === 'when').map((edit) => formatCondition(edit, report)),
    ...changes.filter(isShown).map((change) => formatCases(change, message, report)),
    ...(isUnseen(message) ? ['**No case shows what this does.** Add an example before you merge it.'] : []),
    ...(edits.length === 0 ? [] : [formatEdits(edits)]),
  ].join('\n\n');
}

function formatToDo(message: MessageDiff, report: DiffReport): string {
  const lead = '**What to do in Webex Campaign before the deployment:**';
  const tasks = [
    ...listWholeTasks(message, report),
    ...message.changes.flatMap((change) => TASKS[change.class]({ change, message, report })),
  ];
  if (tasks.length > 0) return `${lead}\n\n${[...new Set(tasks)].map((task) => `- ${task}`).join('\n')}`;
  return isUnseen(message) ? `${lead} Not known, as no case shows what this does.` : `${lead} Nothing.`;
}

/** What a new message, or another kind of key, asks for. */
function listWholeTasks(message: MessageDiff, report: DiffReport): readonly string[] {
  if (message.only === 'after') {
    const cases = message.changes.flatMap((change) => change.cases);
    const names = [...new Set(cases.flatMap(({ sends }) => Object.keys(sends?.params ?? {})))];
    const parameters = names.length === 0 ? '' : ` with the parameters ${names.map(codeText).join(', ')}`;
    const definition = formatDefinitions(message, report, MARKDOWN);
    return [`Have the event definition ${definition} ready${parameters}, and the message that it triggers.`];
  }
  return message.edits
    .filter(({ path }) => path === 'event-key.kind')
    .map(({ before = '', after = '' }) => {
      return `Make sure that the event definition takes the key ${codeText(after)}. Until the deployment it gets ${codeText(before)}.`;
    });
}

type Task = { readonly change: Change; readonly message: MessageDiff; readonly report: DiffReport };

const NO_TASK = () => [];

/** What has to be done in Webex Campaign before a change is deployed. */
const TASKS: Readonly<Record<ChangeClass, (task: Task) => readonly string[]>> = {
  'newly-sent': NO_TASK,
  'no-longer-sent': NO_TASK,
  'newly-rejected': NO_TASK,
  'other-person': NO_TASK,
  'other-definition': ({ message, report }) => {
    const eventIds = message.eventIds.filter(({ before, after }) => before !== after);
    const ids = formatDefinitions({ eventIds }, report, MARKDOWN);
    return [
      `Have the new event definition ready, with the message that it triggers, and keep the old one until the deployment: ${ids}.`,
    ];
  },
  'parameter-added': ({ change, message, report }) => {
    if (change.otherName !== undefined) return [];
    const definition = formatDefinitions(message, report, MARKDOWN);
    return [
      `Add the parameter ${codeText(change.subject ?? '')} to the event definition ${definition}, if it does not have it. Do not make it mandatory before the deployment: until then it is not sent.`,
    ];
  },
  'parameter-removed': formatRemovalTasks,
  'parameter-changed': ({ change: { subject = '' } }) => [
    `Read the texts that use ${codeText(subject)}: do they fit the new values below?`,
  ],
  'identity-changed': NO_TASK,
  'nearer-limit': NO_TASK,
};

const TEMPLATE =
  'What a text shows where a parameter is missing depends on its template in your tenant: look there first.';

function formatRemovalTasks({ change, message, report }: Task): readonly string[] {
  const { subject = '', otherName } = change;
  const definition = formatDefinitions(message, report, MARKDOWN);
  const [old, now] = [codeText(subject), codeText(otherName ?? '')];
  if (otherName === undefined) {
    return [
      `Mark ${old} as not mandatory in the event definition ${definition}, and have its texts do without it from the deployment on.`,
      TEMPLATE,
    ];
  }
  return [
    `Add the parameter ${now} to the event definition ${definition}, and use it in its texts in the place of ${old}.`,
    `Keep ${old} until the change is deployed: until then messages have ${old} alone, afterwards ${now} alone. Make neither of them mandatory before it, and until it is done: Webex Campaign refuses an event that lacks a mandatory parameter.`,
    TEMPLATE,
  ];
}

/** What a reader must not overlook. Why, stands with the cases. */
function formatDeveloperToDo({ formerEvent, edits }: MessageDiff): string {
  const line = codeText(`formerly: [${formerEvent ?? ''}]`);
  const isCured = !edits.some(({ path }) => path === 'deduplication-id');
  const cure = isCured ? ': then nobody gets it twice' : '';
  return `**What the developer has to do before the merge:** Add ${line}${cure}. Without it, customers can get this message again.`;
}

/** Why a customer can get a message twice. */
function formatRepetition(message: MessageDiff): readonly string[] {
  const { source, formerEvent, formerSource } = message;
  const isRenamed = (formerEvent ?? formerSource) !== undefined;
  const sent = isRenamed ? 'what was sent under the old name' : 'what was sent before the deployment';
  return [
    `The protection against sending twice does not recognise ${sent}: a customer can get this message once more, if ${plainText(capitalise(source))} repeats a webhook or somebody replays a dead letter (a message that failed and was kept).`,
    ...(isRenameForgotten(message) ? [] : ['Ask the developer whether this is meant.']),
  ];
}

/** Most often a condition decides who gets a message. */
function formatCondition({ before, after, stages }: Edit, report: DiffReport): string {
  const words = (text: string | undefined) => (text === undefined ? 'always' : `if ${formatWords(text)}`);
  const [was, is] = [words(before), words(after)];
  const hint = /\d/.test(was + is)
    ? ' The numbers are as the vendor sends them: an amount may be in cents.'
    : '';
  return `It is now sent **${is}**${formatOnly(stages, report)}. Before, it was sent **${was}**.${hint}`;
}

/** Which stages it concerns, unless it is all that were compared. */
function formatOnly(stages: readonly string[], report: DiffReport): string {
  return stages.length === report.stages.length ? '' : `, only in ${plainText(formatStages(stages))}`;
}

function formatWords(text: string): string {
  const words = formatValue(text);
  return words === expressionSource(text) ? codeText(words) : plainText(words);
}

function formatEdits(edits: readonly Edit[]): string {
  const rows = edits.map(({ path, before, after }) => [
    codeText(path),
    formatText(before),
    formatText(after),
  ]);
  const table = markdownTable(['', 'before', 'now'], rows);
  return `<details><summary>For developers: what was edited in the mapping</summary>\n\n${table}\n\n</details>`;
}

/** An expression, and in words what it is, where there are some. */
function formatText(text: string | undefined): string {
  if (text === undefined) return '(none)';
  const words = isExpression(text) ? formatWords(text) : codeText(text);
  return words.startsWith('`') ? codeText(text) : `${codeText(text)}<br>${words}`;
}

function formatCases(change: Change, message: MessageDiff, report: DiffReport): string {
  const { cases, stages, class: name, otherName, stillSent } = change;
  const share = `${formatShare(change, message)}${formatOnly(stages, report)}`;
  const isSame = otherName !== undefined;
  const shown = isSame ? 1 : MAX_CASES;
  const all = cases.length === 2 ? 'both' : `all ${cases.length}`;
  const same = `The value is the same${cases.length === 1 ? '.' : ` in ${all}. One of them:`}`;
  const rest = cases.length > shown && !isSame ? [`and ${cases.length - shown} more`] : [];
  return [
    `#### ${capitalise(formatTitle(change))} (${share})`,
    ...(isSame ? [same] : []),
    ...(name === 'identity-changed' ? formatRepetition(message) : []),
    caseTable(cases.slice(0, shown), columnsOf(change, report)),
    ...rest,
    ...(stillSent === undefined ? [] : formatStillSent(stillSent)),
  ].join('\n\n');
}

function formatStillSent(cases: readonly Case[]): readonly string[] {
  if (cases.length === 0) return ['**No case shows who still gets it.** Ask the developer for an example.'];
  const columns: Columns = {
    head: ['sent now', 'because'],
    cells: (one) => [formatSends(one.sends), plainText(one.because ?? '')],
  };
  return ['Still sent, for example:', caseTable(cases, columns)];
}

/** What stands for a value of a dead letter: it is a customer's. */
const HIDDEN = '(not shown)';

function caseTable(cases: readonly Case[], { head, cells, isOfPersons }: Columns): string {
  const hasPerson = isOfPersons !== true && arePersonsShown(cases);
  const rows = cases.map((one) => [
    formatCase(one),
    ...(hasPerson ? [one.person === undefined ? HIDDEN : codeText(one.person)] : []),
    ...cells(one).map((cell) => cell ?? HIDDEN),
  ]);
  return markdownTable(['case', ...(hasPerson ? ['person'] : []), ...head], rows);
}

/** Vendors write their placeholders with zeros: `cus_00000000000000`. */
const PLACEHOLDER = /0{6}/;

/** Where all cases have the same person, or placeholders, the persons say nothing. */
function arePersonsShown(cases: readonly Case[]): boolean {
  const persons = new Set(cases.flatMap(({ person }) => person ?? []));
  return persons.size > 1 && ![...persons].every((person) => PLACEHOLDER.test(person));
}

function formatCase({ webhook, title, item }: Case): string {
  const name = title === undefined ? codeText(webhook) : `${plainText(title)} (${codeText(webhook)})`;
  return item === undefined ? name : `${name}, item ${item + 1}`;
}

/** What is shown of each case, beside its name and the person. */
type Columns = {
  readonly head: readonly string[];
  readonly cells: (one: Case) => readonly (string | undefined)[];
  /** Whether the cells are persons. */
  readonly isOfPersons?: boolean;
};

function columnsOf({ class: name, subject = '', otherName, stages }: Change, report: DiffReport): Columns {
  if (otherName !== undefined) {
    return {
      head: [`${codeText(subject)} before`, `${codeText(otherName)} now`],
      cells: (one) => [cellOf(one, one.before), cellOf(one, one.before)],
    };
  }
  if (name !== 'other-definition') return COLUMNS[name];
  const cell = (id = '') => formatDefinition(id, stages, report, MARKDOWN);
  return { head: ['before', 'now'], cells: ({ before, after }) => [cell(before), cell(after)] };
}

const BEFORE_AND_NOW: Columns = {
  head: ['before', 'now'],
  cells: (one) => [cellOf(one, one.before), cellOf(one, one.after)],
};

const COLUMNS: Readonly<Record<Exclude<ChangeClass, 'other-definition'>, Columns>> = {
  'newly-sent': {
    head: ['not sent before, because', 'sent now'],
    cells: (one) => [reasonCell(one.before, one.because), formatSends(one.sends)],
  },
  'no-longer-sent': {
    head: ['sent before', 'not sent now, because'],
    cells: (one) => [formatSends(one.sends), reasonCell(one.after, one.because)],
  },
  'newly-rejected': {
    head: ['before', 'now'],
    cells: (one) => [reasonCell(one.before), reasonCell(one.after)],
  },
  'other-person': {
    ...BEFORE_AND_NOW,
    head: ['to this person before', 'to this person now'],
    isOfPersons: true,
  },
  'parameter-added': BEFORE_AND_NOW,
  'parameter-removed': BEFORE_AND_NOW,
  'parameter-changed': BEFORE_AND_NOW,
  // The keys of the ledger, which the other formats have, say nothing to whoever reads this.
  'identity-changed': { head: [], cells: () => [] },
  'nearer-limit': BEFORE_AND_NOW,
};

function reasonCell(reason: string | undefined, because?: string): string {
  return reason === 'sent' ? 'sent' : plainText(formatReason(reason, because));
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
  return parameters.length === 0 ? 'without parameters' : parameters.join('<br>');
}
