import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency';
import { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import middy from '@middy/core';
import { z } from 'zod';

const secretsManager = new SecretsManagerClient({});
const eventUrl = process.env.WEBEX_EVENT_URL ?? '';

const eventSchema = z.object({ Records: z.array(z.object({ messageId: z.string(), body: z.string() })) });
const secretSchema = z.object({ primary: z.string() });
const payloadSchema = z.object({
  'event-id': z.string(),
  'event-key': z.string(),
  'event-params': z.record(z.string(), z.string()),
});

let key: Promise<string> | undefined;

async function readKey(): Promise<string> {
  const SecretId = process.env.WEBEX_KEYS_SECRET;
  const { SecretString } = await secretsManager.send(new GetSecretValueCommand({ SecretId }));
  return secretSchema.parse(JSON.parse(SecretString ?? '')).primary;
}

/** Once per event, by Powertools: a conditional write before, an update after. */
const config = new IdempotencyConfig({ eventKeyJmesPath: 'messageId' });
const deliver = makeIdempotent(
  async ({ body }: { readonly messageId: string; readonly body: string }) => {
    key ??= readKey();
    const payload = payloadSchema.parse(JSON.parse(mapByHand(body).payload));
    const response = await fetch(eventUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json', key: await key },
      body: JSON.stringify(payload),
    });
    return (await response.json()) as { readonly 'transaction-id': string };
  },
  {
    persistenceStore: new DynamoDBPersistenceLayer({ tableName: process.env.LEDGER_TABLE ?? '' }),
    config,
  },
);

export const handler = middy().handler(async (event: unknown, context) => {
  config.registerLambdaContext(context);
  const { Records } = eventSchema.parse(event);
  await Promise.all(Records.map((record) => deliver(record)));
  return { batchItemFailures: [] };
});

type Invoice = Readonly<Record<string, string | number | null>>;

/** Twelve parameters of a Stripe invoice, as a program for this one event would read them. */
export function mapByHand(body: string): { readonly key: string; readonly payload: string } {
  const invoice: Invoice = JSON.parse(body).data.object;
  const key = String(invoice.customer);
  const payload = JSON.stringify({
    'event-id': 'evt_bench_plain',
    'event-key': key,
    'event-params': {
      invoice: String(invoice.number),
      invoice_id: String(invoice.id),
      status: String(invoice.status),
      currency: String(invoice.currency),
      country: String(invoice.account_country),
      account: String(invoice.account_name),
      email: String(invoice.customer_email),
      amount: String(invoice.amount_due),
      attempt: String(invoice.attempt_count),
      created: String(invoice.created),
      pay_url: String(invoice.hosted_invoice_url),
      channel: 'stripe',
    },
  });
  return { key, payload };
}
