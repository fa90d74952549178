import { beforeAll, describe, expect, test } from '@jest/globals';
import { Duration } from 'aws-cdk-lib';
import { Match, type Template } from 'aws-cdk-lib/assertions';
import { alarmsOf, STACK, synthesizeAlarms } from './alarm-template.ts';
import { type MetricLine, writtenLines } from './log-lines.ts';

/**
 * Metrics of AWS's own that are looked at, with their dimensions, as its documentation has them: API Gateway "Working with
 * metrics for HTTP APIs", SQS "Available CloudWatch metrics", Lambda "Types of metrics" and "Monitoring concurrency",
 * DynamoDB "Metrics and dimensions".
 */
const OF_AWS = [
  ...['4xx', '5xx', 'IntegrationLatency'].map((name) => `AWS/ApiGateway ${name} by ApiId`),
  ...[
    'ApproximateAgeOfOldestMessage',
    'ApproximateNumberOfMessagesVisible',
    'ApproximateNumberOfMessagesNotVisible',
    'NumberOfMessagesSent',
    'NumberOfMessagesDeleted',
  ].map((name) => `AWS/SQS ${name} by QueueName`),
  ...['Errors', 'ConcurrentExecutions'].map((name) => `AWS/Lambda ${name} by FunctionName`),
  'AWS/Lambda ClaimedAccountConcurrency by ',
  'AWS/DynamoDB WriteThrottleEvents by TableName',
];

let template: Template;
let lines: readonly MetricLine[];
let written: ReadonlySet<string>;
beforeAll(async () => {
  template = synthesizeAlarms({ silentAfter: { stripe: Duration.hours(2) } });
  lines = await writtenLines();
  written = new Set(lines.flatMap(declaredBy));
});

const nameMetric = (namespace: string, name: string, dimensions: readonly string[]) =>
  `${namespace} ${name} by ${[...dimensions].sort().join(', ')}`;

function declaredBy({ _aws }: MetricLine): readonly string[] {
  return _aws.CloudWatchMetrics.flatMap(({ Namespace, Dimensions, Metrics }) =>
    Dimensions.flatMap((dimensions) => Metrics.map(({ Name }) => nameMetric(Namespace, Name, dimensions))),
  );
}

/** Every metric on the dashboard, searches included. */
function shownOnDashboard(): readonly string[] {
  const [board] = Object.values(template.findResources('AWS::CloudWatch::Dashboard'));
  const parts: readonly unknown[] = board?.Properties.DashboardBody['Fn::Join'][1];
  const { widgets } = JSON.parse(parts.map((part) => (typeof part === 'string' ? part : 'token')).join(''));
  return widgets
    .flatMap(({ properties }: { properties: { metrics?: readonly unknown[][] } }) => properties.metrics ?? [])
    .map((metric: readonly unknown[]) => {
      const [first, name] = metric;
      if (typeof first === 'object') return nameSearched((first as { expression: string }).expression);
      const dimensions = metric.slice(2).filter((part, index) => index % 2 === 0 && typeof part === 'string');
      return nameMetric(String(first), String(name), dimensions as string[]);
    });
}

function nameSearched(expression: string): string {
  const [, schema = '', name = ''] = /^SEARCH\('\{([^}]+)\} .* MetricName="(\w+)"'/.exec(expression) ?? [];
  const [namespace = '', ...dimensions] = schema.split(',');
  return nameMetric(namespace, name, dimensions);
}

describe('what is watched', () => {
  test('by an alarm, is written by a function, or is a metric of AWS', () => {
    const watched = alarmsOf(template).map(({ Namespace, MetricName, Dimensions = [] }) =>
      nameMetric(
        Namespace,
        MetricName,
        Dimensions.map(({ Name }) => Name),
      ),
    );

    expect(watched.filter((metric) => !written.has(metric) && !OF_AWS.includes(metric))).toEqual([]);
    expect(watched.filter((metric) => written.has(metric)).length).toBeGreaterThan(10);
  });

  test('on the dashboard, too', () => {
    const shown = shownOnDashboard();

    expect(shown.filter((metric) => !written.has(metric) && !OF_AWS.includes(metric))).toEqual([]);
    expect(shown.length).toBeGreaterThan(25);
  });

  test('is the stack that the functions write under', () => {
    const stacks = alarmsOf(template)
      .filter(({ Namespace }) => Namespace === 'WebhookAdapter')
      .map(({ Dimensions = [] }) => Dimensions.find(({ Name }) => Name === 'stack')?.Value);

    expect(new Set(stacks)).toEqual(new Set([STACK]));
    template.allResourcesProperties('AWS::Lambda::Function', {
      Environment: { Variables: Match.objectLike({ STACK_NAME: STACK }) },
    });
  });
});

describe('a log line', () => {
  test('has every metric that it declares as a number, and every dimension but the stack, which the log adds', () => {
    const declared = lines.flatMap((line) => line._aws.CloudWatchMetrics.map((one) => [line, one] as const));
    const wrong = declared.flatMap(([line, { Dimensions, Metrics }]) => [
      ...Metrics.filter(({ Name }) => typeof line[Name] !== 'number'),
      ...Dimensions.flat().filter((name) => name !== 'stack' && typeof line[name] !== 'string'),
    ]);

    expect(wrong).toEqual([]);
    expect(declared.filter(([, { Metrics }]) => Metrics.length === 0)).toEqual([]);
    expect(declared.filter(([, { Dimensions }]) => Dimensions[0]?.[0] !== 'stack')).toEqual([]);
  });
});
