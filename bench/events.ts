import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { encodeBufferedWebhook } from '../lambdas/buffer/message.ts';
import { MOST_SOURCES, otherSources } from './many-sources.ts';
import { stripeSignature } from './vendor-signatures.ts';

/** Signs the webhooks of the bench; it opens nothing. */
export const SIGNING_SECRET = 'whsec_bench_2f7c1e9a4b';

/** What Secrets Manager holds while functions are measured, by the names of a local run. */
export const SECRETS = {
  ...Object.fromEntries(
    otherSources(MOST_SOURCES).map((source) => [`webhooks/${source}`, { signingSecrets: [SIGNING_SECRET] }]),
  ),
  'webhooks/measured': { signingSecrets: [SIGNING_SECRET] },
  'webex-campaign': { primary: 'bench-key', secondary: '', hashKey: 'k'.repeat(64) },
};

const SAMPLES = new URL('../samples/payloads/', import.meta.url);

/** The invoice of the samples, as small as it was sent, on a type of the measured mapping. */
export function invoiceBody(type = 'invoice.payment_failed'): string {
  const invoice = readSample('stripe/invoice.payment_failed.json');
  return JSON.stringify({ ...invoice, type, created: Math.floor(Date.now() / 1000) });
}

/**
 * The invoice in exactly this many bytes, at least 2,000: it repeats its line as often as fits, and leaves out null members,
 * without which it would be too large.
 */
export function invoiceOfBytes(bytes: number): string {
  const { data, ...event } = JSON.parse(invoiceBody());
  const { lines, ...object } = data.object;
  const [line] = lines.data;
  const present = Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null));
  const write = (filling: string, count: number) => {
    const all = { ...lines, data: Array.from({ length: count }, () => line) };
    return JSON.stringify({ ...event, data: { object: { ...present, lines: all } }, filling });
  };
  const count = Math.floor((bytes - write('', 0).length) / `${JSON.stringify(line)},`.length);
  return write('x'.repeat(bytes - write('', count).length), count);
}

/** The Shopify order of the samples, as small as it is sent. */
export function orderBody(): string {
  return JSON.stringify(readSample('shopify/orders.create.json'));
}

function readSample(file: string) {
  return JSON.parse(readFileSync(new URL(file, SAMPLES), 'utf8'));
}

/** A request as API Gateway hands it to ingest, signed now. */
export function httpEvent(body: string): object {
  const signature = stripeSignature(body, SIGNING_SECRET, Math.floor(Date.now() / 1000));
  return {
    version: '2.0',
    routeKey: 'POST /webhooks/{source}',
    rawPath: '/webhooks/measured',
    rawQueryString: '',
    headers: {
      accept: '*/*; q=0.5, application/xml',
      'content-length': String(Buffer.byteLength(body)),
      'content-type': 'application/json; charset=utf-8',
      host: 'api.example.com',
      'stripe-signature': signature,
      'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
      'x-amzn-trace-id': 'Root=1-66f00000-000000000000000000000000',
      'x-forwarded-for': '192.0.2.1',
      'x-forwarded-port': '443',
      'x-forwarded-proto': 'https',
    },
    requestContext: {
      accountId: '000000000000',
      apiId: 'bench',
      http: { method: 'POST', path: '/webhooks/measured', protocol: 'HTTP/1.1', sourceIp: '192.0.2.1' },
      requestId: randomUUID(),
      routeKey: 'POST /webhooks/{source}',
      stage: '$default',
      timeEpoch: Date.now(),
    },
    body,
    isBase64Encoded: false,
  };
}

/** A batch as Lambda hands it to deliver, of so many webhooks with this body. */
export function sqsEvent(body: string, webhooks = 1): object {
  return { Records: Array.from({ length: webhooks }, () => recordOf(body)) };
}

function recordOf(body: string): object {
  const encoded = encodeBufferedWebhook({
    webhookId: randomUUID(),
    source: 'measured',
    eventTypes: [JSON.parse(body).type],
    deduplicationId: randomUUID(),
    receivedAt: new Date(),
    secretIndex: 0,
    bodyFormat: 'json',
    headers: {},
    rawBody: Buffer.from(body),
  });
  if (!encoded.ok) throw new Error('The body does not fit into a message.');
  const attributes = Object.entries(encoded.value.attributes).map(([name, stringValue]) => [
    name,
    { stringValue, dataType: 'String', stringListValues: [], binaryListValues: [] },
  ]);
  return {
    messageId: randomUUID(),
    receiptHandle: randomUUID(),
    body: encoded.value.body,
    attributes: { ApproximateReceiveCount: '1', SentTimestamp: String(Date.now()) },
    messageAttributes: Object.fromEntries(attributes),
    eventSource: 'aws:sqs',
    awsRegion: 'us-east-1',
  };
}
