import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { countLog } from '../../../answers/report/function-logs.ts';
import { countLines } from '../../../answers/report/log-counts.ts';
import { reportOf } from '../../../answers/report/numbers.ts';
import { type CloudWatchServer, startCloudWatch } from '../../cli/webhooks/cloudwatch-server.ts';
import { runInsights } from './insights.ts';
import { eventLine, OTHER_ENDS, PERIOD, requestLine } from './log-lines.ts';

const STACK = 'webhook-adapter-dev';
const GIGABYTE = 1_000_000_000;
const STAGES = [
  ['ingest', 'Ingest'],
  ['deliver', 'Deliver'],
] as const;
const logGroups = STAGES.map(([stage, id]) => ({
  stage,
  name: `${STACK}-WebhookAdapter${id}FunctionLogsA1B2C3D4-1A2B3C4D5E6F`,
}));
const GROUPS = logGroups.map(({ name }) => ({
  logGroupName: name,
  storedBytes: 3 * GIGABYTE,
  creationTime: PERIOD.until.getTime() - 60 * 86_400_000,
  retentionInDays: 30,
}));

const LINES = [
  requestLine(1, { apiVersion: '2026-04' }),
  requestLine(2, { code: 'missing-header' }),
  eventLine(1, 'a', { missing: 'name\ncity' }),
  eventLine(20, 'b', OTHER_ENDS.keyless),
];

type Asked = {
  readonly logGroupNames: readonly string[];
  readonly startTime: number;
  readonly endTime: number;
  readonly queryString: string;
};

const asked: Asked[] = [];
/** What happened, in order. */
const happened: string[] = [];
/** How many rows a query over more than an hour has too many. */
let isCrowded = false;
let server: CloudWatchServer;

beforeAll(async () => {
  server = await startCloudWatch((operation, request) => {
    happened.push(operation);
    if (operation === 'DescribeLogGroups') return { logGroups: GROUPS };
    if (operation === 'StartQuery') {
      asked.push(request as Asked);
      return { queryId: String(asked.length - 1) };
    }
    return {
      status: 'Complete',
      results: resultsOf(Number(request.queryId)),
      statistics: { bytesScanned: GIGABYTE },
    };
  });
});
afterAll(() => server.stop());
beforeEach(() => {
  asked.length = 0;
  happened.length = 0;
  isCrowded = false;
});

function resultsOf(query: number): readonly object[] {
  const { queryString = '', startTime = 0, endTime = 0 } = asked[query] ?? {};
  const stage = queryString.includes('"ingest"') ? 'ingest' : 'deliver';
  const own = LINES.filter((line) => {
    const { stage: ofLine, _aws } = JSON.parse(line);
    return ofLine === stage && _aws.Timestamp >= startTime * 1000 && _aws.Timestamp < endTime * 1000;
  });
  const rows = runInsights(queryString, own).map((row) =>
    Object.entries(row).map(([field, value]) => ({ field, value })),
  );
  const isTooMany = isCrowded && stage === 'deliver' && endTime - startTime > 15 * 3_600;
  return isTooMany ? Array.from({ length: 10_000 }, () => rows[0] ?? []) : rows;
}

async function count(say: (text: string) => void = () => {}) {
  return countLog({ logGroups }, PERIOD, say);
}

describe('the log of a stack on AWS', () => {
  test('is counted as the same lines are here, each function’s group by one query', async () => {
    const { counts } = await count();

    expect(reportOf(PERIOD, counts, [])).toEqual(reportOf(PERIOD, countLines(LINES, PERIOD), []));
    expect(asked.map(({ logGroupNames }) => logGroupNames)).toEqual(
      GROUPS.map(({ logGroupName }) => [logGroupName]),
    );
    expect(asked[0]).toMatchObject({
      startTime: PERIOD.since.getTime() / 1000,
      endTime: PERIOD.until.getTime() / 1000,
    });
  });

  test('is paid for: what it may cost is said before a query runs, what it did cost is in the notes', async () => {
    const { notes } = await count((text) => happened.push(text));

    // 6 GB are kept of 30 days; the period is 30 hours of them.
    const estimate = happened.findIndex((one) =>
      one.includes('about to read 0.25 GB to 1.7 GB of the log, for $0.0013 to $0.0083'),
    );
    expect(estimate).toBeGreaterThan(-1);
    expect(estimate).toBeLessThan(happened.indexOf('StartQuery'));
    expect(notes).toContainEqual('CloudWatch Logs Insights read 2.0 GB of the log: $0.0100.');
  });

  test('is read in parts where a query has more rows than it can return', async () => {
    isCrowded = true;
    const { counts, notes } = await count();

    expect(reportOf(PERIOD, counts, [])).toEqual(reportOf(PERIOD, countLines(LINES, PERIOD), []));
    expect(asked).toHaveLength(4);
    expect(notes).toContainEqual(expect.stringContaining('read in 2 parts'));
  });

  test('that does not reach back so far is said to begin later', async () => {
    const long = { since: new Date('2026-01-01T00:00:00Z'), until: PERIOD.until };

    const { notes } = await countLog({ logGroups }, long, () => {});

    expect(notes).toContainEqual('The log begins at 2026-05-03T06:00:00.000Z: what was before is not kept.');
  });
});
