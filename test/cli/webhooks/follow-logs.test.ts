import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { followCloudWatch } from '../../../cli/webhooks/follow-logs.ts';
import { type CloudWatchServer, startCloudWatch } from './cloudwatch-server.ts';

const STACK = 'webhook-adapter-dev';
const GROUPS = [
  `${STACK}-WebhookAdapterIngestFunctionLogsA1B2C3D4-e5F6`,
  `${STACK}-WebhookAdapterDeliverFunctionLogsB1B2C3D4-e5F6`,
  // Another stack's, whose name begins the same.
  `${STACK}-2-WebhookAdapterDeliverFunctionLogsB1B2C3D4-e5F6`,
  `${STACK}-SomethingElse-e5F6`,
];

/** This machine is a minute ahead of AWS. */
const BEHIND = { now: () => new Date(Date.now() - 60_000), speed: 1 };

const asked: { target: string; group?: string; startTime?: number }[] = [];
let server: CloudWatchServer;

beforeAll(async () => {
  server = await startCloudWatch((target, { logGroupName, startTime }) => {
    const asksFor =
      logGroupName === undefined ? {} : { group: String(logGroupName), startTime: Number(startTime) };
    asked.push({ target, ...asksFor });
    const polls = asked.filter(({ group }) => group === logGroupName).length;
    const event = (id: string) => ({ eventId: id, timestamp: Date.now(), message: `line ${id}` });
    const isDeliver = String(logGroupName).includes('Deliver');
    return target === 'DescribeLogGroups'
      ? { logGroups: GROUPS.map((name) => ({ logGroupName: name })) }
      : { events: isDeliver ? ['one', 'two', 'three'].slice(0, polls).map(event) : [] };
  });
});

afterAll(() => server.stop());

test('a stack on AWS is followed by the log groups of its own functions, each line once', async () => {
  const controller = new AbortController();
  const lines: string[] = [];
  await followCloudWatch({ stackName: STACK, clock: BEHIND }, 20)((line) => {
    lines.push(line);
    if (lines.length === 3) controller.abort();
  }, controller.signal);

  expect(lines).toEqual(['line one', 'line two', 'line three']);
  expect([...new Set(asked.flatMap(({ group }) => group ?? []))]).toEqual(GROUPS.slice(0, 2));
  // By this machine's clock, no line would be new enough for a minute.
  const latest = Math.max(...asked.flatMap(({ startTime }) => startTime ?? []));
  expect(latest).toBeLessThanOrEqual(BEHIND.now().getTime());
});

test('a stack without such log groups is an error', async () => {
  await expect(
    followCloudWatch({ stackName: 'nobody', clock: BEHIND })(() => {}, new AbortController().signal),
  ).rejects.toThrow('Stack nobody has no log groups');
});
