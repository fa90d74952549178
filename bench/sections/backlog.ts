import { setTimeout as wait } from 'node:timers/promises';
import { SendMessageBatchCommand, type SendMessageBatchRequestEntry, SQSClient } from '@aws-sdk/client-sqs';
import { encodeBufferedWebhook } from '../../lambdas/buffer/buffered-webhook.ts';
import { bufferQueueName } from '../../lambdas/buffer/queue-name.ts';
import type { LocalRun } from '../../local/local-run.ts';
import { LOCAL_STACK } from '../../local/synthesize.ts';
import { type Figure, round } from '../figure.ts';
import { startPath } from '../local-path.ts';
import { growthExponent } from '../measure/statistics.ts';
import type { World } from '../world.ts';

/** For so long deliveries are counted, once so many messages wait. */
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

/** Puts webhooks on the buffer until so many wait there. */
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
    secretSlot: 0,
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
