import { Agent, request } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import type { LocalRun } from '../../local/local-run.ts';
import { stripeSignature } from '../../test/sign.ts';
import { invoiceBody, SIGNING_SECRET } from '../events.ts';
import { type Figure, figureOf, round } from '../figure.ts';
import { startPath } from '../local-path.ts';
import { percentile, spreadOf } from '../measure/statistics.ts';
import type { World } from '../world.ts';

const SENDERS = [1, 10, 100];
const LONGEST_WAIT_MILLISECONDS = 60_000;

/**
 * The whole path on this machine, as `npm start` runs it: door, queue, both functions, ledger and simulator share its
 * cores, and the stage sends 100 events a second at most. It shows that nothing piles up, and no more.
 */
export async function measureEndToEnd({ effort }: World): Promise<readonly Figure[]> {
  const delivered = new Map<string, number>();
  const run = await startPath({
    onCall: ({ body }) => delivered.set(JSON.parse(body)['event-params'].invoice, performance.now()),
  });
  try {
    await send(run, 'warm', { senders: 4, webhooks: 40 });
    const figures: Figure[] = [];
    for (const senders of SENDERS) {
      figures.push(...(await measureSenders(run, { senders, webhooks: effort.webhooks, delivered })));
    }
    return figures;
  } finally {
    await run.stop();
  }
}

type Load = { readonly senders: number; readonly webhooks: number };

async function measureSenders(
  run: LocalRun,
  { delivered, ...load }: Load & { readonly delivered: ReadonlyMap<string, number> },
): Promise<readonly Figure[]> {
  const start = performance.now();
  const sent = await send(run, `s${load.senders}`, load);
  const seconds = (performance.now() - start) / 1000;
  const deadline = performance.now() + LONGEST_WAIT_MILLISECONDS;
  while ([...sent.keys()].some((id) => !delivered.has(id)) && performance.now() < deadline) await wait(50);
  const toDelivery = [...sent].map(
    ([id, { sentAt }]) => (delivered.get(id) ?? Number.POSITIVE_INFINITY) - sentAt,
  );
  const toAnswer = [...sent.values()].map(({ answeredAt, sentAt }) => answeredAt - sentAt);
  const what = `${load.senders} senders`;
  const time = (name: string, times: readonly number[]): readonly Figure[] => [
    figureOf({ id: 'path', what: `${what}: ${name}`, unit: 'ms' }, spreadOf(times)),
    { id: 'path', what: `${what}: ${name}, p99`, unit: 'ms', value: round(percentile(times, 0.99)) },
  ];
  return [
    {
      id: 'path',
      what: `${what}: webhooks at the door`,
      unit: 'per s',
      value: round(load.webhooks / seconds),
    },
    ...time('to the 200', toAnswer),
    ...time('to delivery', toDelivery),
  ];
}

type Sent = { readonly sentAt: number; readonly answeredAt: number };

/** Sends so many webhooks, each sender one after the other. Throws if one is not answered 200. */
async function send(
  { stack }: LocalRun,
  name: string,
  { senders, webhooks }: Load,
): Promise<ReadonlyMap<string, Sent>> {
  const agent = new Agent({ keepAlive: true });
  const sent = new Map<string, Sent>();
  const invoice = JSON.parse(invoiceBody());
  let next = 0;
  const work = async () => {
    while (next < webhooks) {
      const id = `${name}-${next++}`;
      const body = JSON.stringify({
        ...invoice,
        id,
        data: { object: { ...invoice.data.object, number: id } },
      });
      const sentAt = performance.now();
      const status = await post(`${stack.url}/webhooks/measured`, body, agent);
      if (status !== 200) throw new Error(`A webhook was answered ${status}.`);
      sent.set(id, { sentAt, answeredAt: performance.now() });
    }
  };
  await Promise.all(Array.from({ length: senders }, work));
  agent.destroy();
  return sent;
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
