import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { followCloudWatch } from '../../../cli/webhooks/tail.ts';
import { type CloudWatchServer, startCloudWatch } from './cloudwatch-server.ts';

const GROUPS = [
  { stage: 'ingest', name: 'shop-WebhooksIngestFunctionLogsA1B2C3D4-1A2B3C4D5E6F' },
  { stage: 'deliver', name: 'shop-WebhooksDeliverFunctionLogsA1B2C3D4-1A2B3C4D5E6F' },
] as const;

/** This machine is a minute ahead of AWS. */
const BEHIND = { now: () => new Date(Date.now() - 60_000), speed: 1 };

const asked: { group: string; startTime: number }[] = [];
let server: CloudWatchServer;

beforeAll(async () => {
  server = await startCloudWatch((_target, { logGroupName, startTime }) => {
    asked.push({ group: String(logGroupName), startTime: Number(startTime) });
    const polls = asked.filter(({ group }) => group === logGroupName).length;
    const event = (id: string) => ({ eventId: id, timestamp: Date.now(), message: `line ${id}` });
    const isDeliver = String(logGroupName).includes('Deliver');
    return { events: isDeliver ? ['one', 'two', 'three'].slice(0, polls).map(event) : [] };
  });
});

afterAll(() => server.stop());

test('an adapter on AWS is followed by its log groups, each line once', async () => {
  const controller = new AbortController();
  const lines: string[] = [];
  await followCloudWatch(
    GROUPS,
    BEHIND,
    20,
  )((line) => {
    lines.push(line);
    if (lines.length === 3) controller.abort();
  }, controller.signal);

  expect(lines).toEqual(['line one', 'line two', 'line three']);
  expect([...new Set(asked.map(({ group }) => group))]).toEqual(GROUPS.map(({ name }) => name));
  // By this machine's clock, no line would be new enough for a minute.
  const latest = Math.max(...asked.map(({ startTime }) => startTime));
  expect(latest).toBeLessThanOrEqual(BEHIND.now().getTime());
});
