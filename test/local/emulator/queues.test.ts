import {
  ChangeMessageVisibilityCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startEventSource, visibilityTimeoutOf } from '../../../local/emulator/functions/event-source.ts';
import { readFastClock } from '../../../local/emulator/host.ts';
import { createQueues, type QueueServer, startQueueServer } from '../../../local/emulator/servers.ts';
import { queueUrl } from '../../../local/emulator/template.ts';

const SPEED = 20;

let server: QueueServer;
let client: SQSClient;
beforeAll(async () => {
  server = await startQueueServer({ anchor: Date.now(), speed: SPEED });
  client = server.client;
  await createQueues(server, [
    queue('buffer', { RedrivePolicy: { deadLetterTargetArn: arn('dead-letter'), maxReceiveCount: 2 } }),
    queue('dead-letter', {}),
  ]);
});
afterAll(() => server.stop());

function queue(
  QueueName: string,
  properties: { RedrivePolicy?: { deadLetterTargetArn: string; maxReceiveCount: number } },
) {
  const defaults = { QueueName, VisibilityTimeout: 10, MessageRetentionPeriod: 345_600 };
  return { id: QueueName, type: 'AWS::SQS::Queue' as const, properties: { ...defaults, ...properties } };
}

function arn(name: string): string {
  return `arn:aws:sqs:us-east-1:000000000000:${name}`;
}

async function receive(name: string) {
  const { Messages = [] } = await client.send(
    new ReceiveMessageCommand({
      QueueUrl: queueUrl(server.endpoint, name),
      WaitTimeSeconds: 20,
      MessageSystemAttributeNames: ['All'],
    }),
  );
  return Messages[0];
}

/** The next message, however often it has to be asked for on a busy machine. */
async function receiveNext(name: string) {
  for (let tries = 0; tries < 20; tries += 1) {
    const message = await receive(name);
    if (message !== undefined) return message;
  }
  throw new Error(`${name} has no message.`);
}

describe('the queues', () => {
  test('wait so many times shorter, and move on what was received too often', async () => {
    await client.send(
      new SendMessageCommand({ QueueUrl: queueUrl(server.endpoint, 'buffer'), MessageBody: 'hello' }),
    );
    const startedAt = performance.now();

    const first = await receiveNext('buffer');
    await client.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: queueUrl(server.endpoint, 'buffer'),
        ReceiptHandle: first.ReceiptHandle,
        VisibilityTimeout: 20,
      }),
    );
    const second = await receiveNext('buffer');
    const seconds = (performance.now() - startedAt) / 1000;

    expect([first.Body, second.Body, second.Attributes?.ApproximateReceiveCount]).toEqual([
      'hello',
      'hello',
      '2',
    ]);
    expect(seconds).toBeGreaterThan((20 / SPEED) * 0.9);
    // True seconds would be 20; a busy machine may need some.
    expect(seconds).toBeLessThan(20 / 2);
    // The third receive is one too many: SQS moves the message instead of handing it out.
    const [third, moved] = await Promise.all([receive('buffer'), receiveNext('dead-letter')]);
    expect([third, moved.Body]).toEqual([undefined, 'hello']);
  });

  test('take every character that SQS takes, beyond U+FFFF too, and no other', async () => {
    const QueueUrl = queueUrl(server.endpoint, 'dead-letter');
    const send = (MessageBody: string) => client.send(new SendMessageCommand({ QueueUrl, MessageBody }));

    await send('字 🎉');

    expect((await receiveNext('dead-letter')).Body).toBe('字 🎉');
    await expect(send('\u0001')).rejects.toThrow('Invalid characters found');
  });

  test('refuse messages until they are to take them again', async () => {
    const QueueUrl = queueUrl(server.endpoint, 'dead-letter');
    const send = () => client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'again' }));

    server.refuseSends(true);
    await expect(send()).rejects.toMatchObject({ name: 'ServiceUnavailable' });
    server.refuseSends(false);

    await expect(send()).resolves.toMatchObject({ MessageId: expect.any(String) });
  });
});

describe('the event source', () => {
  test('goes on when a function has given a message back and crashed then', async () => {
    await createQueues(server, [queue('crashing', {})]);
    const QueueUrl = queueUrl(server.endpoint, 'crashing');
    const receives: string[] = [];
    const bothReceived = Promise.withResolvers<void>();
    const pool = {
      settings: {
        name: 'probe',
        directory: '',
        handler: '',
        timeoutSeconds: 1,
        memoryMegabytes: 128,
        environment: {},
      },
      invoke: async (event: unknown) => {
        const [{ receiptHandle: ReceiptHandle, attributes }] = Object(event).Records;
        receives.push(attributes.ApproximateReceiveCount);
        if (receives.length === 2) bothReceived.resolve();
        if (receives.length >= 2) return { ok: true as const, value: { batchItemFailures: [] } };
        await client.send(
          new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }),
        );
        await new Promise((resolve) => setTimeout(resolve, 100));
        return { ok: false as const, failure: 'crashed' };
      },
      killWorkers: async () => 0,
      memory: async () => [],
      renew: async () => {},
      stop: async () => {},
    };
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'hello' }));

    const source = startEventSource(client, pool, {
      queueUrl: QueueUrl,
      queueArn: arn('crashing'),
      visibilitySeconds: 10,
      batchSize: 10,
      reportsFailures: true,
      concurrency: 1,
      speed: SPEED,
      redelivery: { messages: 0 },
    });
    await bothReceived.promise;
    await source.stop();

    expect(receives.slice(0, 2)).toEqual(['1', '2']);
  });
});

describe('the fast clock', () => {
  test('starts at the true time and runs ahead of it', () => {
    const clock = { anchor: 1_000, speed: 60 };

    expect([readFastClock(clock, 1_000), readFastClock(clock, 2_000)]).toEqual([1_000, 61_000]);
  });

  test.each([
    [1, 180],
    [2, 180],
    [10, 320],
    [10_000, 43_200],
  ])('at speed %d, a message that is worked on is hidden for %d of its seconds', (speed, seconds) => {
    expect(visibilityTimeoutOf({ visibilitySeconds: 180, speed }, 30)).toBe(seconds);
  });
});
