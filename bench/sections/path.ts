import { existsSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { SendMessageBatchCommand, type SendMessageBatchRequestEntry, SQSClient } from '@aws-sdk/client-sqs';
import { CATALOGUE_FILE } from '../../lambdas/adapters/lambda.ts';
import { bufferQueueName, encodeBufferedWebhook } from '../../lambdas/buffer/message.ts';
import { LOCAL_STACK } from '../../lib/stages/synthesize.ts';
import { readTemplate } from '../../local/emulator/template.ts';
import { type LocalRun, type Observer, startLocalRun } from '../../local/run.ts';
import {
  invoiceBody,
  invoiceOfBytes,
  SECRETS,
  SIGNING_SECRET,
  stripeSignature,
  writeSources,
} from '../events.ts';
import { type Figure, figureOf, round, type World } from '../figures.ts';
import { growthExponent, percentile, spreadOf } from '../measure.ts';

const MAPPINGS = fileURLToPath(new URL('../mappings', import.meta.url));

const SENDERS = [1, 10, 100];
/** The most bytes that are sent of one size: the local services take some twenty megabytes a second. */
const MOST_BYTES = 40_000_000;
/** The number of senders while the size of the body and the number of mappings vary. */
const SOME = 10;
const LONGEST_WAIT_MILLISECONDS = 60_000;

/**
 * The whole path on this machine, as `npm start` runs it: endpoint, queue, both functions, ledger and simulator share its
 * cores, and the stage sends 100 events a second at most. It shows that nothing piles up, and no more.
 */
export async function measureEndToEnd({ effort }: World): Promise<readonly Figure[]> {
  const { webhooks, pathBytes, pathSources } = effort;
  const path = await startMeasuredPath();
  const body = invoiceBody();
  const figures: Figure[] = [];
  try {
    await warmPath(path, 'warm');
    for (const senders of SENDERS) {
      figures.push(...(await measureLoad(path, `${senders} senders`, { senders, webhooks, body })));
    }
    for (const bytes of pathBytes) {
      const few = Math.min(webhooks, Math.floor(MOST_BYTES / bytes));
      const load = { senders: SOME, webhooks: few, body: invoiceOfBytes(bytes) };
      figures.push(...(await measureLoad(path, `${SOME} senders, ${bytes / 1000} KB`, load)));
    }
    for (const sources of pathSources) {
      await giveSources(path.run, sources);
      await warmPath(path, `warm-${sources}`);
      const load = { senders: SOME, webhooks, body };
      figures.push(...(await measureLoad(path, `${SOME} senders, ${sources} mappings`, load)));
    }
    return figures;
  } finally {
    await path.run.stop();
  }
}

/** Starts as many workers as will be needed, and has them compile their code. */
function warmPath(path: Path, name: string) {
  return sendLoad(path, name, { senders: SOME, webhooks: 100, body: invoiceBody() });
}

async function measureLoad(path: Path, what: string, load: Load): Promise<readonly Figure[]> {
  const { toAnswer, toDelivery, perSecond } = await sendLoad(path, what, load);
  const time = (name: string, times: readonly number[]): readonly Figure[] => [
    figureOf({ id: 'path', what: `${what}: ${name}`, unit: 'ms' }, spreadOf(times)),
    { id: 'path', what: `${what}: ${name}, p99`, unit: 'ms', value: round(percentile(times, 0.99)) },
  ];
  return [
    { id: 'path', what: `${what}: webhooks at the endpoint`, unit: 'per s', value: round(perSecond) },
    ...time('to the 200', toAnswer),
    ...time('to delivery', toDelivery),
  ];
}

/**
 * Restarts the functions of a running path with this many mapping folders, by writing their catalogues. A synth could not:
 * a stack may have no more than 500 resources.
 */
async function giveSources({ assembly, stack }: LocalRun, sources: number): Promise<void> {
  const { assets } = await readTemplate(assembly, LOCAL_STACK);
  for (const directory of assets.values()) {
    if (!existsSync(join(directory, CATALOGUE_FILE))) continue;
    writeSources(directory, sources, (_, measured) => measured);
  }
  await stack.renewFunctions();
}

/** The whole path on this machine, and when which webhook was delivered. */
type Path = { readonly run: LocalRun; readonly delivered: ReadonlyMap<string, number> };

/** How much is sent: by so many senders, each one after the other. */
type Load = { readonly senders: number; readonly webhooks: number; readonly body: string };

/** How long each webhook took to its 200 and to its delivery, in milliseconds, and how many the endpoint took in a second. */
type Times = {
  readonly toAnswer: readonly number[];
  readonly toDelivery: readonly number[];
  readonly perSecond: number;
};

async function startMeasuredPath(): Promise<Path> {
  const delivered = new Map<string, number>();
  const run = await startPath({
    onCall: ({ body }) => delivered.set(JSON.parse(body)['event-params'].invoice, performance.now()),
  });
  return { run, delivered };
}

/** Starts the whole path on this machine, as `npm start` runs it, with what is measured. Throws if it does not start. */
async function startPath(observer: Observer): Promise<LocalRun> {
  const settings = { port: 0, speed: 1, mappings: MAPPINGS, readSecrets: () => SECRETS };
  const run = await startLocalRun(settings, observer);
  if (!run.ok) throw new Error(run.failure);
  return run.value;
}

/**
 * Sends webhooks through the path, and waits until all of them are delivered. Throws if one is not answered 200, or not
 * delivered within a minute.
 * @param name no other load of the same path may have it
 */
async function sendLoad({ run, delivered }: Path, name: string, load: Load): Promise<Times> {
  const start = performance.now();
  const sent = await send(run, name, load);
  const perSecond = (load.webhooks / (performance.now() - start)) * 1000;
  const deadline = performance.now() + LONGEST_WAIT_MILLISECONDS;
  while ([...sent.keys()].some((id) => !delivered.has(id))) {
    if (performance.now() > deadline) throw new Error(`Not all webhooks of ${name} were delivered.`);
    await wait(50);
  }
  return {
    toAnswer: [...sent.values()].map(({ answeredAt, sentAt }) => answeredAt - sentAt),
    toDelivery: [...sent].map(([id, { sentAt }]) => (delivered.get(id) ?? Number.NaN) - sentAt),
    perSecond,
  };
}

type Sent = { readonly sentAt: number; readonly answeredAt: number };

async function send(
  { stack }: LocalRun,
  name: string,
  { senders, webhooks, body }: Load,
): Promise<ReadonlyMap<string, Sent>> {
  const agent = new Agent({ keepAlive: true });
  const sent = new Map<string, Sent>();
  const numbered = numberBody(body);
  let next = 0;
  const work = async () => {
    while (next < webhooks) {
      const id = `${name}-${next++}`;
      const text = numbered(id);
      const sentAt = performance.now();
      const status = await post(`${stack.url}/webhooks/measured`, text, agent);
      if (status !== 200) throw new Error(`A webhook was answered ${status}.`);
      sent.set(id, { sentAt, answeredAt: performance.now() });
    }
  };
  await Promise.all(Array.from({ length: senders }, work));
  agent.destroy();
  return sent;
}

/** Gives the invoice another id and number, by its text: to write a large one anew each time is work for the senders. */
function numberBody(body: string): (id: string) => string {
  const { id: before, data } = JSON.parse(body);
  return (id) =>
    body
      .replace(`"id":"${before}"`, `"id":"${id}"`)
      .replace(`"number":"${data.object.number}"`, `"number":"${id}"`);
}

function post(url: string, body: string, agent: Agent): Promise<number | undefined> {
  const signature = stripeSignature(body, SIGNING_SECRET, Math.floor(Date.now() / 1000));
  const headers = { 'content-type': 'application/json', 'stripe-signature': signature };
  return new Promise((resolve, reject) => {
    request(url, { method: 'POST', agent, headers }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode));
    })
      .once('error', reject)
      .end(body);
  });
}

/** How long deliveries are counted at each backlog. */
const WINDOW_MILLISECONDS = 6_000;

/** How many batches are sent to the buffer at once. */
const LOADERS = 8;

/**
 * How fast webhooks are delivered while so many more wait on the buffer: the stage's own limit, 100 a second, if neither
 * queue nor function minds. Small webhooks, since what stands for SQS keeps all of them in memory.
 */
export async function measureBacklog({ effort }: World): Promise<readonly Figure[]> {
  if (effort.backlogs.length === 0) return [];
  const counted = { loaded: 0, delivered: 0 };
  const run = await startPath({
    onCall: () => {
      counted.delivered += 1;
    },
  });
  try {
    const rates: [number, number][] = [];
    for (const backlog of effort.backlogs) {
      await load(run, backlog, counted);
      const before = counted.delivered;
      await wait(WINDOW_MILLISECONDS);
      rates.push([backlog, ((counted.delivered - before) / WINDOW_MILLISECONDS) * 1000]);
    }
    return [exponent(rates), ...rates.map(([backlog, rate]) => rateFigure(backlog, rate))];
  } finally {
    await run.stop();
  }
}

function exponent(rates: readonly (readonly [number, number])[]): Figure {
  const costs = rates.map(([backlog, rate]) => [backlog, 1 / rate] as const);
  const what = 'time between deliveries by messages that wait, 1,000 to 100,000';
  return { id: 'growth', what, unit: 'exponent', value: round(growthExponent(costs)), goal: 0.1 };
}

function rateFigure(backlog: number, rate: number): Figure {
  const what = `delivered while ${backlog.toLocaleString('en')} messages wait`;
  return { id: 'growth', what, unit: 'per s', value: round(rate) };
}

/** Puts webhooks on the buffer until this many wait there. */
async function load(
  { stack }: LocalRun,
  backlog: number,
  counted: { loaded: number; readonly delivered: number },
): Promise<void> {
  const { region, endpoints } = stack;
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const sqs = new SQSClient({ region, endpoint: endpoints.sqs, credentials });
  const QueueUrl = `${endpoints.sqs}/000000000000/${bufferQueueName(LOCAL_STACK)}`;
  const work = async () => {
    while (counted.loaded - counted.delivered < backlog) {
      const Entries = Array.from({ length: 10 }, () => entryOf(counted.loaded++));
      await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    }
  };
  await Promise.all(Array.from({ length: LOADERS }, work));
  sqs.destroy();
}

function entryOf(index: number): SendMessageBatchRequestEntry {
  const object = { customer: `cus_${index}`, number: String(index), status: 'open' };
  const type = 'invoice.payment_failed';
  const encoded = encodeBufferedWebhook({
    webhookId: `backlog-${index}`,
    source: 'measured',
    eventTypes: [type],
    deduplicationId: `evt_${index}`,
    receivedAt: new Date(),
    secretIndex: 0,
    bodyFormat: 'json',
    headers: {},
    rawBody: Buffer.from(JSON.stringify({ id: `evt_${index}`, type, data: { object } })),
  });
  if (!encoded.ok) throw new Error('The webhook does not fit into a message.');
  const attributes = Object.entries(encoded.value.attributes).map(
    ([name, StringValue]) => [name, { DataType: 'String', StringValue }] as const,
  );
  return {
    Id: String(index % 10),
    MessageBody: encoded.value.body,
    MessageAttributes: Object.fromEntries(attributes),
  };
}
