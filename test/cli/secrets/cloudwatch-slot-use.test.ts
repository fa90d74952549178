import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { secretUseOfStack } from '../../../cli/secrets/use.ts';
import { type CloudWatchServer, startCloudWatch } from '../stories/cloudwatch-server.ts';

const STACK = 'webhook-adapter-dev';
const GROUPS = ['Ingest', 'Deliver'].map((stage) => `${STACK}-WebhookAdapter${stage}FunctionLogsA1-e5F6`);
const SINCE = new Date('2026-11-24T12:00:00.000Z');

const asked: { queryString?: string; logGroupNames?: string[]; startTime?: number }[] = [];
let answers: object[] = [];
let server: CloudWatchServer;

beforeAll(async () => {
  server = await startCloudWatch((target, request) => {
    if (target === 'StartQuery') asked.push(request);
    if (target === 'DescribeLogGroups') return { logGroups: GROUPS.map((name) => ({ logGroupName: name })) };
    return target === 'StartQuery' ? { queryId: 'query-1' } : answers.shift();
  });
});

afterAll(() => server.stop());

const row = (fields: Readonly<Record<string, string>>) =>
  Object.entries(fields).map(([field, value]) => ({ field, value }));

test('the slots of a source on AWS are counted by one query over its own log groups', async () => {
  answers = [
    { status: 'Running', results: [] },
    {
      status: 'Complete',
      results: [
        row({ secretIndex: '0', uses: '12', lastAt: '2026-11-24 13:00:00.000' }),
        row({ secretIndex: '1', uses: '3', lastAt: String(SINCE.getTime()) }),
      ],
    },
  ];

  expect(await secretUseOfStack(STACK, 5)({ stage: 'ingest', source: 'stripe' }, SINCE)).toEqual([
    { index: 0, count: 12, lastAt: new Date('2026-11-24T13:00:00.000Z') },
    { index: 1, count: 3, lastAt: SINCE },
  ]);
  expect(asked.at(-1)).toMatchObject({
    logGroupNames: GROUPS,
    startTime: SINCE.getTime() / 1000,
    queryString:
      'filter stage = "ingest" and source = "stripe" and ispresent(secretIndex) | stats count(*) as uses, max(@timestamp) as lastAt by secretIndex',
  });
});

test('the slots of the API user’s keys are those by which events were delivered', async () => {
  const result = row({ keyUsed: 'secondary', uses: '1', lastAt: '2026-11-24 13:00:00.000' });
  answers = [{ status: 'Complete', results: [result] }];

  expect(await secretUseOfStack(STACK, 5)({ stage: 'deliver' }, SINCE)).toMatchObject([
    { index: 1, count: 1 },
  ]);
  expect(asked.at(-1)?.queryString).toMatch(
    /^filter stage = "deliver" and outcome = "delivered".* by keyUsed$/,
  );
});

test('a query that fails is told, not taken for silence', async () => {
  answers = [{ status: 'Failed', results: [] }];
  await expect(secretUseOfStack(STACK, 5)({ stage: 'deliver' }, SINCE)).rejects.toThrow('did not answer');
});
