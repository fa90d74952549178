import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { followCloudWatch } from '../../../cli/webhooks/follow-logs.ts';
import { type CloudWatchServer, startCloudWatch } from './cloudwatch-server.ts';

const GROUPS = [
  { stage: 'ingest', name: 'shop-WebhooksIngestFunctionLogsA1B2C3D4-1A2B3C4D5E6F' },
  { stage: 'deliver', name: 'shop-WebhooksDeliverFunctionLogsA1B2C3D4-1A2B3C4D5E6F' },
] as const;

const asked: { group: string }[] = [];
let server: CloudWatchServer;

beforeAll(async () => {
  server = await startCloudWatch((_target, { logGroupName }) => {
    asked.push({ group: String(logGroupName) });
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
  await followCloudWatch(GROUPS, 20)((line) => {
    lines.push(line);
    if (lines.length === 3) controller.abort();
  }, controller.signal);

  expect(lines).toEqual(['line one', 'line two', 'line three']);
  expect([...new Set(asked.map(({ group }) => group))]).toEqual(GROUPS.map(({ name }) => name));
});
