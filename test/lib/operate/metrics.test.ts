import { describe, expect, test } from '@jest/globals';
import type { MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { formatReceived } from '../../../lambdas/ingest/log-line.ts';
import { readMappings } from '../../../lib/mappings.ts';
import { NOW, record, setUp } from '../../lambdas/deliver/deliver-setup.ts';
import { createAdapter } from './adapter-under-test.ts';

const { adapter } = createAdapter();

type Directive = { readonly Dimensions: string[][]; readonly Metrics: { readonly Name: string }[] };
type Line = Readonly<Record<string, unknown>>;

/** What a log line, of a stack of this name and of billing's one message, adds to a metric; nothing where it is another's. */
function countedIn(line: Line, { metricName, dimensions = {} }: Metric): unknown {
  const event = line.event === undefined ? {} : { event: 'invoice-overdue' };
  const whole: Line = { ...line, ...event, stack: 'messages', source: 'billing' };
  const { CloudWatchMetrics } = line._aws as { readonly CloudWatchMetrics: Directive[] };
  const isMeant = ({ Dimensions, Metrics }: Directive) =>
    Metrics.some(({ Name }) => Name === metricName) &&
    Dimensions.some(
      (names) => JSON.stringify(names.toSorted()) === JSON.stringify(Object.keys(dimensions).sort()),
    );
  const fits = Object.entries(dimensions).every(([name, value]) => whole[name] === value);
  return CloudWatchMetrics.some(isMeant) && fits ? whole[metricName] : undefined;
}

/** The line of deliver's log about one event. */
async function delivered(key: string): Promise<Line> {
  const { lines, deliver } = setUp();
  await deliver(record(key));
  return lines[0] ?? {};
}

const { dimensions } = adapter.metricVerified('billing');

describe('of an event,', () => {
  test.each([
    ['metricDelivered', 'ann', adapter.metricDelivered(), 1_000, 'SampleCount'],
    ['metricDeliveryDelay', 'ann', adapter.metricDeliveryDelay(), 1_000, 'p95'],
    ['metricCallDuration', 'ann', adapter.metricCallDuration(), 0, 'p95'],
    ['metricDeadLettered', 'cat', adapter.metricDeadLettered(), 1, 'Sum'],
    ['metricUnconfirmed', 'eve', adapter.metricUnconfirmed(), 1, 'Sum'],
  ])('%s counts what deliver logs', async (_, key, metric, value, statistic) => {
    expect(countedIn(await delivered(key), metric)).toBe(value);
    expect([metric.namespace, metric.statistic]).toEqual(['WebhookAdapter', statistic]);
  });

  test('metricDelivered does not count one that was refused, nor metricDeadLettered one that was delivered', async () => {
    expect(countedIn(await delivered('cat'), adapter.metricDelivered())).toBeUndefined();
    expect(countedIn(await delivered('ann'), adapter.metricDeadLettered())).toBeUndefined();
  });

  test('metricEvents counts those of one name that ended in one way', async () => {
    const counted = { source: 'billing', event: 'invoice-overdue', code: 'webex-mandatory-field-missing' };

    expect(countedIn(await delivered('cat'), adapter.metricEvents(counted))).toBe(1);
    expect(countedIn(await delivered('ann'), adapter.metricEvents(counted))).toBeUndefined();
  });
});

describe('of a webhook,', () => {
  const [mapping] = readMappings('test/package/own-app/mappings');
  const source = { ...mapping, source: 'billing', eventTypes: [], mappedHeaders: [] } as never;
  const refused = (code: string) =>
    formatReceived('r1', NOW, { source, received: { ok: false, failure: { code } as never } }) as Line;

  test('metricVerified and metricRefused count those that verify, and those that only look like it', () => {
    const { usingMetrics, expression } = adapter.metricRefused('billing') as MathExpression;

    expect(expression).toBe('signed - verified');
    expect(countedIn(refused('no-matching-secret'), usingMetrics.signed as Metric)).toBe(0);
    expect(countedIn(refused('no-matching-secret'), usingMetrics.verified as Metric)).toBe(0);
    expect(Object.values(usingMetrics).map((metric) => (metric as Metric).statistic)).toEqual([
      'SampleCount',
      'Sum',
    ]);
    expect(dimensions).toEqual({ stack: 'messages', source: 'billing' });
  });

  test('metricMisconfigured counts what a missing secret has refused', () => {
    expect(countedIn(refused('secret-missing'), adapter.metricMisconfigured())).toBe(1);
    expect(countedIn(refused('no-matching-secret'), adapter.metricMisconfigured())).toBeUndefined();
  });
});

describe('a metric', () => {
  test('takes the options of any CDK metric', () => {
    const metric = adapter.metricDelivered({ statistic: 'Maximum', label: 'late', dimensionsMap: {} });

    expect([metric.statistic, metric.label]).toEqual(['Maximum', 'late']);
  });

  test('of an unknown source is refused, as it would never count', () => {
    expect(() => adapter.metricVerified('biling')).toThrow(
      'There is no source "biling". There are: billing.',
    );
    expect(() => adapter.webhookUrl('biling')).toThrow('There is no source "biling". There are: billing.');
  });
});
