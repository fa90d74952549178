import { Agent, request } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import type { LocalRun } from '../local/local-run.ts';
import { stripeSignature } from '../test/sign.ts';
import { SIGNING_SECRET } from './events.ts';
import { startPath } from './local-path.ts';

const LONGEST_WAIT_MILLISECONDS = 60_000;

/** The whole path on this machine, and when which webhook was delivered. */
export type Path = { readonly run: LocalRun; readonly delivered: ReadonlyMap<string, number> };

/** How much is sent: by so many senders, each one after the other. */
export type Load = { readonly senders: number; readonly webhooks: number; readonly body: string };

/** How long each webhook took to its 200 and to its delivery, in milliseconds, and how many the door took in a second. */
export type Times = {
  readonly toAnswer: readonly number[];
  readonly toDelivery: readonly number[];
  readonly perSecond: number;
};

/** Starts the path, as `npm start` runs it. */
export async function startMeasuredPath(): Promise<Path> {
  const delivered = new Map<string, number>();
  const run = await startPath({
    onCall: ({ body }) => delivered.set(JSON.parse(body)['event-params'].invoice, performance.now()),
  });
  return { run, delivered };
}

/**
 * Sends webhooks through the path, and waits until all of them are delivered. Throws if one is not answered 200, or not
 * delivered within a minute.
 * @param name no other load of the same path may have it
 */
export async function sendLoad({ run, delivered }: Path, name: string, load: Load): Promise<Times> {
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
