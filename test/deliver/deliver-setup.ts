import type { BufferMessage } from '../../lambdas/buffer/buffered-webhook.ts';
import type { DeadLetterNote } from '../../lambdas/dead-letter/dead-letter-note.ts';
import type { Attempt } from '../../lambdas/deliver/attempt.ts';
import { createBreaker } from '../../lambdas/deliver/breaker.ts';
import type { EventRequest } from '../../lambdas/deliver/build-request.ts';
import { createKeyedCaller } from '../../lambdas/deliver/call-with-keys.ts';
import { deliverBatch } from '../../lambdas/deliver/deliver-batch.ts';
import type { DeliverDependencies } from '../../lambdas/deliver/deliver-webhook.ts';
import type { OutcomeLine } from '../../lambdas/deliver/describe-outcome.ts';
import { type CallerDependencies, createEventCaller } from '../../lambdas/deliver/event-caller.ts';
import { createRateLimit } from '../../lambdas/deliver/rate-limit.ts';
import type { BufferRecord } from '../../lambdas/deliver/read-records.ts';
import type { Receipt } from '../../lambdas/deliver/receipt.ts';
import { succeed } from '../../lambdas/result.ts';
import { compiledMapping } from '../map/compiled-mapping.ts';
import { createMemoryLedger } from './memory-ledger.ts';

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

/** Answers by the event key, so that each event can meet another fate; a key that is not here meets a bug. */
const ANSWERS: Readonly<Record<string, Attempt>> = {
  ann: answered(200, '{"transaction-id":"event_1"}'),
  bob: answered(429, '{"code":429}', '40'),
  cat: answered(200, '{"code":1002}'),
  eve: { kind: 'no-answer', cause: 'timeout' },
};

function answered(status: number, body: string, retryAfter?: string): Attempt {
  return { kind: 'answered', status, retryAfter, body };
}

function keyOf({ body }: Pick<EventRequest, 'body'>): string {
  return /"event-key":"(\w+)"/.exec(body)?.[1] ?? '';
}

export async function answerByKey(request: EventRequest): Promise<Attempt> {
  const answer = ANSWERS[keyOf(request)];
  if (answer === undefined) throw new TypeError(`a bug that quotes ${keyOf(request)}`);
  return answer;
}

let owners = 0;

/** A deliver function without AWS: its ledger is in memory, its time stands still unless `clock.now` is set. */
export function setUp(changes: Partial<DeliverDependencies> = {}, calls: Partial<CallerDependencies> = {}) {
  const clock = { now: NOW, remainingMilliseconds: 30_000 };
  const ledger = createMemoryLedger();
  const hidden: [string, number][] = [];
  const deadLetters: [BufferMessage, DeadLetterNote][] = [];
  /** Those that became items of their own. */
  const receipts: Receipt[] = [];
  const lines: OutcomeLine[] = [];
  const requests: EventRequest[] = [];
  const now = () => clock.now;
  const pause = async () => {};
  const readKeys = async () => succeed({ primary: 'key-1' });
  const { call = answerByKey, ...callerChanges } = calls;
  const caller = createEventCaller({
    keyedCaller: createKeyedCaller({ readKeys, rereadKeys: async () => undefined }),
    breaker: createBreaker(),
    rateLimit: createRateLimit(1_000_000),
    readKeys,
    call: (request) => {
      requests.push(request);
      return call(request);
    },
    callMilliseconds: 10_000,
    successIdFields: ['transaction-id'],
    pause,
    now,
    ...callerChanges,
  });
  const dependencies: DeliverDependencies = {
    mappings: new Map([['stripe', compiledMapping(EVENTS)]]),
    ledger,
    caller,
    hide: async (handle, seconds) => {
      hidden.push([handle, seconds]);
      return succeed(undefined);
    },
    putInDeadLetters: async (message, note) => {
      deadLetters.push([message, note]);
      return succeed(undefined);
    },
    recordReceipt: async (_, receipt) => {
      receipts.push(receipt);
      return succeed(undefined);
    },
    hashEventKey: async (eventKey) => `hash of ${eventKey.length}`,
    newOwner: () => {
      owners += 1;
      return `worker-${owners}`;
    },
    random: () => 1,
    leaseMilliseconds: LEASE_MILLISECONDS,
    remainingMilliseconds: () => clock.remainingMilliseconds,
    log: (line) => lines.push(line),
    takeProof: () => true,
    pause,
    now,
    ...changes,
  };
  return {
    clock,
    entries: ledger.entries,
    ledger,
    hidden,
    deadLetters,
    lines,
    receipts,
    called: () => requests.map(keyOf),
    requests,
    deliver: (...records: BufferRecord[]) => deliverBatch(records, dependencies),
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
    attempts: 1,
    bufferedAt: new Date(NOW.getTime() - 1_000),
    ...changes,
  };
}
