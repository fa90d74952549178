import middy from '@middy/core';
import { readCatalogue } from '../adapters/catalogue.ts';
import { deliverEnvironment, readEnvironment } from '../adapters/environment.ts';
import { writeLogLine } from '../adapters/log.ts';
import { createQueues } from '../adapters/queues.ts';
import { createSecretReader } from '../adapters/secrets-manager.ts';
import { createEventApi } from '../adapters/webex-campaign.ts';
import { encodeBufferedWebhook } from '../buffer/buffered-webhook.ts';
import { deadLetterMessage } from '../dead-letter/dead-letter-message.ts';
import { compileMapping } from '../map/map-webhook.ts';
import { mappingSchema } from '../map/mapping.ts';
import { fail } from '../result.ts';
import { type BatchDependencies, deliverBatch } from './deliver-batch.ts';
import { readRecords } from './read-records.ts';
import { webexKeysSchema } from './webex-keys.ts';

// runs once per cold start
const environment = readEnvironment(deliverEnvironment);
const queues = createQueues();
const secrets = createSecretReader(webexKeysSchema);
const dependencies: BatchDependencies = {
  mappings: new Map(readCatalogue(mappingSchema).map((mapping) => [mapping.source, compileMapping(mapping)])),
  webexKeys: () => secrets.read(environment.WEBEX_KEYS_SECRET),
  forgetWebexKeys: () => secrets.forget(environment.WEBEX_KEYS_SECRET),
  call: createEventApi(environment.WEBEX_EVENT_URL),
  hide: (receiptHandle, seconds) => queues.hide(environment.BUFFER_QUEUE_URL, receiptHandle, seconds),
  putBack: async (webhook, seconds) => {
    const message = encodeBufferedWebhook(webhook);
    if (!message.ok) return fail({ cause: message.failure.code });
    return queues.put(environment.BUFFER_QUEUE_URL, message.value, seconds);
  },
  putInDeadLetters: (message, note) =>
    queues.put(environment.DEAD_LETTER_QUEUE_URL, deadLetterMessage(message, note)),
  now: () => new Date(),
  random: Math.random,
  record: writeLogLine,
};

// runs for every batch
async function deliver(event: unknown): Promise<{ batchItemFailures: { itemIdentifier: string }[] }> {
  const kept = await deliverBatch(readRecords(event), dependencies);
  return { batchItemFailures: kept.map((itemIdentifier) => ({ itemIdentifier })) };
}

// called by AWS
export const handler = middy().handler(deliver);
