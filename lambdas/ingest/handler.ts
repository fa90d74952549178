import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import middy from '@middy/core';
import { readCatalogue } from '../adapters/catalogue.ts';
import { readEnvironment } from '../adapters/environment.ts';
import { ingestEnvironment } from '../adapters/ingest-environment.ts';
import { createLog, type WriteLogLine } from '../adapters/log.ts';
import { createQueues, type Queues } from '../adapters/queues.ts';
import { createSecretReader } from '../adapters/secrets-manager.ts';
import { PREPARED_SOURCES, warmUp } from '../adapters/warm-up.ts';
import { encodeBufferedWebhook } from '../buffer/buffered-webhook.ts';
import { fail, succeed } from '../result.ts';
import { parseSecret } from '../secret.ts';
import { type Answer, answerFailure, answerReceived } from './answer.ts';
import { describeReceived } from './describe-received.ts';
import { DRY_RUN_EVENT, dryRunDependencies } from './dry-run.ts';
import { httpApiEventSchema } from './read-request.ts';
import { type ReceiveDependencies, receiveWebhook } from './receive-webhook.ts';
import { methodOf } from './signature-method.ts';
import { signingSecretsSchema } from './signing-secrets.ts';
import type { Source } from './source.ts';

// runs once per cold start
const { STACK_NAME, BUFFER_QUEUE_URL, PUBLIC_URL } = readEnvironment(ingestEnvironment);
const writeLogLine = createLog(STACK_NAME);
const queues = createQueues();
const sources = readCatalogue<Source>();
const prepared = sources.slice(0, PREPARED_SOURCES);
const signingSecrets = createSecretReader((name, text) => parseSecret(name, text, signingSecretsSchema));
const dependencies: ReceiveDependencies = {
  sources: new Map(sources.map((source) => [source.source, source])),
  publicUrl: PUBLIC_URL,
  signingSecrets,
  putOnBuffer: putBy(queues.put),
};

/** Lambda waits for this before it hands the first request on (`lib/bundle/function-entry.mjs`). */
export const ready = warmUp(
  ...[...new Set(prepared.map(({ secret }) => secret))].map((name) => signingSecrets.read(name)),
  queues.connect(BUFFER_QUEUE_URL),
  receiveDry(),
);

/** Makes the ways in which these sources sign, and receives a webhook of its own making, while the calls above are waited for. */
async function receiveDry(): Promise<void> {
  await turnOfTheLoop();
  for (const { profile } of prepared)
    if (profile.signature.kind !== 'sharedSecret') methodOf(profile.signature);
  const putDry: ReceiveDependencies['putOnBuffer'] = async (webhook) => {
    encodeBufferedWebhook(webhook);
    return succeed(undefined);
  };
  await createHandler(dryRunDependencies(putDry), () => undefined)(DRY_RUN_EVENT, {});
}

function putBy(put: Queues['put']): ReceiveDependencies['putOnBuffer'] {
  return async (webhook) => {
    const message = encodeBufferedWebhook(webhook);
    if (!message.ok) return message;
    const done = await put(BUFFER_QUEUE_URL, message.value);
    return done.ok ? done : fail({ code: 'buffer-unavailable', ...done.failure });
  };
}

// runs for every request
async function ingest(event: unknown, given: ReceiveDependencies, log: WriteLogLine): Promise<Answer> {
  const request = httpApiEventSchema.parse(event);
  const receivedAt = new Date();
  const reception = await receiveWebhook(request, receivedAt, given);
  log(describeReceived(request.requestContext.requestId, receivedAt, reception));
  const { source, received } = reception;
  return received.ok
    ? answerReceived(received.value, source?.profile.acknowledge)
    : answerFailure(received.failure);
}

function createHandler(given: ReceiveDependencies, log: WriteLogLine) {
  return middy()
    .onError((request) => {
      // A bug: the sender is asked to repeat, and the log tells its name only, since a message may quote the webhook.
      log({ stage: 'ingest', code: 'internal-error', cause: request.error?.name });
      request.response = answerFailure({ code: 'internal-error' });
    })
    .handler((event: unknown) => ingest(event, given, log));
}

// called by AWS
export const handler = createHandler(dependencies, writeLogLine);
