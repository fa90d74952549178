import { isDeadLetterCode } from '../lambdas/dead-letter/note.ts';
import type { IntakeRecord, LedgerEntry, LedgerState } from '../lambdas/deliver/ledger/entry.ts';
import { RETRY_SCHEDULE } from '../lambdas/deliver/retry-schedule.ts';
import { isOn } from '../lambdas/map/webhook.ts';
import { ADVICE, ERASED, formatAdvice, isWaitingCode, WAITING } from './advice.ts';
import { linesOfCalls, type MappedTypes, type StoryLine } from './calls.ts';
import { type DeadLetter, eventNameOf, ledgerEventsOf } from './dead-letters/dead-letter.ts';
import { formatEventName } from './dead-letters/letter-events.ts';
import type { WebhookFacts } from './find.ts';
import type { LedgerAction, LedgerStory } from './ledger-items.ts';

/**
 * Everything that happened to a webhook, in order.
 * @param mapping the source's as it is now
 */
export function storyLines(
  { intakeRecords, entries, actions }: LedgerStory,
  mapping: MappedTypes,
): readonly StoryLine[] {
  const lines = [
    ...intakeRecords.flatMap((intakeRecord, index) =>
      index === 0 ? linesOfFirst(intakeRecord, mapping) : linesOfRepetition(intakeRecord),
    ),
    ...(entries.length > MOST_TOLD
      ? linesOfMany(entries)
      : entries.flatMap((entry) => linesOfEntry(entry, mapping))),
    ...actions.map(lineOfAction),
  ];
  return lines.toSorted((one, other) => one.at.getTime() - other.at.getTime());
}

function linesOfFirst(intakeRecord: IntakeRecord, mapping: MappedTypes): readonly StoryLine[] {
  return [
    lineOfIntakeRecord(intakeRecord, 'received'),
    {
      at: intakeRecord.takenAt,
      what: 'taken from the buffer and matched against the mapping',
      more: [...intakeRecord.matched.map(formatMatch), ...formatOthers(intakeRecord, mapping)],
    },
  ];
}

function linesOfRepetition(intakeRecord: IntakeRecord): readonly StoryLine[] {
  const recognised = 'recognised: nothing that had ended was sent again';
  return [
    lineOfIntakeRecord(intakeRecord, 'received again'),
    { at: intakeRecord.takenAt, what: recognised, more: [] },
  ];
}

function lineOfIntakeRecord(intakeRecord: IntakeRecord, received: string): StoryLine {
  const { receivedAt, webhookId, eventTypes, moreTypes, bytes, secretIndex } = intakeRecord;
  const verified = secretIndex === undefined ? 'verified' : `verified by ${formatSecret(secretIndex)}`;
  return {
    at: receivedAt,
    what: `${received} ${eventTypes.join(', ')}${formatMore(moreTypes)}, ${bytes} bytes; signature ${verified}`,
    more: [`our id of this delivery: ${webhookId}`],
  };
}

function formatMore(count: number | undefined): string {
  return count === undefined ? '' : ` and ${formatNumber(count)} more`;
}

function formatSecret(index: number): string {
  return index === 0 ? 'the newest signing secret (index 0)' : `an older signing secret (index ${index})`;
}

function formatMatch({ event, made, rejected, skipped, when }: IntakeRecord['matched'][number]): string {
  if (skipped === 'when-not-met')
    return `not ${event}: its condition "when" was not true${when === undefined ? '' : `: ${when}`}`;
  if (skipped === 'no-items') return `not ${event}: there was no item for it`;
  const many = made > 1 ? ` (${made} items)` : '';
  const bad = rejected === 0 ? '' : `; ${rejected} could not be mapped, see below`;
  return `matched ${event}${many}${bad}`;
}

/** More events of one webhook are told together. */
const MOST_TOLD = 20;

/** When the first of many events was called, when the latest, and which became dead letters. */
function linesOfMany(entries: readonly LedgerEntry[]): readonly StoryLine[] {
  return [...Map.groupBy(entries, nameOf)].flatMap(([name, all]) => {
    const calls = all.flatMap(({ firstAttemptAt, lastAttemptAt }) =>
      [firstAttemptAt ?? [], lastAttemptAt ?? []].flat(),
    );
    const called = all.filter(({ attempts }) => attempts > 0).length;
    const [first, last] = [earliest(calls), latest(calls)];
    const many = `${formatNumber(called)} ${called === 1 ? 'event' : 'events'}`;
    return [
      ...(first
        ? [{ at: first, what: `${name}: called Webex Campaign for the first of ${many}`, more: [] }]
        : []),
      ...(last
        ? [{ at: last, what: `${name}: called Webex Campaign for the latest of ${many}`, more: [] }]
        : []),
      ...linesOfDeadLettered(all.filter(({ deadLetteredAt }) => deadLetteredAt !== undefined)),
    ];
  });
}

function linesOfDeadLettered(entries: readonly LedgerEntry[]): readonly StoryLine[] {
  return [...Map.groupBy(entries, ({ code, state }) => code ?? state)].map(([code, all]) => ({
    at: latest(all.flatMap(({ deadLetteredAt }) => deadLetteredAt ?? [])) ?? new Date(0),
    what: `${formatNames(all)}: put aside as a dead letter (${code})`,
    more: [],
  }));
}

function earliest(times: readonly Date[]): Date | undefined {
  return times.toSorted((one, other) => one.getTime() - other.getTime())[0];
}

function latest(times: readonly Date[]): Date | undefined {
  return times.toSorted((one, other) => other.getTime() - one.getTime())[0];
}

function nameOf({ event }: Pick<LedgerEntry, 'event'>): string {
  return event.split('#')[0] ?? event;
}

/** Events of one name, with the items of the batch that they are of. */
function formatNames(entries: readonly Pick<LedgerEntry, 'event'>[]): string {
  const items = entries.flatMap(({ event }) => event.split('#')[1] ?? []).map(Number);
  const [event = ''] = entries.map(nameOf);
  const named = { event, ...(items.length > 0 && { items: items.toSorted((one, other) => one - other) }) };
  return formatEventName(named) ?? event;
}

function formatNumber(count: number): string {
  return count.toLocaleString('en-US');
}

function linesOfEntry(entry: LedgerEntry, mapping: MappedTypes): readonly StoryLine[] {
  const { event, history = [], attempts, firstAttemptAt, deadLetteredAt, code, answer } = entry;
  const forgotten = attempts - history.length - (entry.state === 'claimed' ? 1 : 0);
  const earlier =
    forgotten > 0 && firstAttemptAt
      ? [
          {
            at: firstAttemptAt,
            what: `${event}: called Webex Campaign (${forgotten} ${forgotten === 1 ? 'call' : 'calls, not kept one by one'})`,
            more: [],
          },
        ]
      : [];
  const calls = linesOfCalls(entry, mapping.find(({ name }) => name === nameOf(entry))?.definition);
  const deadLettered = deadLetteredAt && {
    at: deadLetteredAt,
    what: `${event}: put aside as a dead letter (${code ?? entry.state})`,
    more: answer === undefined && entry.detail !== undefined ? [entry.detail] : [],
  };
  return [...earlier, ...calls, ...(deadLettered ? [deadLettered] : [])];
}

function lineOfAction({ at, action, by, reason, code, about }: LedgerAction): StoryLine {
  const what = about === undefined ? 'the dead letter' : `the dead letter of ${about}`;
  const why = reason === undefined ? '' : `: "${reason}"`;
  return { at, what: `${by} ${action} ${what} (${code})${why}`, more: [] };
}

/** A list of more names is not read. */
const MOST_NAMED = 12;

/**
 * The events that are on other types than the webhook's. An intake record has their number alone; their names come from the
 * mapping as it is now, and the line says so where it must have changed since.
 */
function formatOthers(
  { others, eventTypes, matched }: IntakeRecord,
  mapping: MappedTypes,
): readonly string[] {
  if (others === 0) return [];
  const now = mapping.filter(
    (event) => !isOn(event, eventTypes) && !matched.some((one) => one.event === event.name),
  );
  const named = now.slice(0, MOST_NAMED).map(({ name, on }) => `${name} (${on.join(', ')})`);
  const rest = now.length > MOST_NAMED ? `, and ${now.length - MOST_NAMED} more` : '';
  if (now.length === others) return [`the others are on other types: ${named.join(', ')}${rest}`];
  const changed = `${others} other event${others === 1 ? ' was' : 's were'} on other types; the mapping has changed since`;
  return [named.length === 0 ? changed : `${changed}, and has now: ${named.join(', ')}${rest}`];
}

/** Where an event stands now, and what a person can do next. */
export type Ending = { readonly title: string; readonly lines: readonly string[] };

type EndingFacts = {
  readonly story: Pick<LedgerStory, 'actions'>;
  readonly deadLetters: readonly DeadLetter[];
};

/** How each event of a webhook ended, or where it stands. */
export function storyEnd(facts: WebhookFacts): readonly string[] {
  const { story, deadLetters } = facts;
  const isLong = story.entries.length > MOST_TOLD;
  const endings = [
    ...story.intakeRecords.flatMap(endingOfProgress),
    ...(isLong ? endingsOfMany(facts) : story.entries.map((entry) => endingOf(entry, facts))),
    ...deadLetters.filter((one) => isUnknown(one, facts)).map(endingOfDeadLetter),
  ];
  if (endings.length > 0)
    return endings.flatMap(({ title, lines }) => [title, ...lines.map((line) => `  ${line}`)]);
  return [
    'No message was due.',
    '  No event of the mapping wanted this webhook, for the reasons above. It was not sent, and you need do nothing.',
  ];
}

/** How far work on a batch has come, until all of it has ended. */
function endingOfProgress({ progress }: IntakeRecord): readonly Ending[] {
  if (progress === undefined || progress.ended.size() >= progress.events) return [];
  const title = `${formatNumber(progress.ended.size())} of ${formatNumber(progress.events)} events have ended.`;
  return [{ title, lines: ['Work on the others goes on by itself. You need do nothing.'] }];
}

/** Many events, those that ended alike together. */
function endingsOfMany(facts: WebhookFacts): readonly Ending[] {
  const alike = Map.groupBy(facts.story.entries, (entry) =>
    JSON.stringify([nameOf(entry), entry.state, entry.code]),
  );
  return [...alike.values()].flatMap((entries) => {
    const [first] = entries;
    if (first === undefined) return [];
    const events = `${formatNumber(entries.length)} ${entries.length === 1 ? 'event' : 'events'}`;
    return [
      {
        title: `${formatNames(entries)}: ${events} ${TOGETHER[first.state]}${first.code === undefined ? '' : ` (${first.code})`}.`,
        lines:
          first.state === 'failed' || first.state === 'unconfirmed'
            ? endingOf(first, facts).lines
            : [ONE_BY_ONE],
      },
    ];
  });
}

const TOGETHER: Readonly<Record<LedgerState, string>> = {
  delivered: 'ACCEPTED by Webex Campaign',
  waiting: 'NOT SENT YET: tried again by themselves',
  claimed: 'BEING SENT',
  expired: 'NOT SENT: older than their max-age when their turn came',
  failed: 'NOT SENT',
  unconfirmed: 'NOT KNOWN whether they were sent',
};

const ONE_BY_ONE =
  'Give --json for each of them, with its transaction id; or explain one by the id of its item.';

/** Where one event stands. Of the facts it takes what people did, and the dead letters of its webhook. */
export function endingOf(entry: LedgerEntry, facts: EndingFacts): Ending {
  const { event, state, transactionId, lastAttemptAt, leaseUntil, code } = entry;
  switch (state) {
    case 'delivered':
      return {
        title: `${event}: ACCEPTED by Webex Campaign.`,
        lines: afterAcceptance(transactionId, lastAttemptAt),
      };
    case 'waiting':
      return {
        title: `${event}: NOT SENT YET. It was certainly not accepted so far (${code ?? 'no call was made'}), and is tried again by itself.`,
        lines: linesOfWaiting(entry),
      };
    case 'claimed':
      return {
        title: `${event}: BEING SENT. A worker has it since ${(lastAttemptAt ?? leaseUntil).toISOString()}.`,
        lines: [
          `If this stays so after ${leaseUntil.toISOString()}, the worker has died: the event is then parked as unconfirmed.`,
        ],
      };
    case 'expired':
      return endingOfExpired(entry);
    case 'failed':
    case 'unconfirmed':
      return endingOfFailure(entry, facts);
  }
}

/** Events wait for this long before they are given up (`RETRY_SCHEDULE`). */
const BUDGET_MILLISECONDS = RETRY_SCHEDULE.budgetSeconds * 1000;

function linesOfWaiting({ code, leaseUntil, firstAttemptAt }: LedgerEntry): readonly string[] {
  const next = `The next attempt is not before ${leaseUntil.toISOString()}.`;
  if (code === undefined || !isWaitingCode(code)) return [next, 'Nobody has to do anything.'];
  const given = firstAttemptAt && new Date(firstAttemptAt.getTime() + BUDGET_MILLISECONDS);
  const until = given && `until about ${given.toISOString()}: then it becomes a dead letter`;
  return [next, ...formatAdvice(WAITING[code], { ...(until !== undefined && { until }) })];
}

function endingOfExpired({ event, code, isUnsure }: LedgerEntry): Ending {
  if (code === ERASED) {
    const title = `${event}: NOT SENT. Its customer was erased before its turn came.`;
    return { title, lines: ['You need do nothing.'] };
  }
  // 0.1.0 let what may have been accepted expire, and wrote no dead letter of it.
  if (isUnsure === true) {
    return {
      title: `${event}: NOT KNOWN whether it was sent (too-old).`,
      lines: [ADVICE.unconfirmed.meaning, 'It was too old to be called again. Ask Cisco whether it arrived.'],
    };
  }
  return {
    title: `${event}: NOT SENT. It was older than its max-age when its turn came.`,
    lines: ['You need do nothing. If this happens often, see why webhooks come late, or raise max-age.'],
  };
}

/** Accepted is not delivered (webex-facts.md, 5.10); the vendor's staff can look an event up (5.13). */
function afterAcceptance(transactionId: string | undefined, at: Date | undefined): readonly string[] {
  return [
    'Accepted is not the same as on her phone: opt-out lists, contact-frequency rules, exclusion times, an expired event',
    'or an inactive deployment in Webex Campaign can still hold a message back, and this adapter cannot see that.',
    `If she did not get it, ask Cisco for the "Event transaction details" of ${transactionId ?? 'the event'}${at === undefined ? '' : ` (called ${at.toISOString()})`}.`,
  ];
}

function endingOfFailure(entry: LedgerEntry, { story, deadLetters }: EndingFacts): Ending {
  const { event, state, code } = entry;
  const reason =
    code !== undefined && isDeadLetterCode(code)
      ? code
      : state === 'unconfirmed'
        ? 'unconfirmed'
        : 'retries-exhausted';
  const isSure = state === 'failed';
  const title = isSure
    ? `${event}: NOT SENT (${reason}).`
    : `${event}: NOT KNOWN whether it was sent (${reason}).`;
  const deadLetter = deadLetters.find((one) => ledgerEventsOf(one).has(event));
  const advice = isSure ? ADVICE[reason] : ADVICE.unconfirmed;
  const why = isSure ? [] : explainUnsure(entry);
  if (deadLetter !== undefined) return { title, lines: [...why, ...adviceOnLetter(advice, deadLetter)] };
  return { title, lines: [...why, advice.meaning, explainMissing(entry, story.actions)] };
}

/** Why nobody can tell whether a call was accepted: what Webex Campaign answered, or that it did not. */
function explainUnsure({ answer, detail, transactionId }: LedgerEntry): readonly string[] {
  if (detail === ERASED) return ['Why is not known any more: its customer was erased.'];
  if (detail === 'worker-lost') return ['Why: the worker died in the call, before there was an answer.'];
  if (answer === undefined)
    return [
      `Why: no whole answer came${detail === undefined ? '' : ` (${detail})`}, though the call was made.`,
    ];
  const code = answer.code === undefined ? '' : `, code ${answer.code}`;
  const id =
    transactionId === undefined
      ? 'without a transaction id'
      : `with the transaction id ${transactionId} beside it`;
  const body = detail === undefined || !Object.hasOwn(ANSWERED, detail) ? '' : ` ${ANSWERED[detail]}`;
  return [`Why: Webex Campaign answered HTTP ${answer.status}${code}, ${id}.${body}`];
}

/** What an unclear answer was, by the detail that deliver keeps of it. */
const ANSWERED: Readonly<Record<string, string>> = {
  'answer-empty': 'The body was empty.',
  'answer-html': 'The body was HTML, as a proxy or a firewall writes it.',
  'answer-no-json': 'The body was no JSON.',
  'answer-json': 'The body was JSON.',
};

function adviceOnLetter(
  advice: (typeof ADVICE)[keyof typeof ADVICE],
  { id, since }: DeadLetter,
): readonly string[] {
  const until = `until ${new Date(since.getTime() + LETTER_MILLISECONDS).toISOString()}: then SQS deletes its dead letter, ${id}`;
  return formatAdvice(advice, { id, until });
}

/** The dead-letter queue keeps a message for 14 days. */
const LETTER_MILLISECONDS = 14 * 86_400_000;

function explainMissing({ event, deadLetteredAt }: LedgerEntry, actions: readonly LedgerAction[]): string {
  const name = event.split('#')[0];
  const last = actions
    .filter(({ about }) => about === name)
    .toSorted((one, other) => other.at.getTime() - one.at.getTime())[0];
  if (last?.action === 'dropped') {
    return `${last.by} dropped its dead letter: "${last.reason ?? ''}". You need do nothing.`;
  }
  if (last?.action === 'replayed') return `${last.by} has put it back on the buffer: look again in a moment.`;
  return deadLetteredAt === undefined
    ? 'Its dead letter is about to be written: look again in a moment.'
    : 'Its dead letter is no longer in the queue: somebody has taken it, or SQS has deleted it after 14 days.';
}

/** Whether the ledger does not have the event of a dead letter. */
function isUnknown(deadLetter: DeadLetter, { story }: WebhookFacts): boolean {
  const events = ledgerEventsOf(deadLetter);
  return events.size === 0 || !story.entries.some(({ event }) => events.has(event));
}

/** Where the events of a dead letter stand that the ledger does not have. */
export function endingOfDeadLetter(deadLetter: DeadLetter): Ending {
  const { code } = deadLetter;
  return {
    title: `${eventNameOf(deadLetter) ?? 'The webhook'}: PUT ASIDE (${code}).`,
    lines: adviceOnLetter(ADVICE[code], deadLetter),
  };
}
