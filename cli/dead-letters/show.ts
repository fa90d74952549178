import type { Command } from 'commander';
import { type AccountChoice, openAccount } from '../../answers/account.ts';
import { ADVICE } from '../../answers/advice.ts';
import {
  type DeadLetter,
  deadLetterJson,
  eventNameOf,
  findDeadLetters,
  formatAnswer,
  ledgerEventOf,
  ledgerWebhookOf,
  readDeadLetters,
} from '../../answers/dead-letter.ts';
import { type LedgerStory, readStory } from '../../answers/ledger-items.ts';
import {
  type DeadLetterPreview,
  deadLetterPreviewJson,
  formatDeadLetterPreview,
  previewDeadLetter,
  previewedEvent,
} from '../../answers/preview.ts';
import { PROJECT, type Project, projectOf } from '../../answers/project.ts';
import type { Result } from '../../lambdas/result.ts';
import { escapeUnseen, joinLines } from '../../lib/config/print.ts';
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
  const { stackName } = account.value;
  const found = findDeadLetters(await readDeadLetters(account.value), [options.id]);
  if (!found.ok) return refuse(found.failure);
  const [deadLetter] = found.value;
  if (deadLetter === undefined) return refuse('Give an id.');

  const story = await readStory(account.value, ledgerWebhookOf(deadLetter));
  const preview = await previewDeadLetter(project, deadLetter, { stage: options.stage, stackName });
  const withValues = options.values === true;
  const text =
    options.json === true
      ? JSON.stringify(showJson(deadLetter, story, { preview, withValues }), null, 2)
      : formatShow(deadLetter, story, { preview, withValues });
  return { text, exitCode: 0 };
}

type ShownPreview = {
  readonly preview: Result<DeadLetterPreview, string>;
  readonly withValues: boolean;
};

function showJson(
  deadLetter: DeadLetter,
  story: LedgerStory | undefined,
  { preview, withValues }: ShownPreview,
): object {
  const now = preview.ok ? deadLetterPreviewJson(preview.value, withValues) : { problem: preview.failure };
  const events = story?.entries.map(({ event, state, code }) => ({ event, state, code }));
  return { ...deadLetterJson(deadLetter), ...ADVICE[deadLetter.code], events, now };
}

function formatShow(
  deadLetter: DeadLetter,
  story: LedgerStory | undefined,
  { preview, withValues }: ShownPreview,
): string {
  return [
    formatDeadLetter(deadLetter),
    formatLedger(deadLetter, story),
    'What the mapping makes of it now:',
    preview.ok ? indent(formatDeadLetterPreview(preview.value, withValues)) : `  ${preview.failure}`,
    ...(preview.ok ? formatChange(deadLetter, preview.value) : []),
    ...(withValues ? [] : ['  (--values shows the values: they are a customer’s)']),
    '',
    `What to do:  ${ADVICE[deadLetter.code].next}.`,
  ].join('\n');
}

function formatDeadLetter(deadLetter: DeadLetter): string {
  const { code, note, source = '?', eventTypes, deduplicationId, webhookId, receivedAt } = deadLetter;
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['webhook', `${source} ${eventTypes.join(', ') || '?'}`],
    ['ids', [deduplicationId, webhookId].filter(Boolean).join('  ')],
    ['received', receivedAt],
    ['event', eventNameOf(deadLetter)],
    ['stage', note?.stage ?? 'buffer'],
    ['answer', formatAnswer(note?.answer)],
    ['detail', note?.detail],
    ['transaction', note?.transactionId],
    ['attempts', note && `${note.attempts}`],
    ['first', note?.firstAttemptAt],
    ['last', note?.lastAttemptAt],
    ['mapping', note?.mappingVersion && `version ${note.mappingVersion}`],
    ['dead letter', note && `since ${note.deadLetteredAt}`],
    ['message', deadLetter.messageId],
  ];
  const lines = facts.flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [`  ${name.padEnd(12)}${value}`],
  );
  return joinLines([code, `  ${ADVICE[code].meaning}`, '', ...lines, '']);
}

/** All events of the webhook: a replay does not touch those that have ended. */
function formatLedger(deadLetter: DeadLetter, story: LedgerStory | undefined): string {
  const entries = story?.entries ?? [];
  if (entries.length === 0) return 'The ledger has no event of this webhook.\n';
  const own = ledgerEventOf(deadLetter);
  const lines = entries.map(
    ({ event, state, code }) =>
      `  ${event}: ${state}${code === undefined ? '' : ` (${code})`}${event === own ? '  ← this one' : ''}`,
  );
  return joinLines(['Its events in the ledger:', ...lines, '']);
}

function formatChange(deadLetter: DeadLetter, preview: DeadLetterPreview): readonly string[] {
  const before = deadLetter.note?.mappingVersion;
  const now = previewedEvent(deadLetter, preview)?.terms.mappingVersion;
  if (before === undefined || now === undefined) return [];
  return [
    before === now
      ? '  The mapping of this event is still the one that it failed with.'
      : `  The mapping of this event has changed since (it was version ${escapeUnseen(before)}). A replay goes by the one that is deployed.`,
  ];
}

function indent(text: string): string {
  return text.replace(/^/gm, '  ');
}
