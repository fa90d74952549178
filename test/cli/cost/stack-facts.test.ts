import { beforeAll, describe, expect, test } from '@jest/globals';
import { accessLogBytes } from '../../../cli/cost/access-log-bytes.ts';
import { countAlarmMetrics } from '../../../cli/cost/alarm-metrics.ts';
import { factsOfStage, reportOf } from '../../../cli/cost/cost.ts';
import { readStackFacts, type StackFacts } from '../../../cli/cost/stack-facts.ts';
import { tellCost } from '../../../cli/cost/tell-cost.ts';
import { costInput } from './cost-input.ts';

const VARIABLES = { ingest: { PUBLIC_URL: 'https://x' }, deliver: { EVENTS_PER_SECOND: '7' } };
const functionOf = (stage: keyof typeof VARIABLES, more: object = {}) => ({
  Type: 'AWS::Lambda::Function',
  Properties: { Environment: { Variables: VARIABLES[stage] }, ...more },
});
const template = (more: Readonly<Record<string, object>> = {}) => ({
  Resources: {
    Ingest: functionOf('ingest', {
      MemorySize: 256,
      Architectures: ['arm64'],
      ReservedConcurrentExecutions: 20,
    }),
    Deliver: functionOf('deliver', { LoggingConfig: { SystemLogLevel: 'WARN' } }),
    Source: {
      Type: 'AWS::Lambda::EventSourceMapping',
      Properties: { ScalingConfig: { MaximumConcurrency: 3 } },
    },
    Logs: { Type: 'AWS::Logs::LogGroup', Properties: { RetentionInDays: 14 } },
    ...more,
  },
  Outputs: { WebhookUrlstripe: {}, WebhookUrlshopify: {}, LedgerTable: {} },
});

describe('a template', () => {
  test('says how large, how many and how fast', () => {
    expect(readStackFacts(template())).toMatchObject({
      ingest: { memoryMegabytes: 256, isArm: true, reserved: 20, hasPlatformLogs: true },
      deliver: {
        memoryMegabytes: 128,
        isArm: false,
        hasPlatformLogs: false,
        eventsPerSecond: 7,
        concurrency: 3,
        batchSize: 10,
      },
      sources: 2,
      retentionDays: 14,
      hasPointInTimeRecovery: false,
      unpriced: [],
    });
  });

  test('is looked through for what others may have added, and for what has no price here', () => {
    const facts = readStackFacts(
      template({
        Stage: {
          Type: 'AWS::ApiGatewayV2::Stage',
          Properties: { DefaultRouteSettings: { ThrottlingRateLimit: 50 } },
        },
        Acl: { Type: 'AWS::WAFv2::WebACL', Properties: { Rules: [{}, {}] } },
        Board: { Type: 'AWS::CloudWatch::Dashboard' },
        Key: { Type: 'AWS::KMS::Key' },
        Alarm: { Type: 'AWS::CloudWatch::Alarm', Properties: { MetricName: 'x' } },
        Machine: { Type: 'AWS::EC2::Instance' },
      }),
    );
    expect(facts).toMatchObject({
      apiPerSecond: 50,
      webAcls: 1,
      webAclRules: 2,
      dashboards: 1,
      keys: 1,
      alarmMetrics: 1,
    });
    expect(facts.unpriced).toEqual(['AWS::EC2::Instance']);
    expect(tellCost(reportOf('dev', facts, costInput().usage, 4))).toContain('prices: AWS::EC2::Instance.');
  });

  test('of something else is a mistake', () => {
    expect(() => readStackFacts({ Resources: {} })).toThrow('not both functions');
  });
});

test('alarms are billed by their metrics, an anomaly by three', () => {
  expect(countAlarmMetrics([{ MetricName: 'x' }])).toBe(1);
  expect(
    countAlarmMetrics([{ Metrics: [{ MetricStat: {} }, { MetricStat: {} }, { Expression: 'a/b' }] }]),
  ).toBe(2);
  expect(
    countAlarmMetrics([{ Metrics: [{ MetricStat: {} }, { Expression: 'ANOMALY_DETECTION_BAND(m, 2)' }] }]),
  ).toBe(3);
});

test('a line of the access log is as long as what stands in the place of its variables', () => {
  expect(accessLogBytes(undefined)).toBe(0);
  // {"a":"…16…","b":"-"} is 15 + 16 + 1 characters, and 26 that CloudWatch Logs adds.
  expect(accessLogBytes('{"a":"$context.requestId","b":"$context.error.message"}')).toBe(16 + 1 + 15 + 26);
});

describe('the stack as it is synthesized', () => {
  let facts: StackFacts;
  beforeAll(async () => {
    const read = await factsOfStage('local');
    if (!read.ok) throw new Error(read.failure);
    facts = read.value;
  }, 120_000);

  test('has all that is reckoned with, and nothing that is not', () => {
    expect(facts).toMatchObject({
      ingest: { memoryMegabytes: 512, isArm: true },
      deliver: { eventsPerSecond: 100, batchSize: 10 },
      sources: 6,
      secrets: 7,
      retentionDays: 30,
      hasPointInTimeRecovery: true,
      unpriced: [],
    });
    expect(facts.accessLogBytes).toBeGreaterThan(200);
  });

  test('has a report that says what dominates, how it drains and where it ends', () => {
    const text = tellCost(reportOf('local', facts, costInput().usage, 4));
    expect(text).toMatch(
      /^Stage local: 1,000,000 webhooks a month, 4 KB each, 1 event of each, 0 % copies, 0 % ignored\n/,
    );
    expect(text).toMatch(/no free tier taken off/);
    expect(text).toMatch(/\nThe largest line is CloudWatch: \d+ metrics: \d+ % of all.\n/);
    expect(text).toMatch(
      /After an outage of Webex Campaign of 4 h, 5,479 events wait. They have gone out 15 min later/,
    );
    expect(text).toMatch(/these limits are hit, in webhooks a second \(a month\):\n +[\d.]+ \(/);
  });
});
