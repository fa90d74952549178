import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  countUses,
  judgeRotation,
  secretUseOfLogs,
  traceableFrom,
  type Verdict,
} from '../../../cli/secrets/stored-secret.ts';
import { type CloudWatchServer, startCloudWatch } from '../webhooks/cloudwatch-server.ts';

const NOW = new Date('2026-11-24T12:00:00.000Z');
const hoursAgo = (hours: number) => new Date(NOW.getTime() - hours * 3_600_000);

describe('the used values of a secret', () => {
  const at = (minutes: number) => new Date(NOW.getTime() + minutes * 60_000);
  const line = (minutes: number, fields: object) =>
    JSON.stringify({ _aws: { Timestamp: at(minutes).getTime() }, ...fields });
  const stripe = { stage: 'ingest', source: 'stripe', code: 'buffered' };
  const lines = [
    line(-1, { ...stripe, secretIndex: '0' }),
    line(1, { ...stripe, secretIndex: '1' }),
    line(3, { ...stripe, secretIndex: '0' }),
    line(2, { ...stripe, secretIndex: '0' }),
    line(4, { ...stripe, source: 'shopify', secretIndex: '1' }),
    line(5, { ...stripe, code: 'no-matching-secret', secretsTried: 2 }),
    'START RequestId: 1',
    '',
    line(6, { stage: 'deliver', outcome: 'delivered', keyUsed: 'secondary', source: 'stripe' }),
    line(7, { stage: 'deliver', outcome: 'retry-later', keyUsed: 'primary', source: 'stripe' }),
  ];

  test('are counted for one source since a time', () => {
    expect(countUses(lines, { stage: 'ingest', source: 'stripe' }, NOW)).toEqual([
      { index: 0, count: 2, lastAt: at(3) },
      { index: 1, count: 1, lastAt: at(1) },
    ]);
  });

  test('are counted for keys where the event was delivered', () => {
    expect(countUses(lines, { stage: 'deliver' }, NOW)).toEqual([{ index: 1, count: 1, lastAt: at(6) }]);
  });

  test('are read from lines of 0.1.0 too, which have other names', () => {
    const old = [
      line(1, { ...stripe, secretSlot: '1' }),
      line(2, { ...stripe, secretIndex: '1' }),
      line(3, { ...stripe, secretSlot: '0' }),
      line(4, { stage: 'deliver', outcome: 'delivered', keySlot: 'primary' }),
      line(5, { stage: 'deliver', outcome: 'delivered', keySlot: 'secondary' }),
      line(6, { stage: 'deliver', outcome: 'retry-later', keySlot: 'secondary' }),
    ];

    expect(countUses(old, { stage: 'ingest', source: 'stripe' }, NOW)).toEqual([
      { index: 0, count: 1, lastAt: at(3) },
      { index: 1, count: 2, lastAt: at(2) },
    ]);
    expect(countUses(old, { stage: 'deliver' }, NOW)).toEqual([
      { index: 0, count: 1, lastAt: at(4) },
      { index: 1, count: 1, lastAt: at(5) },
    ]);
  });
});

describe('the old value of a secret', () => {
  const newest = { index: 0, count: 3, lastAt: hoursAgo(1) };
  const old = (hours: number) => ({ index: 1, count: 1, lastAt: hoursAgo(hours) });
  const cases: readonly (readonly [string, number, number, Parameters<typeof judgeRotation>[1], Verdict])[] =
    [
      ['is none where there is one value', 1, 50, [newest], { kind: 'single' }],
      ['stays while it is used', 2, 50, [newest, old(23)], { kind: 'old-used', lastAt: hoursAgo(23) }],
      [
        'stays while an even older one is used',
        3,
        50,
        [newest, old(30), { ...old(2), index: 2 }],
        { kind: 'old-used', lastAt: hoursAgo(2) },
      ],
      ['stays until the new one was used', 2, 50, [old(30)], { kind: 'newest-unused' }],
      ['stays where nothing has come at all', 2, 50, [], { kind: 'newest-unused' }],
      [
        'stays for a day in any case',
        2,
        24,
        [newest],
        { kind: 'too-early', freeAt: new Date(NOW.getTime() + 5 * 60_000) },
      ],
      [
        'can go when it was not used for a day',
        2,
        50,
        [newest, old(24)],
        { kind: 'free', lastAt: hoursAgo(24) },
      ],
      ['can go when it was never used', 2, 50, [newest], { kind: 'free', lastAt: undefined }],
    ];
  test.each(cases)('%s', (_title, values, hours, uses, verdict) => {
    expect(judgeRotation({ values, changedAt: hoursAgo(hours) }, uses, NOW)).toEqual(verdict);
  });

  test('may still be logged as index 0 until every function has read the secret again: five minutes', () => {
    expect(traceableFrom(NOW)).toEqual(new Date('2026-11-24T12:05:00.000Z'));
  });
});

describe('the used values of a secret on AWS', () => {
  const GROUPS = [
    { stage: 'ingest', name: 'shop-WebhooksIngestFunctionLogsA1B2C3D4-1A2B3C4D5E6F' },
    { stage: 'deliver', name: 'shop-WebhooksDeliverFunctionLogsA1B2C3D4-1A2B3C4D5E6F' },
  ] as const;

  const asked: { queryString?: string; logGroupNames?: string[]; startTime?: number }[] = [];
  let answers: object[] = [];
  let server: CloudWatchServer;

  beforeAll(async () => {
    server = await startCloudWatch((target, request) => {
      if (target === 'StartQuery') asked.push(request);
      return target === 'StartQuery' ? { queryId: 'query-1' } : answers.shift();
    });
  });

  afterAll(() => server.stop());

  const row = (fields: Readonly<Record<string, string>>) =>
    Object.entries(fields).map(([field, value]) => ({ field, value }));

  test('are counted by one query over the log groups of the stack, by both names of the field', async () => {
    answers = [
      { status: 'Running', results: [] },
      {
        status: 'Complete',
        results: [
          row({ usedValue: '0', uses: '12', lastAt: '2026-11-24 13:00:00.000' }),
          row({ usedValue: '1', uses: '3', lastAt: String(NOW.getTime()) }),
        ],
      },
    ];

    expect(await secretUseOfLogs(GROUPS, 5)({ stage: 'ingest', source: 'stripe' }, NOW)).toEqual([
      { index: 0, count: 12, lastAt: new Date('2026-11-24T13:00:00.000Z') },
      { index: 1, count: 3, lastAt: NOW },
    ]);
    expect(asked.at(-1)).toMatchObject({
      logGroupNames: GROUPS.map(({ name }) => name),
      startTime: NOW.getTime() / 1000,
      queryString:
        'filter stage = "ingest" and source = "stripe" and (ispresent(secretIndex) or ispresent(secretSlot)) | fields @timestamp, coalesce(secretIndex, secretSlot) as usedValue | stats count(*) as uses, max(@timestamp) as lastAt by usedValue',
    });
  });

  test('are counted for keys where the event was delivered, by both names of the field', async () => {
    const result = row({ usedValue: 'secondary', uses: '1', lastAt: '2026-11-24 13:00:00.000' });
    answers = [{ status: 'Complete', results: [result] }];

    expect(await secretUseOfLogs(GROUPS, 5)({ stage: 'deliver' }, NOW)).toMatchObject([
      { index: 1, count: 1 },
    ]);
    expect(asked.at(-1)?.queryString).toMatch(
      /^filter stage = "deliver" and outcome = "delivered".* coalesce\(keyUsed, keySlot\) as usedValue .* by usedValue$/,
    );
  });

  test('are not taken for unused when the query fails', async () => {
    answers = [{ status: 'Failed', results: [] }];
    await expect(secretUseOfLogs(GROUPS, 5)({ stage: 'deliver' }, NOW)).rejects.toThrow('did not answer');
  });
});
