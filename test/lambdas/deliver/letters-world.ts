import { BatchGetItemCommand } from '@aws-sdk/client-dynamodb';
import { DeleteMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { parseDeadLetters, type TakenDeadLetter } from '../../../answers/dead-letters/dead-letter.ts';
import { eventsIn, type LetterEvent } from '../../../answers/dead-letters/letter-events.ts';
import type { DeadLetterQueue } from '../../../answers/dead-letters/queue.ts';
import { replayOne } from '../../../answers/dead-letters/replay.ts';
import type { Account } from '../../../answers/project.ts';
import { dropOne } from '../../../cli/dead-letters/list.ts';
import { writeItem } from '../../../lambdas/adapters/ledger-item.ts';
import type { BufferMessage } from '../../../lambdas/buffer/message.ts';
import { deadLetterMessage } from '../../../lambdas/dead-letter/note.ts';
import type { EventRequest } from '../../../lambdas/deliver/event-api/caller.ts';
import type { Attempt } from '../../../lambdas/deliver/event-api/verdict.ts';
import type { LedgerEntry } from '../../../lambdas/deliver/ledger/entry.ts';
import { type PreparedMappings, prepareMappings } from '../../../lambdas/map/webhook.ts';
import { fail, succeed } from '../../../lambdas/result.ts';
import { readMappingFolders } from '../../../lib/mapping/folders.ts';
import { resolveMapping } from '../../../lib/mapping/schema.ts';
import { LEASE_MILLISECONDS, NOW, setUp } from './deliver-setup.ts';
import { createMemoryLedger } from './ledger/memory-ledger.ts';
import { type Deployed, FIRST, writeMappings } from './letters-mappings.ts';

const DAY = 86_400_000;

/** What a webhook is about: `solo` makes the events one and also, `batch` the event each, three times. */
export type WebhookType = 'solo' | 'batch';

/** What a vendor's webhook can make a person get a message about: `0/one`, `1/each/2`. */
export type Fact = string;

/** What Webex Campaign does with a call, and what is heard of it. */
export const FATES = ['accepted', 'refused', 'throttled', 'accepted-unheard', 'lost'] as const;
export type Fate = (typeof FATES)[number];

/** Thrown in the place of a death: nothing that the dead does from then on has an effect. */
class Died extends Error {}

/** At which dealings with the outside world a worker dies, or that dealing fails. */
export type Faults = { readonly dies?: number | undefined; readonly fails?: number | undefined };

type Buffered = {
  readonly id: string;
  readonly message: BufferMessage;
  readonly sentAt: number;
  receives: number;
  visibleAt: number;
};

/** A dead-letter queue, a buffer, a ledger, a mapping and Webex Campaign, and all that has happened in them. */
export class LettersWorld {
  now = NOW.getTime();
  readonly accepted = new Map<Fact, number>();
  readonly dropped = new Set<Fact>();
  /** What the ledger, or a dead letter, has ever had. */
  readonly owed = new Set<Fact>();
  readonly buffer: Buffered[] = [];
  readonly deadLetters: { id: string; message: BufferMessage; sentAt: Date }[] = [];
  readonly ledger = createMemoryLedger();
  private deployed = FIRST;
  private mappings: PreparedMappings;
  private project = '';
  private numbers = 0;
  private fates: Fate[] = [];
  private stepsToDeath = Number.POSITIVE_INFINITY;
  private stepsToFailure: number | undefined;
  private readonly sentFirst = new Map<number, number>();

  private readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
    this.mappings = this.deploy(FIRST);
  }

  deploy(deployed: Deployed): PreparedMappings {
    this.deployed = deployed;
    this.project = writeMappings(this.directory, deployed);
    const files = readMappingFolders(this.project);
    if (!files.ok) throw new Error(JSON.stringify(files.failure));
    this.mappings = prepareMappings(
      files.value.map((file) => resolveMapping(file, 'default')),
      9,
    );
    return this.mappings;
  }

  get mapping(): Deployed {
    return this.deployed;
  }

  /** The vendor sends a webhook, or sends it again within its three days. */
  send(webhook: number, type: WebhookType): void {
    const { source, hasSource, hasOne, hasAlso, hasEach } = this.deployed;
    const isWanted = hasSource && (type === 'solo' ? hasOne || hasAlso : hasEach);
    const first = this.sentFirst.get(webhook) ?? this.now;
    if (!isWanted || this.now - first > 3 * DAY) return;
    this.sentFirst.set(webhook, first);
    const attributes = {
      version: '2',
      source,
      'event-type': type,
      'deduplication-id': `id_${webhook}`,
      'received-at': new Date(this.now).toISOString(),
      body: 'json utf-8',
      'webhook-id': `delivery-${this.next()}`,
    };
    this.put(this.buffer, { body: JSON.stringify({ id: `${webhook}`, items: ['a', 'b', 'c'] }), attributes });
  }

  /** A worker takes a message from the buffer. It dies at the given dealing with the outside world, or others fail. */
  async receive(
    which: number,
    fates: readonly Fate[],
    { dies = Number.POSITIVE_INFINITY, fails }: Faults = {},
  ): Promise<void> {
    const visible = this.buffer.filter(({ visibleAt }) => visibleAt <= this.now);
    const taken = visible[which % Math.max(1, visible.length)];
    if (taken === undefined) return;
    taken.receives += 1;
    taken.visibleAt = this.now + 2 * LEASE_MILLISECONDS;
    this.fates = [...fates];
    this.stepsToDeath = dies;
    this.stepsToFailure = fails;
    const { id: messageId, message, receives, sentAt } = taken;
    const record = { messageId, receiptHandle: messageId, message, receives, bufferedAt: new Date(sentAt) };
    const kept = await this.worker(taken).deliver(record);
    const isAlive = this.stepsToDeath > 0;
    if (isAlive && kept.length === 0) this.buffer.splice(this.buffer.indexOf(taken), 1);
  }

  /** SQS itself moves a message to the dead letters, after the worker crashed on it again and again. */
  moveBySqs(which: number): void {
    const taken = this.buffer[which % Math.max(1, this.buffer.length)];
    if (taken === undefined) return;
    this.buffer.splice(this.buffer.indexOf(taken), 1);
    this.put(this.deadLetters, taken.message);
  }

  /** A dead letter is one that 0.1.0 wrote for a replay whose event had left the mapping: it forgot which event that was. */
  forget(which: number): void {
    const at = which % Math.max(1, this.deadLetters.length);
    const letter = this.deadLetters[at];
    if (letter?.message.attributes.note === undefined) return;
    const deadLetteredAt = letter.sentAt.toISOString();
    const note = { stage: 'map', code: 'no-mapping', version: 2, attempts: 0, receives: 1, deadLetteredAt };
    const attributes = { ...letter.message.attributes, note: JSON.stringify(note) };
    this.deadLetters[at] = { ...letter, message: { ...letter.message, attributes } };
  }

  /** A person replays a dead letter, or one of its events. What may have been accepted only after asking whether it was. */
  async replay(which: number, part: number | undefined, stepsToDeath = Number.POSITIVE_INFINITY) {
    const taken = this.take(which, part);
    if (taken === undefined) return undefined;
    this.stepsToDeath = stepsToDeath;
    const wasAccepted = this.factsIn(taken).some((fact) => this.accepted.has(fact));
    const unconfirmed = !wasAccepted && taken.chosen.every(({ name }) => name !== undefined);
    const replayed = replayOne(taken, {
      project: { mappings: this.project, stagesFile: 'none' },
      options: { ids: [], by: 'ann', ...(unconfirmed && { unconfirmed: true as const }) },
      account: this.account(),
      queue: this.queue(),
      bufferUrl: 'buffer',
    });
    return orDeath(replayed);
  }

  /** A person drops a dead letter, or one of its events. */
  async drop(
    which: number,
    part: number | undefined,
    stepsToDeath = Number.POSITIVE_INFINITY,
  ): Promise<void> {
    const taken = this.take(which, part);
    // A whole webhook is not dropped: then what it owes is not known.
    if (taken === undefined || taken.chosen.some(({ name }) => name === undefined)) return;
    this.stepsToDeath = stepsToDeath;
    for (const fact of this.factsIn(taken)) this.dropped.add(fact);
    const context = { account: this.account(), queue: this.queue() };
    await orDeath(dropOne(taken, context, { by: 'bob', reason: 'no longer wanted' }));
  }

  /** Time passes. DynamoDB deletes what has expired. */
  wait(milliseconds: number): void {
    this.now += milliseconds;
    for (const [key, { expiresAt }] of this.ledger.entries) {
      if (expiresAt.getTime() < this.now) this.ledger.entries.delete(key);
    }
  }

  /** All that is on the buffer comes to its end, and nothing fails any more. */
  async settle(): Promise<void> {
    for (let tries = 0; this.buffer.length > 0; tries += 1) {
      if (tries > 200) throw new Error('The buffer does not get empty.');
      this.wait(1_200_000);
      await this.receive(tries, []);
    }
  }

  /** The facts that a dead letter is of now; one of a whole webhook stands for all that the webhook may owe. */
  parked({ isNamed = false } = {}): ReadonlySet<Fact> {
    return new Set(
      this.letters().flatMap((deadLetter) => {
        const chosen = eventsIn(deadLetter.failures).filter(({ name }) => name !== undefined || !isNamed);
        return this.factsIn({ deadLetter, chosen });
      }),
    );
  }

  letters() {
    return parseDeadLetters(
      this.deadLetters.map(({ id, message, sentAt }) => ({ messageId: id, ...message, sentAt })),
    );
  }

  private take(which: number, part: number | undefined): TakenDeadLetter | undefined {
    const letters = this.letters();
    const deadLetter = letters[which % Math.max(1, letters.length)];
    if (deadLetter === undefined) return undefined;
    const events = eventsIn(deadLetter.failures);
    const chosen = part === undefined ? events : events.filter((_, index) => index === part % events.length);
    const { messageId, message, since } = deadLetter;
    return {
      deadLetter,
      message: { messageId, ...message, sentAt: since, receiptHandle: messageId },
      chosen,
      rest: events.filter((event) => !chosen.includes(event)),
    };
  }

  private factsIn({ deadLetter, chosen }: Pick<TakenDeadLetter, 'deadLetter' | 'chosen'>): readonly Fact[] {
    const webhook = (deadLetter.deduplicationId ?? '').slice('id_'.length);
    return chosen.flatMap((event) => factsOf(webhook, event));
  }

  private worker(taken: Buffered) {
    const step = <Heard>(effect: () => Promise<Heard>) => this.step(effect, UNAVAILABLE);
    const put = (queue: 'buffer' | 'deadLetters', message: BufferMessage) =>
      step(async () => {
        this.put(this[queue], message);
        for (const fact of this.parked({ isNamed: true })) this.owed.add(fact);
        return succeed(undefined);
      });
    const setup = setUp(
      {
        mappings: { get: (name) => this.mappings.get(name) },
        ledger: this.watched(step),
        hide: (_, seconds) =>
          step(async () => {
            taken.visibleAt = this.now + seconds * 1000;
            return succeed(undefined);
          }),
        putDeadLetter: (message, note) => put('deadLetters', deadLetterMessage(message, note)),
        putBack: (message) => put('buffer', message),
      },
      { call: (request) => this.step(() => this.answer(request)) },
    );
    setup.clock.now = new Date(this.now);
    return setup;
  }

  /** The ledger, each dealing with which may be a worker's last. What is written into it is owed. */
  private watched(step: <Heard>(effect: () => Promise<Heard>) => Promise<Heard | typeof UNAVAILABLE>) {
    const { ledger } = this;
    return {
      ...ledger,
      read: (key) => step(() => ledger.read(key)),
      query: (...range) => step(() => ledger.query(...range)),
      copy: (...entries) => step(() => ledger.copy(...entries)),
      writeIntakeRecord: (...record) => step(() => ledger.writeIntakeRecord(...record)),
      writeIdentified: (...record) => step(() => ledger.writeIdentified(...record)),
      write: (entry) =>
        step(async () => {
          const written = await ledger.write(entry);
          if (written.ok && written.value === 'written') this.owed.add(factOfEntry(entry));
          return written;
        }),
    } satisfies typeof ledger;
  }

  /** Each dealing with the outside world is a step; the last one may have an effect that its maker does not live to see. */
  private async step<Heard, Failure = never>(
    effect: () => Promise<Heard>,
    failure?: Failure,
  ): Promise<Heard | Failure> {
    if (this.stepsToDeath <= 0) throw new Died();
    this.stepsToDeath -= 1;
    if (this.stepsToFailure !== undefined && failure !== undefined) {
      this.stepsToFailure -= 1;
      if (this.stepsToFailure === 0) return failure;
    }
    // Half of the deaths come before the effect, half after it.
    if (this.stepsToDeath === 0 && this.numbers % 2 === 0) throw new Died();
    const heard = await effect();
    if (this.stepsToDeath === 0) throw new Died();
    return heard;
  }

  private async answer({ body }: EventRequest): Promise<Attempt> {
    const fact: Fact = JSON.parse(body)['event-key'];
    const fate = this.fates.shift() ?? 'accepted';
    if (fate === 'accepted' || fate === 'accepted-unheard') {
      this.accepted.set(fact, (this.accepted.get(fact) ?? 0) + 1);
    }
    return ANSWERS[fate];
  }

  private account(): Account {
    const send = (command: object) => this.step(async () => this.serve(command));
    const stub = { send } as unknown;
    return {
      stackName: 'webhook-adapter-dev',
      clock: { now: () => new Date(this.now), speed: 1 },
      sqs: stub as Account['sqs'],
      dynamoDb: stub as Account['dynamoDb'],
      secretsManager: stub as Account['secretsManager'],
    };
  }

  private queue(): DeadLetterQueue {
    return { sqs: this.account().sqs, url: 'dead-letter', speed: 1 };
  }

  /** SQS and DynamoDB, as far as a person's commands use them. */
  private serve(command: object): object {
    if (command instanceof SendMessageCommand) {
      const { QueueUrl, MessageBody = '', MessageAttributes = {} } = command.input;
      const attributes = Object.entries(MessageAttributes).map(([name, { StringValue = '' }]) => [
        name,
        StringValue,
      ]);
      const message = { body: MessageBody, attributes: Object.fromEntries(attributes) };
      this.put(QueueUrl === 'buffer' ? this.buffer : this.deadLetters, message);
    }
    if (command instanceof DeleteMessageCommand) {
      const at = this.deadLetters.findIndex(({ id }) => id === command.input.ReceiptHandle);
      this.deadLetters.splice(at, at < 0 ? 0 : 1);
    }
    if (!(command instanceof BatchGetItemCommand)) return {};
    const tables = Object.entries(command.input.RequestItems ?? {}).map(([table, { Keys = [] }]) => {
      const names = Keys.map(({ webhook, event }) => `${webhook?.S} ${event?.S}`);
      return [table, names.flatMap((name) => this.ledger.entries.get(name) ?? []).map(writeItem)];
    });
    return { Responses: Object.fromEntries(tables) };
  }

  private put(queue: Buffered[] | LettersWorld['deadLetters'], message: BufferMessage): void {
    const id = `message-${this.next()}`;
    const common = { id, message, receives: 0, visibleAt: this.now };
    if (queue === this.buffer) this.buffer.push({ ...common, sentAt: this.now });
    else this.deadLetters.push({ id, message, sentAt: new Date(this.now) });
  }

  private next(): number {
    this.numbers += 1;
    return this.numbers;
  }
}

/** What comes of a command; nothing if its process dies. */
function orDeath<Value>(command: Promise<Value>): Promise<Value | undefined> {
  return command.catch((error: unknown) => {
    if (!(error instanceof Died)) throw error;
    return undefined;
  });
}

const UNAVAILABLE = fail({ code: 'ledger-unavailable', cause: 'TimeoutError' } as const);

const UNHEARD: Attempt = { kind: 'no-answer', cause: 'timeout' };
const ANSWERS: Readonly<Record<Fate, Attempt>> = {
  accepted: answered(200, '{"transaction-id":"event_1"}'),
  refused: answered(200, '{"code":1002}'),
  throttled: answered(429, '{"code":429}'),
  'accepted-unheard': UNHEARD,
  lost: UNHEARD,
};

function answered(status: number, body: string): Attempt {
  return { kind: 'answered', status, retryAfter: undefined, body };
}

/** A dead letter that names no event stands for all that its webhook owes. */
function factsOf(webhook: string, { name, item }: Pick<LetterEvent, 'name' | 'item'>): readonly Fact[] {
  if (name === undefined) {
    return ['one', 'also', 'each/0', 'each/1', 'each/2'].map((event) => `${webhook}/${event}`);
  }
  const event = name === 'uno' ? 'one' : name;
  return [item === undefined ? `${webhook}/${event}` : `${webhook}/${event}/${item}`];
}

/** By the key: `shop#id_0 one`, or `shop:0-b each` where the item has an id of its own. */
function factOfEntry({ webhook, event }: LedgerEntry): Fact {
  const identified = /^\w+:(\d+)-([abc])$/.exec(webhook);
  if (identified) return `${identified[1]}/each/${'abc'.indexOf(identified[2] ?? '')}`;
  const [, id = ''] = webhook.split('#id_');
  const [name = '', item] = event.split('#');
  return factsOf(id, { name, ...(item !== undefined && { item: Number(item) }) })[0] ?? '';
}
