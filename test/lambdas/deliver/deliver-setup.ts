import type { BufferMessage } from '../../../lambdas/buffer/message.ts';
import type { DeadLetterNote } from '../../../lambdas/dead-letter/note.ts';
import { type DeliverDependencies, deliverBatch } from '../../../lambdas/deliver/batch.ts';
import { createBreaker } from '../../../lambdas/deliver/event-api/breaker.ts';
import {
  type CallerDependencies,
  createEventCaller,
  createLanes,
  createRateLimit,
  type EventRequest,
} from '../../../lambdas/deliver/event-api/caller.ts';
import { createKeyedCaller } from '../../../lambdas/deliver/event-api/keys.ts';
import { DEFAULT_ANSWER_RULES } from '../../../lambdas/deliver/event-api/verdict.ts';
import type { IntakeRecord, WebhookLedger } from '../../../lambdas/deliver/ledger/entry.ts';
import type { OutcomeLine } from '../../../lambdas/deliver/log-line.ts';
import type { BufferRecord } from '../../../lambdas/deliver/work.ts';
import { succeed } from '../../../lambdas/result.ts';
import { compiledMapping } from '../map/compiled-mapping.ts';
import { answerByKey, keyOf } from './event-api/answer-by-key.ts';
import { createMemoryLedger } from './ledger/memory-ledger.ts';

export const NOW = new Date('2026-11-24T12:00:00.000Z');
export const LEASE_MILLISECONDS = 35_000;

const EVENTS = [
  { name: 'paid', on: 'invoice.paid', 'event-id': 'evt_1', 'event-key': '{% key %}' },
  { name: 'each', on: 'batch', items: '{% keys %}', 'event-id': 'evt_2', 'event-key': '{% $item %}' },
  { name: 'again', on: 'again', 'event-id': 'evt_3', 'event-key': '{% key %}', 'on-unconfirmed': 'retry' },
  {
    name: 'fresh',
    on: 'fresh',
    'event-id': 'evt_4',
    'event-key': '{% key %}',
    'max-age': '1h',
    'event-time': '{% at %}',
  },
  { name: 'owed', on: 'owed', when: '{% due > 0 %}', 'event-id': 'evt_5', 'event-key': '{% key %}' },
];

/** One, so that events are worked on in their order. */
const LANES = 1;

let owners = 0;

function newOwner(): string {
  owners += 1;
  return `worker-${owners}`;
}

/** What a deliver function has done, in order. */
type Done = {
  readonly hidden: [handle: string, seconds: number][];
  readonly deadLetters: [BufferMessage, DeadLetterNote][];
  /** Those that became items of their own. */
  readonly intakeRecords: IntakeRecord[];
  /** Copies that were put on the buffer. */
  readonly putBack: BufferMessage[];
  readonly lines: OutcomeLine[];
  readonly requests: EventRequest[];
};

const NOTHING_PAUSED = {
  isFirstThisMinute: () => true,
  isPaused: async () => false,
  isPauseToldNow: () => true,
};

/** A deliver function without AWS: its ledger is in memory, its time stands still unless `clock.now` is set. */
export function setUp(changes: Partial<DeliverDependencies> = {}, calls: Partial<CallerDependencies> = {}) {
  const clock = { now: NOW, remainingMilliseconds: 30_000 };
  const time = { now: () => clock.now, pause: async () => {} };
  const ledger = createMemoryLedger();
  const done: Done = {
    hidden: [],
    deadLetters: [],
    intakeRecords: [],
    putBack: [],
    lines: [],
    requests: [],
  };
  const dependencies: DeliverDependencies = {
    mappings: new Map([['stripe', compiledMapping(EVENTS)]]),
    lanes: createLanes(LANES),
    caller: createCaller(done, { ...time, ...calls }),
    ...recordingIn(done),
    hashEventKey: async (eventKey) => {
      // An event that meets a bug before it is called.
      if (eventKey === 'dan') throw new TypeError('a bug that quotes dan');
      return `hash of ${eventKey.length}`;
    },
    newOwner,
    random: () => 1,
    leaseMilliseconds: LEASE_MILLISECONDS,
    remainingMilliseconds: () => clock.remainingMilliseconds,
    ...NOTHING_PAUSED,
    ...time,
    ...changes,
    ledger: recordingRecords(changes.ledger ?? ledger, done),
  };
  return {
    clock,
    entries: ledger.entries,
    ledger,
    ...done,
    called: () => done.requests.map(keyOf),
    deliver: (...records: BufferRecord[]) => deliverBatch(records, dependencies),
  };
}

/** A caller with one key and no pause. */
function createCaller(
  { requests }: Done,
  { call = answerByKey, ...changes }: Partial<CallerDependencies> & Pick<CallerDependencies, 'now' | 'pause'>,
) {
  const readKeys = async () => succeed({ primary: 'key-1' });
  return createEventCaller({
    keyedCaller: createKeyedCaller({ readKeys, rereadKeys: async () => undefined }),
    breaker: createBreaker('call'),
    rateLimit: createRateLimit(1_000_000),
    readKeys,
    call: (request) => {
      requests.push(request);
      return call(request);
    },
    callMilliseconds: 10_000,
    ...DEFAULT_ANSWER_RULES,
    reportUnknownProbe: () => {},
    ...changes,
  });
}

function recordingIn({ hidden, deadLetters, putBack, lines }: Done) {
  return {
    hide: async (handle, seconds) => {
      hidden.push([handle, seconds]);
      return succeed(undefined);
    },
    putDeadLetter: async (message, note) => {
      deadLetters.push([message, note]);
      return succeed(undefined);
    },
    putBack: async (message) => {
      putBack.push(message);
      return succeed(undefined);
    },
    log: (line) => lines.push(line),
  } satisfies Partial<DeliverDependencies>;
}

function recordingRecords(ledger: WebhookLedger, { intakeRecords }: Done): WebhookLedger {
  return {
    ...ledger,
    writeIntakeRecord: async (webhook, intakeRecord) => {
      intakeRecords.push(intakeRecord);
      return ledger.writeIntakeRecord(webhook, intakeRecord);
    },
  };
}

/** A message of the buffer about an event for this key. */
export function record(
  key: string,
  type = 'invoice.paid',
  { body = {}, ...changes }: Partial<BufferRecord> & { readonly body?: object } = {},
): BufferRecord {
  const attributes = {
    version: '2',
    source: 'stripe',
    'event-type': type,
    'deduplication-id': `evt_${key}`,
    'received-at': '2026-11-24T11:59:59.000Z',
    body: 'json utf-8',
    'webhook-id': 'JKJaXmPLvHcESHA=',
  };
  return {
    messageId: `message-${key}`,
    receiptHandle: `handle-${key}`,
    message: { body: JSON.stringify({ key, ...body }), attributes },
    receives: 1,
    bufferedAt: new Date(NOW.getTime() - 1_000),
    ...changes,
  };
}
