import { decodeBufferedWebhook } from '../lambdas/buffer/message.ts';
import { hasEnded, type LedgerEntry } from '../lambdas/deliver/ledger/entry.ts';
import { previewIdentified } from '../lib/mapping/examples/example.ts';
import { ERASED } from './advice.ts';
import { type CustomerFacts, whoseAre } from './customer.ts';
import { parseDeadLetters } from './dead-letters/dead-letter.ts';
import { chooseStage, createPreviewer } from './dead-letters/preview.ts';
import {
  type DeadLetterQueue,
  openBuffer,
  openDeadLetterQueue,
  removeDeadLetter,
  showAgain,
  type TakenMessage,
  takeAll,
} from './dead-letters/queue.ts';
import { replaceEntry } from './ledger-items.ts';
import { type Account, findMapping, type Project } from './project.ts';

/** What an erasure has done, or a dry run would do: numbers and ids of ours, nothing of the customer's. */
export type ErasureReceipt = {
  readonly at: Date;
  readonly by: string;
  readonly isDone: boolean;
  /** Events in the ledger that no longer say whom they were for, or what was sent. */
  readonly events: number;
  /** Events that a worker has at the moment: they are erased when this is done again. */
  readonly beingSent: number;
  /** Dead letters that are gone. */
  readonly deadLetters: readonly string[];
  /** Dead letters of a batch with other people in it: they stay, until they are replayed or dropped. */
  readonly sharedDeadLetters: readonly string[];
  /** Dead letters that the mapping cannot map now: whose they are, nobody can tell. */
  readonly unreadDeadLetters: readonly string[];
  /** Webhooks that waited on the buffer; `undefined` in a dry run, which takes nothing from the buffer. */
  readonly waiting?: WaitingErased;
};

type WaitingErased = {
  readonly erased: number;
  /** Of a batch with other people in it, or of webhooks that cannot be mapped. */
  readonly left: number;
};

/** What an erasure would do to what was found. */
export function planErasure(
  { entries, letters, unread }: CustomerFacts,
  { at, by }: Pick<ErasureReceipt, 'at' | 'by'>,
): ErasureReceipt {
  const beingSent = entries.filter((entry) => isBeingSent(entry, at)).length;
  const idsOf = (wanted: boolean) =>
    letters.flatMap(({ deadLetter, isHersAlone }) => (isHersAlone === wanted ? [deadLetter.id] : []));
  return {
    ...{ at, by, isDone: false, beingSent, events: entries.length - beingSent },
    ...{ deadLetters: idsOf(true), sharedDeadLetters: idsOf(false) },
    unreadDeadLetters: unread.map(({ id }) => id),
  };
}

function isBeingSent({ state, leaseUntil }: LedgerEntry, now: Date): boolean {
  return state === 'claimed' && leaseUntil > now;
}

/**
 * Erases what is kept of a customer: webhooks that wait on the buffer first, so that none is sent meanwhile, then her events
 * in the ledger, then her dead letters. An event keeps its key, its end and its time, so that a vendor who sends it again
 * messages nobody; all that is about her goes.
 */
export async function eraseCustomer(
  account: Account,
  project: Project,
  { facts, by }: { readonly facts: CustomerFacts; readonly by: string },
): Promise<ErasureReceipt> {
  const at = account.clock.now();
  const search = { account, project, eventKeys: facts.keys.eventKeys };
  const waiting = await eraseWaiting(search);
  let events = 0;
  for (const entry of facts.entries) {
    if (!isBeingSent(entry, at) && (await replaceEntry(account, withoutCustomer(entry)))) events += 1;
  }
  const letters = await eraseDeadLetters(search);
  return { at, by, isDone: true, events, beingSent: facts.entries.length - events, ...letters, waiting };
}

/** An event without its customer. */
export function withoutCustomer(entry: LedgerEntry): LedgerEntry {
  const {
    eventKeyHash: _,
    parameters: __,
    history: ___,
    answer: ____,
    transactionId: _____,
    ...kept
  } = entry;
  // Whatever would still be called, or dead-lettered with her webhook in it, has ended now.
  return {
    ...kept,
    ...(!hasEnded(entry) && { state: 'expired', code: ERASED }),
    detail: ERASED,
    revision: entry.revision + 1,
  };
}

type ErasureSearch = {
  readonly account: Account;
  readonly project: Project;
  readonly eventKeys: readonly string[];
};

async function eraseWaiting({ account, project, eventKeys }: ErasureSearch): Promise<WaitingErased> {
  const { sqs, stackName, clock } = account;
  const queue = { sqs, url: await openBuffer(sqs, stackName), speed: clock.speed };
  const stage = chooseStage(project, account);
  const whose = async ({ body, attributes }: TakenMessage) => {
    const webhook = decodeBufferedWebhook({ body, attributes });
    if (!webhook.ok || !stage.ok) return 'unknown';
    const mapping = findMapping(project, webhook.value.source);
    if (!mapping.ok) return 'unknown';
    return whoseAre(await previewIdentified(mapping.value, webhook.value, stage.value), eventKeys);
  };
  const { erased, left } = await removeHers(
    queue,
    await takeAll(queue, { what: 'Reading the buffer' }),
    whose,
  );
  return { erased: erased.length, left: left.length };
}

async function eraseDeadLetters({
  account,
  project,
  eventKeys,
}: ErasureSearch): Promise<Pick<ErasureReceipt, 'deadLetters' | 'sharedDeadLetters' | 'unreadDeadLetters'>> {
  const queue = await openDeadLetterQueue(account);
  const messages = await takeAll(queue);
  const byMessage = new Map(parseDeadLetters(messages).map((one) => [one.messageId, one]));
  const preview = createPreviewer(project, account);
  const judged = new Map<string, Whose>();
  const removed = await removeHers(queue, messages, async ({ messageId }) => {
    const deadLetter = byMessage.get(messageId);
    const mapped = deadLetter && (await preview(deadLetter));
    const whose = mapped?.ok ? whoseAre(mapped.value.preview, eventKeys) : 'unknown';
    judged.set(messageId, whose);
    return whose;
  });
  const idsOf = (messages: readonly TakenMessage[], wanted: Whose) =>
    messages.flatMap(({ messageId }) =>
      judged.get(messageId) === wanted ? [byMessage.get(messageId)?.id ?? messageId] : [],
    );
  return {
    deadLetters: idsOf(removed.erased, 'hers'),
    sharedDeadLetters: idsOf(removed.left, 'hers-too'),
    unreadDeadLetters: idsOf(removed.left, 'unknown'),
  };
}

type Whose = ReturnType<typeof whoseAre>;

/** Removes the messages that are of the customer alone, and shows all others again. */
async function removeHers(
  queue: DeadLetterQueue,
  messages: readonly TakenMessage[],
  judge: (message: TakenMessage) => Promise<Whose>,
): Promise<{ readonly erased: readonly TakenMessage[]; readonly left: readonly TakenMessage[] }> {
  const erased: TakenMessage[] = [];
  const left: TakenMessage[] = [];
  const others: TakenMessage[] = [];
  try {
    for (const message of messages) {
      const whose = await judge(message);
      if (whose === 'hers') {
        await removeDeadLetter(queue, message);
        erased.push(message);
      } else (whose === 'others' ? others : left).push(message);
    }
  } finally {
    const gone = new Set(erased);
    await showAgain(
      queue,
      messages.filter((message) => !gone.has(message)),
    );
  }
  return { erased, left };
}
