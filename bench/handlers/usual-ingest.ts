import { createHmac, timingSafeEqual } from 'node:crypto';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import middy from '@middy/core';
import { z } from 'zod';

const sqs = new SQSClient({});
const secretsManager = new SecretsManagerClient({});
const QueueUrl = process.env.BUFFER_QUEUE_URL;

const eventSchema = z.object({
  body: z.string(),
  headers: z.record(z.string(), z.string()),
  requestContext: z.object({ requestId: z.string() }),
});
const secretSchema = z.object({ signingSecrets: z.array(z.string()) });

let secret: Promise<string> | undefined;

async function readSecret(): Promise<string> {
  const SecretId = 'webhook-adapter-local/webhooks/measured';
  const { SecretString } = await secretsManager.send(new GetSecretValueCommand({ SecretId }));
  return secretSchema.parse(JSON.parse(SecretString ?? '')).signingSecrets[0] ?? '';
}

/** Verifies, and puts an envelope on the queue, as most examples do it. */
export const handler = middy().handler(async (event: unknown) => {
  const { body, headers, requestContext } = eventSchema.parse(event);
  secret ??= readSecret();
  const [t = '', v1 = ''] = (headers['stripe-signature'] ?? '').split(',');
  const expected = createHmac('sha256', await secret)
    .update(`${t.slice(2)}.${body}`)
    .digest();
  if (!timingSafeEqual(expected, Buffer.from(v1.slice(3), 'hex'))) return { statusCode: 401 };
  const MessageBody = JSON.stringify({ webhookId: requestContext.requestId, source: 'measured', body });
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
  return { statusCode: 200 };
});
