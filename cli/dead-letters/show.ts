import type { Command } from 'commander';
import { ADVICE } from '../../answers/advice.ts';
import {
  type DeadLetter,
  deadLetterJson,
  findDeadLetters,
  formatAnswer,
  ledgerEventsOf,
  ledgerWebhookOf,
  readDeadLetters,
} from '../../answers/dead-letters/dead-letter.ts';
import { formatJudgement, type JudgedLetter, judgeLetter } from '../../answers/dead-letters/judgement.ts';
import { eventsIn, formatEventName, type LetterFailure } from '../../answers/dead-letters/letter-events.ts';
import {
  type DeadLetterPreview,
  deadLetterPreviewJson,
  formatDeadLetterPreview,
  previewedEvents,
} from '../../answers/dead-letters/preview.ts';
import { type LedgerStory, readStory } from '../../answers/ledger-items.ts';
import { type AccountChoice, openAccount, PROJECT, type Project, projectOf } from '../../answers/project.ts';
import { escapeUnseen, joinLines } from '../../lib/config/terminal.ts';
import { type CommandResult, example, refuse, run, withAccount } from '../command-line.ts';

type ShowOptions = AccountChoice & {
  readonly id: string;
  readonly stage?: string | undefined;
  /** Show a customer's values, too. */
  readonly values?: boolean | undefined;
  readonly json?: boolean | undefined;
};

export function registerShow(group: Command): void {
  withAccount(group.command('show'))
    .description('tell the story of one dead letter, and what the mapping would send now')
    .argument('<id>', 'as in the list; its beginning is enough')
    .option('--values', "show the parameters' values: they are a customer's")
    .option('--stage <name>', 'whose event ids to take (default: the stage of the stack)')
    .addHelpText('after', example('dead-letter show 1f3c9a2b'))
    .action((id, options) => run(() => showDeadLetter(projectOf(PROJECT, options), { id, ...options })));
}

/** `adapter dead-letter show`: one dead letter's story, and what the current mapping would send. */
export async function showDeadLetter(project: Project, options: ShowOptions): Promise<CommandResult> {
  const account = await openAccount(options);
  if (!account.ok) return refuse(account.failure);
  const found = findDeadLetters(await readDeadLetters(account.value), [options.id]);
  if (!found.ok) return refuse(found.failure);
  const [deadLetter] = found.value;
  if (deadLetter === undefined) return refuse('Give an id.');

  const story = await readStory(account.value, ledgerWebhookOf(deadLetter));
  const events = { deadLetter, chosen: eventsIn(deadLetter.failures) };
  const { stage } = options;
  const letter = await judgeLetter(events, {}, { project, account: account.value, stage });
  const shown = { ...letter, withValues: options.values === true };
  const text =
    options.json === true
      ? JSON.stringify(showJson(deadLetter, story, shown), null, 2)
      : formatShow(deadLetter, story, shown);
  return { text, exitCode: 0 };
}

type Shown = JudgedLetter & { readonly withValues: boolean };

function showJson(
  deadLetter: DeadLetter,
  story: LedgerStory | undefined,
  { judged, preview, withValues }: Shown,
): object {
  const now = preview.ok ? deadLetterPreviewJson(preview.value, withValues) : { problem: preview.failure };
  const events = story?.entries.map(({ event, state, code }) => ({ event, state, code }));
  const replay = formatJudgement(judged);
  return { ...deadLetterJson(deadLetter), ...ADVICE[deadLetter.code], ledger: events, now, replay };
}

function formatShow(
  deadLetter: DeadLetter,
  story: LedgerStory | undefined,
  { judged, preview, withValues }: Shown,
): string {
  return [
    formatDeadLetter(deadLetter),
    formatLedger(deadLetter, story),
    'What the mapping makes of it now:',
    preview.ok ? indent(formatDeadLetterPreview(preview.value, withValues)) : `  ${preview.failure}`,
    ...(preview.ok ? formatChange(deadLetter, preview.value) : []),
    ...(withValues ? [] : ['  (--values shows the values: they are a customer’s)']),
    '',
    'A replay now:',
    ...formatJudgement(judged).map((line) => `  ${escapeUnseen(line)}`),
    '',
    ...formatAdvice(deadLetter),
  ].join('\n');
}

function formatAdvice({ failures }: DeadLetter): readonly string[] {
  const codes = [...new Set(failures.map(({ code }) => code))];
  if (codes.length === 1) return codes.map((code) => `What to do:  ${ADVICE[code].next}.`);
  return ['What to do:', ...codes.map((code) => `  ${code}: ${ADVICE[code].next}.`)];
}

function formatDeadLetter(deadLetter: DeadLetter): string {
  const {
    code,
    note,
    failures,
    source = '?',
    eventTypes,
    deduplicationId,
    webhookId,
    receivedAt,
  } = deadLetter;
  const facts: readonly Fact[] = [
    ['webhook', `${source} ${eventTypes.join(', ') || '?'}`],
    ['ids', [deduplicationId, webhookId].filter(Boolean).join('  ')],
    ['received', receivedAt],
    ['dead letter', note && `since ${note.deadLetteredAt}`],
    ['message', deadLetter.messageId],
    ...failures.flatMap((failure) => factsOf(failure, failures.length > 1)),
  ];
  const lines = facts.flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [`  ${name.padEnd(12)}${value}`],
  );
  return joinLines([code, `  ${ADVICE[code].meaning}`, '', ...lines, '']);
}

type Fact = readonly [name: string, value: string | undefined];

function factsOf(failure: LetterFailure, isOneOfMany: boolean): readonly Fact[] {
  const { stage, code, answer, detail, transactionId, attempts, firstAttemptAt, lastAttemptAt } = failure;
  return [
    ['event', formatEventName(failure)],
    ['code', isOneOfMany ? code : undefined],
    ['stage', stage],
    ['answer', formatAnswer(answer)],
    ['detail', detail],
    ['transaction', transactionId],
    ['attempts', `${attempts}`],
    ['first', firstAttemptAt],
    ['last', lastAttemptAt],
    ['mapping', failure.mappingVersion && `version ${failure.mappingVersion}`],
  ];
}

/** All events of the webhook: a replay touches none but those of the dead letter. */
function formatLedger(deadLetter: DeadLetter, story: LedgerStory | undefined): string {
  const entries = story?.entries ?? [];
  if (entries.length === 0) return 'The ledger has no event of this webhook.\n';
  const own = ledgerEventsOf(deadLetter);
  const lines = entries.map(
    ({ event, state, code }) =>
      `  ${event}: ${state}${code === undefined ? '' : ` (${code})`}${own.has(event) ? '  ← this one' : ''}`,
  );
  return joinLines(['Its events in the ledger:', ...lines, '']);
}

function formatChange(deadLetter: DeadLetter, preview: DeadLetterPreview): readonly string[] {
  const mapped = previewedEvents(preview);
  const lines = deadLetter.failures.flatMap(({ event, items, mappingVersion: before }) => {
    const now = mapped({ name: event, item: items?.[0] })?.terms.mappingVersion;
    if (before === undefined || now === undefined) return [];
    return before === now
      ? [`  The mapping of ${event} is still the one that it failed with.`]
      : [
          `  The mapping of ${event} has changed since (it was version ${before}). A replay goes by the one that is deployed.`,
        ];
  });
  return [...new Set(lines)].map(escapeUnseen);
}

function indent(text: string): string {
  return text.replace(/^/gm, '  ');
}
