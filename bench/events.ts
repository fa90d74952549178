import { createHmac, randomUUID } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CATALOGUE_FILE } from '../lambdas/adapters/lambda.ts';
import { encodeBufferedWebhook } from '../lambdas/buffer/message.ts';
import type { Subject } from './subjects.ts';

/** Signs the webhooks of the bench; it opens nothing. */
export const SIGNING_SECRET = 'whsec_bench_2f7c1e9a4b';

/** No more are measured. */
const MOST_SOURCES = 1_000;

/** The names of those that stand beside the measured source, in a catalogue of so many. */
function otherSources(sources: number): readonly string[] {
  return Array.from({ length: sources - 1 }, (_, index) => `other-${index}`);
}

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

/** What ingest and deliver know of a source, as far as it is changed here. */
type Entry = { readonly source: string; readonly secret?: string };

/**
 * Writes the catalogue beside a bundle anew, as the synth would write it: so many sources as the measured one, which stands last.
 * @param secretOf what the secret of another source is called; that of the measured one is given
 */
export function writeSources(
  directory: string,
  sources: number,
  secretOf: (source: string, measured: string) => string,
): void {
  const file = join(directory, CATALOGUE_FILE);
  const measured: Entry | undefined = JSON.parse(readFileSync(file, 'utf8')).at(-1);
  if (measured === undefined) throw new Error('The catalogue is empty.');
  const { secret } = measured;
  const others = otherSources(sources).map((source) => ({
    ...measured,
    source,
    ...(secret !== undefined && { secret: secretOf(source, secret) }),
  }));
  writeFileSync(file, JSON.stringify([...others, measured], null, 2));
}

/** Gives copies of a function to `use` that differ by the number of their sources, each with a secret of its own. */
export async function withSources<Used>(
  { directory, environment }: Subject,
  numbers: readonly number[],
  use: (subjects: ReadonlyMap<number, Subject>) => Promise<Used>,
): Promise<Used> {
  const parent = mkdtempSync(join(tmpdir(), 'webhook-adapter-bench-'));
  try {
    const copies = numbers.map((sources) => {
      const copy = join(parent, String(sources));
      cpSync(directory, copy, { recursive: true });
      writeSources(copy, sources, (source, measured) => measured.replace(/[^/]+$/, source));
      return [sources, { directory: copy, environment }] as const;
    });
    return await use(new Map(copies));
  } finally {
    rmSync(parent, { recursive: true });
  }
}

/** Signs as Stripe does, written apart from the code under test: https://docs.stripe.com/webhooks. */
export function stripeSignature(body: string | Uint8Array, secret: string, unixSeconds: number): string {
  const hex = createHmac('sha256', secret).update(`${unixSeconds}.`).update(body).digest('hex');
  return `t=${unixSeconds},v1=${hex}`;
}

/** Signs as Shopify does: https://shopify.dev/docs/apps/build/webhooks/subscribe/https. */
export function shopifySignature(body: string | Uint8Array, secret: string): string {
  return createHmac('sha256', secret).update(body).digest('base64');
}
