import { randomUUID } from 'node:crypto';
import middy from '@middy/core';
import {
  createLog,
  deliverEnvironment,
  PREPARED_SOURCES,
  readCatalogue,
  readEnvironment,
  warmUp,
} from '../adapters/lambda.ts';
import { createLedgerTable } from '../adapters/ledger-table.ts';
import { createQueues } from '../adapters/queues.ts';
import { createSecretReader } from '../adapters/secrets-manager.ts';
import { createEventApi, pause } from '../adapters/webex-campaign.ts';
import { deadLetterMessage } from '../dead-letter/note.ts';
import type { Mapping } from '../map/mapping.ts';
import { prepareMappings } from '../map/webhook.ts';
import { type DeliverDependencies, deliverBatch, readRecords } from './batch.ts';
import { createBreaker } from './event-api/breaker.ts';
import {
  CALL_LIMITS,
  createEventCaller,
  createLanes,
  createRateLimit,
  lanesFor,
  workerRate,
} from './event-api/caller.ts';
import { createKeyedCaller, keysOf, parseWebexSecret } from './event-api/keys.ts';
import { hashEventKey } from './ledger/entry.ts';
import { createOnceAMinute, formatUnknownProbe } from './log-line.ts';
import { createPauseWatch } from './pauses.ts';

// runs once per cold start
const environment = readEnvironment(deliverEnvironment);
const writeLogLine = createLog(environment.STACK_NAME);
const queues = createQueues();
const { WEBEX_KEYS_SECRET: secretName } = environment;
const secrets = createSecretReader(parseWebexSecret);
const now = () => new Date();
const ledger = createLedgerTable(environment.LEDGER_TABLE);
const readKeys = async () => keysOf(await secrets.read(secretName));
const rereadKeys = async () => {
  const reread = await secrets.reread(secretName);
  return reread && keysOf(reread);
};
const share = workerRate({
  eventsPerSecond: environment.EVENTS_PER_SECOND,
  maxConcurrency: environment.MAX_CONCURRENCY,
});
const dependencies: Omit<DeliverDependencies, 'remainingMilliseconds'> = {
  mappings: prepareMappings(readCatalogue<Mapping>(), PREPARED_SOURCES),
  ledger,
  lanes: createLanes(lanesFor(share)),
  leaseMilliseconds: environment.LEASE_SECONDS * 1000,
  caller: createEventCaller({
    keyedCaller: createKeyedCaller({ readKeys, rereadKeys }),
    readKeys,
    breaker: createBreaker(environment.PROBE),
    rateLimit: createRateLimit(share),
    call: createEventApi(environment.WEBEX_EVENT_URL),
    callMilliseconds: CALL_LIMITS.total,
    successIdFields: environment.SUCCESS_ID_FIELDS,
    serviceUnavailable: environment.SERVICE_UNAVAILABLE,
    reportUnknownProbe: (answer) => writeLogLine(formatUnknownProbe(answer, now())),
    pause,
    now,
  }),
  hashEventKey: async (eventKey) => {
    const secret = await secrets.read(secretName);
    const hashKey = secret.ok ? secret.value.hashKey : undefined;
    return hashKey === undefined ? undefined : hashEventKey(eventKey, hashKey);
  },
  hide: (receiptHandle, seconds) => queues.hide(environment.BUFFER_QUEUE_URL, receiptHandle, seconds),
  putBack: (message) => queues.put(environment.BUFFER_QUEUE_URL, message),
  putDeadLetter: (message, note) =>
    queues.put(environment.DEAD_LETTER_QUEUE_URL, deadLetterMessage(message, note)),
  newOwner: randomUUID,
  random: Math.random,
  log: writeLogLine,
  isFirstThisMinute: createOnceAMinute(),
  isPaused: createPauseWatch(ledger.readPauses, now),
  isPauseToldNow: createOnceAMinute(),
  pause,
  now,
};

/** Lambda waits for this before it passes the first batch (`lib/bundle/function-entry.mjs`). */
export const ready = warmUp(readKeys(), dependencies.isPaused(''));

type Context = { readonly getRemainingTimeInMillis: () => number };

// runs for every batch
async function deliver(event: unknown, { getRemainingTimeInMillis }: Context) {
  const remainingMilliseconds = () => getRemainingTimeInMillis();
  const kept = await deliverBatch(readRecords(event), { ...dependencies, remainingMilliseconds });
  return { batchItemFailures: kept.map((itemIdentifier) => ({ itemIdentifier })) };
}

// called by AWS
export const handler = middy()
  .onError((request) => {
    // A bug. Lambda logs the error's message, which may quote a webhook: only its name is passed on.
    const cause = request.error?.name ?? 'unknown';
    writeLogLine({ stage: 'deliver', code: 'internal-error', cause });
    request.error = new Error(cause);
  })
  .handler(deliver);
