import { describe, expect, test } from '@jest/globals';
import { accessLogBytes, countAlarmMetrics, readTemplateFacts } from '../../../cli/stacks/template-facts.ts';

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
    expect(readTemplateFacts(template())).toMatchObject({
      ingest: { memoryMegabytes: 256, isArm: true, hasPlatformLogs: true },
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
    const facts = readTemplateFacts(
      template({
        Acl: { Type: 'AWS::WAFv2::WebACL', Properties: { Rules: [{}, {}] } },
        Board: { Type: 'AWS::CloudWatch::Dashboard' },
        Key: { Type: 'AWS::KMS::Key' },
        Alarm: { Type: 'AWS::CloudWatch::Alarm', Properties: { MetricName: 'x' } },
        Machine: { Type: 'AWS::EC2::Instance' },
      }),
    );
    expect(facts).toMatchObject({
      webAcls: 1,
      webAclRules: 2,
      dashboards: 1,
      keys: 1,
      alarmMetrics: 1,
    });
    expect(facts.unpriced).toEqual(['AWS::EC2::Instance']);
  });

  test('of something else is a mistake', () => {
    expect(() => readTemplateFacts({ Resources: {} })).toThrow('does not have both functions');
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
