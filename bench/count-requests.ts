import { Buffer } from 'node:buffer';
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { readMappingFolders } from '../lib/mapping/folders.ts';
import { type Loopback, listenOnLoopback } from '../local/emulator/host.ts';
import { type LocalRun, startLocalRun } from '../local/run.ts';
import { dateSample, findSample } from '../signing/samples.ts';
import { signWebhook } from '../signing/sign-webhook.ts';
import { type AttributeValue, itemBytes, lineBytes, readItem } from './billed-bytes.ts';
import { SECRETS, SIGNING_SECRET } from './events.ts';

// `npm run count-requests` counts the requests of webhooks to AWS, for `adapter cost`; a test counts them again.
const FILE = new URL('../cli/stacks/counted-requests.json', import.meta.url);

/** Mappings of its own: the figures do not depend on `mappings/`. */
const MAPPINGS = fileURLToPath(new URL('counted', import.meta.url));

/** Both functions start cold, on whatever machine this is. */
const PATIENCE_MILLISECONDS = 30_000;

/** As long as Stripe's ids are, so that the ledger's items are as large as with true ones. */
const EVENT_ID = 'evt_1QZx0d2eZvKYlo2C8nXh7RtB';

/** What DynamoDB adds to an item that it stores (developer guide, "Item sizes and formats"). */
const STORED_OVERHEAD_BYTES = 100;

/** A request that a function has made, as far as it is billed. */
type BilledRequest = {
  /** `AmazonSQS.SendMessage`, `DynamoDB_20120810.PutItem`, … */
  readonly operation: string;
  readonly status: number;
  /** What DynamoDB says that it has consumed. */
  readonly capacityUnits: number | undefined;
  readonly body: Readonly<Record<string, unknown>>;
};

/** The requests and log lines of one webhook, and the bodies of its calls of the event API. */
type Observed = { readonly requests: BilledRequest[]; readonly lines: string[]; readonly calls: string[] };

type Counts = ReturnType<typeof tally>;

/** The counts for a webhook that is delivered, for a copy of it, for one that no mapping wants, and for each further event. */
export type Counted = Readonly<Record<'delivered' | 'duplicate' | 'ignored' | 'furtherEvent', Counts>>;

/** Runs the local stack behind counting proxies, sends it webhooks of each kind, and counts the requests of each. */
export async function countRequests(): Promise<Counted> {
  const observed: Observed = { requests: [], lines: [], calls: [] };
  const proxies: Loopback[] = [];
  const standBefore = async (url: string) => {
    const proxy = await startProxy(url, (request) => observed.requests.push(request));
    proxies.push(proxy);
    return proxy.url;
  };
  const signedBy = { signingSecrets: [SIGNING_SECRET] };
  const started = await startLocalRun(
    {
      port: 0,
      speed: 1,
      mappings: MAPPINGS,
      readSecrets: () => ({ ...SECRETS, 'webhooks/stripe': signedBy, 'webhooks/hubspot': signedBy }),
      standBetween: async ({ sqs, secretsManager, dynamoDb }) => ({
        sqs: await standBefore(sqs),
        secretsManager: await standBefore(secretsManager),
        dynamoDb: await standBefore(dynamoDb),
      }),
    },
    { onText: (text) => observed.lines.push(text), onCall: ({ body }) => observed.calls.push(body) },
  );
  if (!started.ok) throw new Error(started.failure);
  try {
    return await countKinds(started.value, observed);
  } finally {
    await started.value.stop();
    for (const proxy of proxies) await proxy.stop();
  }
}

async function countKinds(run: LocalRun, observed: Observed): Promise<Counted> {
  const count = async (source: string, body: unknown, ends: number): Promise<Counts> => {
    for (const part of Object.values(observed)) part.length = 0;
    await post(run, source, JSON.stringify(body));
    await untilEnded(observed, ends);
    return tally(observed);
  };
  const stripe = { ...JSON.parse(bodyOf('stripe', 'invoice.payment_failed')), id: EVENT_ID };
  const [contact] = JSON.parse(bodyOf('hubspot', 'contact.creation'));

  // The first webhook starts both functions, which makes more requests; and it has the metrics of once a minute.
  const { stackMetrics } = await count('stripe', { ...stripe, id: EVENT_ID.replace(/B$/, 'A') }, 1);
  const delivered = { ...(await count('stripe', stripe, 1)), stackMetrics };
  const duplicate = await count('stripe', stripe, 1);
  const unwanted = { ...stripe, id: EVENT_ID.replace(/B$/, 'C'), type: 'invoice.voided' };
  const ignored = await count('stripe', unwanted, 0);
  const contacts = [124, 125, 126, 127, 128].map((objectId) => ({ ...contact, objectId }));
  // A batch has an intake record of its own, and a single event's costs less: a further event is one of a batch.
  const two = await count('hubspot', contacts.slice(0, 2), 2);
  const three = await count('hubspot', contacts.slice(2), 3);
  return { delivered, duplicate, ignored, furtherEvent: subtract(three, two) };
}

function bodyOf(source: string, name: string): string {
  const sample = findSample(source, name);
  if (!sample.ok) throw new Error(`There is no sample ${name} of ${source}.`);
  return dateSample(sample.value, new Date()).body.toString('utf8');
}

async function post({ stack }: LocalRun, source: string, body: string): Promise<void> {
  const mappings = readMappingFolders(MAPPINGS);
  const mapping = mappings.ok ? mappings.value.find((one) => one.source === source) : undefined;
  if (mapping === undefined) throw new Error(`${MAPPINGS} has no mapping of ${source}, or has problems.`);
  const url = `${stack.url}/webhooks/${source}`;
  const toSign = { secret: SIGNING_SECRET, url, rawBody: Buffer.from(body), at: new Date(), id: EVENT_ID };
  const signed = signWebhook(mapping.profile.signature, toSign);
  if (!signed.ok) throw new Error(signed.failure);
  const headers = { 'content-type': 'application/json', ...signed.value.headers };
  const answer = await fetch(url, { method: 'POST', headers, body });
  if (!answer.ok) throw new Error(`${source} was answered ${answer.status}: ${await answer.text()}`);
}

/** What deliver writes after its last log line has come by then. */
const QUIET_MILLISECONDS = 500;

/**
 * Waits for the log line of ingest, and for those of deliver, which writes one at the end of each event, and then until
 * nothing is asked any more.
 */
async function untilEnded({ lines, requests }: Observed, ends: number): Promise<void> {
  const endsAt = performance.now() + PATIENCE_MILLISECONDS;
  const count = (stage: string) => lines.filter((line) => line.includes(`"stage":"${stage}"`)).length;
  while (count('ingest') < 1 || count('deliver') < ends) {
    if (performance.now() > endsAt) throw new Error('A webhook has not come to its end.');
    await wait(50);
  }
  for (let before = -1; before !== requests.length; ) {
    before = requests.length;
    await wait(QUIET_MILLISECONDS);
  }
}

const objectSchema = z.record(z.string(), z.unknown()).catch({});
const consumedSchema = z.object({ ConsumedCapacity: z.object({ CapacityUnits: z.number() }) });

/**
 * A proxy before an endpoint, which reports every request that it passes on. It asks DynamoDB for the consumed capacity,
 * which the functions do not.
 */
function startProxy(target: string, onRequest: (request: BilledRequest) => void): Promise<Loopback> {
  const server = createServer(async (message, response) => {
    const operation = String(message.headers['x-amz-target']);
    const body = objectSchema.parse(await json(message).catch(() => ({})));
    const passed = operation.startsWith('DynamoDB_') ? { ...body, ReturnConsumedCapacity: 'TOTAL' } : body;
    const request = { method: 'POST', headers: headersOf(message), body: JSON.stringify(passed) };
    const answer = await fetch(`${target}${message.url}`, request);
    const { status } = answer;
    const answered = await answer.arrayBuffer();
    const said: unknown = await new Response(answered).json().catch(() => ({}));
    const capacityUnits = consumedSchema.safeParse(said).data?.ConsumedCapacity.CapacityUnits;
    // Before it is answered: what comes to an end has all its requests counted.
    onRequest({ operation, status, capacityUnits, body });
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(Buffer.from(answered));
  });
  return listenOnLoopback(server);
}

/** Without the host and the length, which belong to the next connection. */
function headersOf({ headers }: IncomingMessage): Record<string, string> {
  const passed = Object.entries(headers).filter(([name]) =>
    /^(x-amz-|authorization|content-type)/.test(name),
  );
  return Object.fromEntries(passed.map(([name, value]) => [name, String(value)]));
}

/** Adds up what AWS bills for a webhook. */
function tally({ requests, lines, calls }: Observed) {
  const puts = requests.filter(({ operation }) => operation.endsWith('.PutItem'));
  const gets = requests.filter(({ operation }) => operation.endsWith('.GetItem'));
  // An item that is written twice is stored once, as it was written last.
  const kept = new Map<string, readonly [string, AttributeValue][]>();
  for (const { status, body } of puts) {
    const item = readItem(body.Item);
    const { webhook, event } = Object.fromEntries(item);
    if (status === 200) kept.set(JSON.stringify([webhook, event]), item);
  }
  return {
    sends: requests.filter(({ operation }) => operation === 'AmazonSQS.SendMessage').length,
    writeUnits: sum(puts.map(unitsOf)),
    readUnits: sum(gets.map(unitsOf)),
    storedBytes: sum([...kept.values()].map((item) => itemBytes(item) + STORED_OVERHEAD_BYTES)),
    calls: calls.length,
    callBytes: sum(calls.map((body) => Buffer.byteLength(body))),
    ingestLogBytes: sum(lines.filter((line) => stageOf(line) === 'ingest').map(lineBytes)),
    deliverLogBytes: sum(lines.filter((line) => stageOf(line) === 'deliver').map(lineBytes)),
    ...countMetrics(lines),
  };
}

/**
 * What a request consumes, as DynamoDB says. A write whose condition fails is charged by the size of the item that is
 * there; ours fit into one unit.
 */
function unitsOf({ status, capacityUnits = 0 }: BilledRequest): number {
  return status === 200 ? capacityUnits : 1;
}

const directiveSchema = z.object({
  Dimensions: z.array(z.array(z.string())),
  Metrics: z.array(z.object({ Name: z.string() })),
});
const lineSchema = z.object({
  stage: z.enum(['ingest', 'deliver']),
  _aws: z.object({ CloudWatchMetrics: z.array(directiveSchema) }),
});

function stageOf(line: string): string | undefined {
  return lineSchema.safeParse(JSON.parse(line)).data?.stage;
}

/** Each metric of each set of dimensions is one that CloudWatch bills by the month. */
function countMetrics(lines: readonly string[]) {
  const sets = lines
    .flatMap((line) => lineSchema.safeParse(JSON.parse(line)).data?._aws.CloudWatchMetrics ?? [])
    .flatMap(({ Dimensions, Metrics }) =>
      Dimensions.flatMap((set) => Metrics.map(({ Name }) => [Name, ...set])),
    );
  const distinct = [...new Map(sets.map((set) => [set.join(), set])).values()];
  const deliverMetrics = distinct.filter((set) => set.includes('event')).length;
  const ingestMetrics = distinct.filter((set) => set.includes('source')).length - deliverMetrics;
  return { ingestMetrics, deliverMetrics, stackMetrics: distinct.length - ingestMetrics - deliverMetrics };
}

function subtract(larger: Counts, smaller: Counts): Counts {
  const names = Object.keys(larger) as (keyof Counts)[];
  return Object.fromEntries(names.map((name) => [name, larger[name] - smaller[name]])) as Counts;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

if (import.meta.main) {
  const counted = { at: new Date().toISOString().slice(0, 10), ...(await countRequests()) };
  writeFileSync(FILE, `${JSON.stringify(counted, null, 2)}\n`);
}
