import { type AccountChoice, openAccount } from '../../answers/account.ts';
import { ADVICE } from '../../answers/advice.ts';
import {
  type DeadLetter,
  eventNameOf,
  findLetters,
  formatAnswer,
  ledgerWebhookOf,
  readLetters,
} from '../../answers/dead-letter.ts';
import { readDeadLetters } from '../../answers/dead-letter-queue.ts';
import { type LedgerStory, readStory } from '../../answers/ledger-items.ts';
import {
  formatLetterPreview,
  type LetterPreview,
  letterPreviewJson,
  previewedEvent,
  previewLetter,
} from '../../answers/preview.ts';
import { reportCount } from '../../answers/progress.ts';
import type { Project } from '../../answers/project.ts';
import type { Result } from '../../lambdas/result.ts';
import { type CommandResult, refuse } from '../command-line.ts';
import { letterJson } from './list.ts';

export type ShowOptions = AccountChoice & {
  readonly id: string;
  readonly stage?: string | undefined;
  /** Show what is a customer's, too. */
  readonly values?: boolean | undefined;
  readonly json?: boolean | undefined;
};

/** `adapter dead-letter show`: one dead letter's story, and what the current mapping would send. */
export async function showDeadLetter(project: Project, options: ShowOptions): Promise<CommandResult> {
  const account = await openAccount(options);
  if (!account.ok) return refuse(account.failure);
  const { stackName } = account.value;
  const letters = readLetters(await readDeadLetters(account.value, reportCount()));
  const found = findLetters(letters, [options.id]);
  const [letter] = found.ok ? found.value : [];
  if (!found.ok || letter === undefined) return refuse(found.ok ? 'Give an id.' : found.failure);

  const story = await readStory(account.value, ledgerWebhookOf(letter));
  const preview = await previewLetter(project, letter, { stage: options.stage, stackName });
  const withValues = options.values === true;
  if (options.json === true) return { text: showJson(letter, story, { preview, withValues }), exitCode: 0 };
  const text = [
    formatLetter(letter),
    formatLedger(letter, story),
    'What the mapping makes of it now:',
    preview.ok ? indent(formatLetterPreview(preview.value, withValues)) : `  ${preview.failure}`,
    ...(preview.ok ? formatChange(letter, preview.value) : []),
    ...(withValues ? [] : ['  (--values shows the values: they are a customer’s)']),
    '',
    `What to do:  ${ADVICE[letter.code].next}.`,
  ].join('\n');
  return { text, exitCode: 0 };
}

function showJson(
  letter: DeadLetter,
  story: LedgerStory | undefined,
  { preview, withValues }: { readonly preview: Result<LetterPreview, string>; readonly withValues: boolean },
): string {
  const now = preview.ok ? letterPreviewJson(preview.value, withValues) : { problem: preview.failure };
  const events = story?.entries.map(({ event, state, code }) => ({ event, state, code }));
  return JSON.stringify({ ...letterJson(letter), ...ADVICE[letter.code], events, now }, null, 2);
}

function formatLetter(letter: DeadLetter): string {
  const { code, note, source = '?', eventTypes, deduplicationId, webhookId, receivedAt, messageId } = letter;
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['webhook', `${source} ${eventTypes.join(', ') || '?'}`],
    ['ids', [deduplicationId, webhookId].filter(Boolean).join('  ')],
    ['received', receivedAt],
    ['event', eventNameOf(letter)],
    ['stage', note?.stage ?? 'buffer'],
    ['answer', formatAnswer(note?.answer)],
    ['detail', note?.detail],
    ['transaction', note?.transactionId],
    ['attempts', note && `${note.attempts}`],
    ['first', note?.firstAttemptAt],
    ['last', note?.lastAttemptAt],
    ['mapping', note?.mappingVersion && `version ${note.mappingVersion}`],
    ['buried', note?.deadLetteredAt],
    ['message', messageId],
  ];
  const lines = facts.flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [`  ${name.padEnd(12)}${value}`],
  );
  return [code, `  ${ADVICE[code].meaning}`, '', ...lines, ''].join('\n');
}

/** The other events of the webhook: a replay does not touch what has ended. */
function formatLedger({ note }: DeadLetter, story: LedgerStory | undefined): string {
  const entries = story?.entries ?? [];
  if (entries.length === 0) return 'The ledger has no event of this webhook.\n';
  const own = note?.item === undefined ? note?.event : `${note.event}#${note.item}`;
  const lines = entries.map(
    ({ event, state, code }) =>
      `  ${event}: ${state}${code === undefined ? '' : ` (${code})`}${event === own ? '  ← this one' : ''}`,
  );
  return ['Its events in the ledger:', ...lines, ''].join('\n');
}

function formatChange(letter: DeadLetter, preview: LetterPreview): readonly string[] {
  const before = letter.note?.mappingVersion;
  const now = previewedEvent(letter, preview)?.terms.mappingVersion;
  if (before === undefined || now === undefined) return [];
  return [
    before === now
      ? '  The mapping of this event is still the one that it failed with.'
      : `  The mapping of this event has changed since (it was version ${before}). A replay goes by the one that is deployed.`,
  ];
}

function indent(text: string): string {
  return text.replace(/^/gm, '  ');
}
