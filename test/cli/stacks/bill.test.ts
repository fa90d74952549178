import { describe, expect, test } from '@jest/globals';
import { billLines } from '../../../cli/stacks/bill.ts';
import { billInput } from './bill-input.ts';

function dollars(name: string, changes: Parameters<typeof billInput>[0] = {}): number {
  return billLines(billInput(changes)).find((line) => line.name.startsWith(name))?.dollars ?? 0;
}

describe('a million webhooks by list price', () => {
  // By hand, beside each: what is asked for, times the price of it.
  test.each([
    // 1,000,000 requests of 1 x 512 KB, $1.00 a million
    ['HTTP API', 1],
    // $0.20 a million, and 1,000,000 x (0.012 s + 1 % of 0.45 s) x 0.5 GB = 8,250 GB-s x $0.0000133334
    ['Lambda ingest', 0.2 + 0.11],
    // a send, a receive and a delete: 3,000,000 x 1 x 64 KB, $0.40 a million
    ['SQS buffer: send', 1.2],
    // $0.20 a million, and 1,000,000 x (0.02 s + 0.08 s + 1 % of 0.45 s) x 0.5 GB = 52,250 GB-s
    ['Lambda deliver', 0.2 + 0.6967],
    // 6,000,000 write units, $0.625 a million
    ['DynamoDB ledger: writes', 3.75],
    // 2,000 B x 1,000,000 = 1.8626 GB for 30 of 30.417 days, $0.25 and $0.20 for the backup
    ['DynamoDB ledger: storage', 1.8626 * (30 / 30.4167) * 0.45],
    // (500 + 700 + 300) B x 1,000,000 = 1.3970 GB, $0.50
    ['CloudWatch Logs: ingestion', 0.6985],
    // 15 % of it for 30 of 30.417 days, $0.03
    ['CloudWatch Logs: storage', 1.397 * 0.15 * (30 / 30.4167) * 0.03],
    // (300 + 700 + 400) B x 1,000,000 = 1.3039 GB, $0.09
    ['Data transfer out', 0.1173],
    // 6 sources x 2, 30 events x 2 and 8 of the stack, each sent every hour, $0.30
    ['CloudWatch: 80 metrics', 24],
    // 8 x $0.40
    ['Secrets Manager: 8 secrets', 3.2],
    // (6 + 2) secrets every 4 minutes: 87,600, $5 a million
    ['Secrets Manager: reads', 0.438],
    // 5 pollers x 2,628,000 s / 20 s = 657,000, $0.40 a million
    ['SQS buffer: polling', 0.2628],
  ])('%s: $%d', (name, expected) => {
    expect(dollars(name)).toBeCloseTo(expected, 3);
  });

  test('has no line for what is not in the template', () => {
    const names = billLines(billInput()).map(({ name }) => name);
    expect(names).toHaveLength(13);
    expect(names.filter((name) => /alarm|dashboard|KMS|NAT|WAF/.test(name))).toEqual([]);
  });
});

describe('what is in the template is paid for:', () => {
  test.each([
    // 12 x $0.10 and 1 x $0.50
    ['CloudWatch: alarms', { alarmMetrics: 12, compositeAlarms: 1 }, 1.7],
    ['CloudWatch: dashboards', { dashboards: 1 }, 3],
    ['KMS', { keys: 2 }, 2],
    // 730 h x $0.045
    ['NAT', { natGateways: 1 }, 32.85],
    // $5 and 3 x $1
    ['WAF: web', { webAcls: 1, webAclRules: 3 }, 8],
    ['WAF: requests', { webAcls: 1 }, 0.6],
    // without a backup, $0.25 alone
    ['DynamoDB ledger: storage', { hasPointInTimeRecovery: false }, 1.8626 * (30 / 30.4167) * 0.25],
    // 8,250 GB-s x $0.0000166667
    [
      'Lambda ingest',
      { ingest: { memoryMegabytes: 512, isArm: false, hasPlatformLogs: false } },
      0.2 + 0.1375,
    ],
    // 400 B more of each ingest
    [
      'CloudWatch Logs: ingestion',
      { ingest: { memoryMegabytes: 512, isArm: true, hasPlatformLogs: true } },
      0.8848,
    ],
  ])('%s', (name, facts, expected) => {
    expect(dollars(name, { facts })).toBeCloseTo(expected, 3);
  });
});

describe('what comes in decides:', () => {
  test.each([
    // 600 KB are 2 x 512 KB at the API
    ['HTTP API', { bodyBytes: 614_400 }, 2],
    // 100 KB and attributes are 2 x 64 KB: send 2, receive 2, delete 1
    ['SQS buffer: send', { bodyBytes: 102_400 }, 2],
    // half is ignored: 500,000 x 3
    ['SQS buffer: send', { ignored: 0.5 }, 0.6],
    // half are copies: 500,000 x 6 + 500,000 x 4 writes, 500,000 reads at $0.125
    ['DynamoDB ledger: writes', { duplicates: 0.5 }, 3.125 + 0.0625],
    // 6 + 2 x 3 writes
    ['DynamoDB ledger: writes', { eventsPerWebhook: 3 }, 7.5],
    // each event beyond the first waits for its turn: 0.1 s + 2 x 2/5 s = 0.9 s, and 0.0045 s; x 0.5 GB
    ['Lambda deliver', { eventsPerWebhook: 3 }, 0.2 + 6.03],
    // copies have a metric more an event: 12 + 30 x 3 + 8
    ['CloudWatch: 110 metrics', { duplicates: 0.1 }, 33],
    // 73 webhooks are one in ten hours, for 6 sources and 30 events: (12/60 + 60/300 + 8/10) x $0.30
    ['CloudWatch: 1 metric', { webhooks: 73 }, 0.36],
    // as often as a cold start of each at most: 3 x 73
    ['Secrets Manager: reads', { webhooks: 73 }, 0.0011],
    ['CloudWatch Logs: storage', { retentionDays: 365 }, 1.397 * 0.15 * (365 / 30.4167) * 0.03],
  ])('%s of %j', (name, usage, expected) => {
    expect(dollars(name, { usage })).toBeCloseTo(expected, 3);
  });
});
