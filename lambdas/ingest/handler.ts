import middy from '@middy/core';
import {
  createLog,
  ingestEnvironment,
  PREPARED_SOURCES,
  readCatalogue,
  readEnvironment,
  warmUp,
} from '../adapters/lambda.ts';
import { createQueues } from '../adapters/queues.ts';
import { createSecretReader } from '../adapters/secrets-manager.ts';
import { encodeBufferedWebhook } from '../buffer/message.ts';
import { fail } from '../result.ts';
import { parseSecret } from '../secret.ts';
import { type Answer, answerReceived } from './answer.ts';
import { answerFailure } from './failure-answer.ts';
import { formatReceived } from './log-line.ts';
import { byName, type ReceiveDependencies, receiveWebhook, signingSecretsSchema } from './receive.ts';
import { httpApiEventSchema } from './request.ts';
import type { Source } from './source.ts';

// runs once per cold start
const { STACK_NAME, BUFFER_QUEUE_URL, PUBLIC_URL } = readEnvironment(ingestEnvironment);
const writeLogLine = createLog(STACK_NAME);
const queues = createQueues();
const sources = readCatalogue<Source>();
const signingSecrets = createSecretReader((name, text) => parseSecret(name, text, signingSecretsSchema));
const dependencies: ReceiveDependencies = {
  sources: byName(sources),
  publicUrl: PUBLIC_URL,
  signingSecrets,
  putOnBuffer: async (webhook) => {
    const message = encodeBufferedWebhook(webhook);
    if (!message.ok) return message;
    const put = await queues.put(BUFFER_QUEUE_URL, message.value);
    return put.ok ? put : fail({ code: 'buffer-unavailable', ...put.failure });
  },
};

const preparedSecrets = new Set(sources.slice(0, PREPARED_SOURCES).map(({ secret }) => secret));

/** Lambda waits for this before the first request (`lib/bundle/function-entry.mjs`). */
export const ready = warmUp(
  ...[...preparedSecrets].map((name) => signingSecrets.read(name)),
  queues.connect(BUFFER_QUEUE_URL),
);

// runs for every request
async function ingest(event: unknown): Promise<Answer> {
  const request = httpApiEventSchema.parse(event);
  const receivedAt = new Date();
  const reception = await receiveWebhook(request, receivedAt, dependencies);
  writeLogLine(formatReceived(request.requestContext.requestId, receivedAt, reception));
  const { source, received } = reception;
  return received.ok
    ? answerReceived(received.value, source?.profile.acknowledge)
    : answerFailure(received.failure, source?.profile.acknowledge);
}

// called by AWS
export const handler = middy()
  .onError((request) => {
    // A bug: the answer asks the sender to try again. The log has only the error's name, since its message may quote the webhook.
    writeLogLine({ stage: 'ingest', code: 'internal-error', cause: request.error?.name });
    request.response = answerFailure({ code: 'internal-error' });
  })
  .handler(ingest);
