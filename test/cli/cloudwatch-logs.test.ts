import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { followCloudWatch } from '../../cli/cloudwatch-logs.ts';

const STACK = 'webhook-adapter-dev';
const GROUPS = [
  `${STACK}-WebhookAdapterIngestFunctionLogsA1B2C3D4-e5F6`,
  `${STACK}-WebhookAdapterDeliverFunctionLogsB1B2C3D4-e5F6`,
  // Another stack's, whose name begins the same.
  `${STACK}-2-WebhookAdapterDeliverFunctionLogsB1B2C3D4-e5F6`,
  `${STACK}-SomethingElse-e5F6`,
];

const environment = { ...process.env };
const asked: { target: string; group?: string }[] = [];
let server: Server;

// CloudWatch Logs' own JSON protocol, as far as two operations go.
beforeAll(async () => {
  server = createServer(async (message, response) => {
    const target = String(message.headers['x-amz-target']).split('.')[1] ?? '';
    const { logGroupName } = JSON.parse(Buffer.concat(await message.toArray()).toString('utf8'));
    asked.push({ target, group: logGroupName });
    const polls = asked.filter(({ group }) => group === logGroupName).length;
    const event = (id: string) => ({ eventId: id, timestamp: Date.now(), message: `line ${id}` });
    const isDeliver = String(logGroupName).includes('Deliver');
    const answer =
      target === 'DescribeLogGroups'
        ? { logGroups: GROUPS.map((name) => ({ logGroupName: name })) }
        : { events: isDeliver ? ['one', 'two', 'three'].slice(0, polls).map(event) : [] };
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(answer));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  Object.assign(process.env, {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  });
});

afterAll(async () => {
  process.env = environment;
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

test('a stack on AWS is followed by the log groups of its own functions, each line told once', async () => {
  const controller = new AbortController();
  const lines: string[] = [];
  await followCloudWatch(STACK, 20)((line) => {
    lines.push(line);
    if (lines.length === 3) controller.abort();
  }, controller.signal);

  expect(lines).toEqual(['line one', 'line two', 'line three']);
  expect([...new Set(asked.flatMap(({ group }) => group ?? []))]).toEqual(GROUPS.slice(0, 2));
});

test('a stack without such log groups is told', async () => {
  await expect(followCloudWatch('nobody')(() => {}, new AbortController().signal)).rejects.toThrow(
    'Stack nobody has no log groups',
  );
});
