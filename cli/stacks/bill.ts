import { REFRESH_MILLISECONDS } from '../../lambdas/adapters/secrets-manager.ts';
import { LEDGER_DAYS } from '../../lambdas/deliver/ledger/entry.ts';
import { formatCount } from '../command-line.ts';
import {
  ASSUMED,
  batchSeconds,
  batchSize,
  type CountedRequests,
  GIGABYTE,
  MONTH_DAYS,
  MONTH_HOURS,
  MONTH_SECONDS,
  portionsOf,
  type RequestCounts,
  type Usage,
} from './load.ts';
import type { FunctionFacts, TemplateFacts } from './template-facts.ts';

/**
 * List prices in dollars, us-east-1, without free tiers, volume tiers and discounts. Sources, looked up on `at`: the pricing
 * pages of AWS (aws.amazon.com/<service>/pricing) and, where those show figures only to a browser, pages that quote them:
 * HTTP API apigatewaycost.com/aws; Lambda on arm64 and x86 cloudchipr.com/blog/aws-lambda-pricing; DynamoDB
 * airbyte.com/data-engineering-resources/dynamodb-pricing (after the cut of November 2024); CloudWatch
 * vantage.sh/blog/cloudwatch-metrics-pricing-explained-in-plain-english and
 * factualminds.com/blog/amazon-cloudwatch-pricing-metrics-logs-alarms-dashboards; SQS, Secrets Manager, KMS, NAT, WAF their
 * pricing pages.
 */
export const PRICES = {
  at: '2026-11-24',
  region: 'us-east-1',
  httpApi: { perMillion: 1, meteredBytes: 512 * 1024 },
  lambda: { requestsPerMillion: 0.2, armGigabyteSecond: 0.000_013_333_4, x86GigabyteSecond: 0.000_016_666_7 },
  sqs: { perMillion: 0.4, meteredBytes: 64 * 1024 },
  dynamoDb: {
    writesPerMillion: 0.625,
    readsPerMillion: 0.125,
    storageGigabyte: 0.25,
    pointInTimeGigabyte: 0.2,
  },
  logs: { ingestedGigabyte: 0.5, storedGigabyte: 0.03 },
  metric: 0.3,
  alarmMetric: 0.1,
  compositeAlarm: 0.5,
  dashboard: 3,
  secret: 0.4,
  secretReadsPerMillion: 5,
  dataOutGigabyte: 0.09,
  key: 1,
  natGatewayHour: 0.045,
  webAcl: { month: 5, rule: 1, perMillion: 0.6 },
} as const;

type Prices = typeof PRICES;

/** A line of the bill, in dollars a month. */
export type BillLine = {
  readonly name: string;
  /** Whether it grows with the webhooks, or is the same every month. */
  readonly per: 'webhook' | 'month';
  readonly dollars: number;
};

/** All that a bill follows from. */
export type BillInput = {
  readonly facts: TemplateFacts;
  readonly usage: Usage;
  readonly counted: CountedRequests;
  readonly prices: Prices;
};

const MILLION = 1_000_000;

/** The bill of a month, line by line. */
export function billLines(input: BillInput): readonly BillLine[] {
  const perWebhook: readonly (readonly [string, number])[] = [
    ['HTTP API: requests', httpApi(input)],
    ['Lambda ingest: requests and time', ingest(input)],
    ['SQS buffer: send, receive, delete', buffer(input)],
    ['Lambda deliver: requests and time', deliver(input)],
    ['DynamoDB ledger: writes and reads', ledgerRequests(input)],
    ['DynamoDB ledger: storage and backup', ledgerStorage(input)],
    ['CloudWatch Logs: ingestion', logsIngested(input) * input.prices.logs.ingestedGigabyte],
    ['CloudWatch Logs: storage', logsStored(input)],
    ['Data transfer out', dataOut(input)],
    ['WAF: requests', wafRequests(input)],
  ];
  return [
    ...perWebhook.map(([name, dollars]) => ({ name, per: 'webhook' as const, dollars })),
    ...fixedLines(input),
  ].filter(({ dollars }) => dollars > 0);
}

/** One of the counts, added up over all webhooks of a month. */
function monthly(name: keyof RequestCounts, usage: Usage, counted: CountedRequests): number {
  const { fresh, duplicate, ignored } = portionsOf(usage);
  const perFresh = counted.delivered[name] + (usage.eventsPerWebhook - 1) * counted.furtherEvent[name];
  return fresh * perFresh + duplicate * counted.duplicate[name] + ignored * counted.ignored[name];
}

function httpApi({ usage, prices: { httpApi } }: BillInput): number {
  return (usage.webhooks / MILLION) * Math.ceil(usage.bodyBytes / httpApi.meteredBytes) * httpApi.perMillion;
}

function ingest({ usage, facts, prices }: BillInput): number {
  const seconds = usage.webhooks * (ASSUMED.ingestSeconds + ASSUMED.coldShare * ASSUMED.coldSeconds);
  return lambda({ invocations: usage.webhooks, seconds }, facts.ingest, prices);
}

function deliver({ usage, facts, prices }: BillInput): number {
  const size = batchSize(usage, facts);
  const { fresh, duplicate } = portionsOf(usage);
  const invocations = (fresh + duplicate) / size;
  const working =
    (fresh / size) * batchSeconds(size, usage, facts) + (duplicate / size) * ASSUMED.deliverSeconds;
  const seconds = working + invocations * ASSUMED.coldShare * ASSUMED.coldSeconds;
  return lambda({ invocations, seconds }, facts.deliver, prices);
}

function lambda(
  { invocations, seconds }: { readonly invocations: number; readonly seconds: number },
  { memoryMegabytes, isArm }: FunctionFacts,
  { lambda: prices }: Prices,
): number {
  const gigabyteSeconds = seconds * (memoryMegabytes / 1024);
  const price = isArm ? prices.armGigabyteSecond : prices.x86GigabyteSecond;
  return (invocations / MILLION) * prices.requestsPerMillion + gigabyteSeconds * price;
}

/** A request is metered by its bytes. One receive and one delete do for a whole batch. */
function buffer(input: BillInput): number {
  const { usage, facts, prices } = input;
  const { fresh, duplicate } = portionsOf(usage);
  const metered = (messages: number) =>
    Math.ceil((messages * (usage.bodyBytes + ASSUMED.attributeBytes)) / prices.sqs.meteredBytes);
  const size = batchSize(usage, facts);
  const sends = monthly('sends', usage, input.counted) * metered(1);
  const batches = (fresh + duplicate) / size;
  return ((sends + batches * (metered(size) + 1)) / MILLION) * prices.sqs.perMillion;
}

function ledgerRequests({ usage, counted, prices: { dynamoDb } }: BillInput): number {
  const writes = monthly('writeUnits', usage, counted);
  const reads = monthly('readUnits', usage, counted);
  return (writes * dynamoDb.writesPerMillion + reads * dynamoDb.readsPerMillion) / MILLION;
}

/** What the table holds once as much expires as comes. */
function ledgerStorage({ facts, usage, counted, prices: { dynamoDb } }: BillInput): number {
  const gigabytes = (monthly('storedBytes', usage, counted) / GIGABYTE) * (LEDGER_DAYS / MONTH_DAYS);
  const backup = facts.hasPointInTimeRecovery ? dynamoDb.pointInTimeGigabyte : 0;
  return gigabytes * (dynamoDb.storageGigabyte + backup);
}

/** Gigabytes of log lines a month. */
function logsIngested({ facts, usage, counted }: BillInput): number {
  const { fresh, duplicate } = portionsOf(usage);
  const own = monthly('ingestLogBytes', usage, counted) + monthly('deliverLogBytes', usage, counted);
  const platform =
    (facts.ingest.hasPlatformLogs ? usage.webhooks : 0) +
    (facts.deliver.hasPlatformLogs ? (fresh + duplicate) / batchSize(usage, facts) : 0);
  const access = usage.webhooks * facts.accessLogBytes;
  return (own + platform * ASSUMED.platformLogBytes + access) / GIGABYTE;
}

function logsStored(input: BillInput): number {
  const days = input.usage.retentionDays ?? input.facts.retentionDays;
  return logsIngested(input) * ASSUMED.storedPart * (days / MONTH_DAYS) * input.prices.logs.storedGigabyte;
}

function dataOut({ usage, counted, prices }: BillInput): number {
  const calls = monthly('calls', usage, counted) * ASSUMED.callOverheadBytes;
  const bytes = monthly('callBytes', usage, counted) + calls + usage.webhooks * ASSUMED.answerBytes;
  return (bytes / GIGABYTE) * prices.dataOutGigabyte;
}

function wafRequests({ facts, usage, prices }: BillInput): number {
  return facts.webAcls === 0 ? 0 : (usage.webhooks / MILLION) * prices.webAcl.perMillion;
}

/** What a month costs, however many webhooks come. */
function fixedLines(input: BillInput): readonly BillLine[] {
  const { facts, prices } = input;
  const metrics = customMetrics(input);
  const lines: readonly (readonly [string, number])[] = [
    [`CloudWatch: ${formatCount(Math.round(metrics), 'metric')}`, metrics * prices.metric],
    [`Secrets Manager: ${formatCount(facts.secrets, 'secret')}`, facts.secrets * prices.secret],
    ['Secrets Manager: reads', (secretReads(input) / MILLION) * prices.secretReadsPerMillion],
    ['SQS buffer: polling', (polls() / MILLION) * prices.sqs.perMillion],
    [
      'CloudWatch: alarms',
      facts.alarmMetrics * prices.alarmMetric + facts.compositeAlarms * prices.compositeAlarm,
    ],
    ['CloudWatch: dashboards', facts.dashboards * prices.dashboard],
    ['KMS: keys', facts.keys * prices.key],
    ['NAT gateways, without their traffic', facts.natGateways * prices.natGatewayHour * MONTH_HOURS],
    ['WAF: web ACLs and rules', facts.webAcls * prices.webAcl.month + facts.webAclRules * prices.webAcl.rule],
  ];
  return lines.map(([name, dollars]) => ({ name, per: 'month', dollars }));
}

/** A metric is billed for each hour in which it is sent: with few webhooks, not for every hour of the month. */
function customMetrics({ facts, usage, counted }: BillInput): number {
  const { delivered, duplicate } = counted;
  const ofSources = facts.sources * (delivered.ingestMetrics + (usage.ignored > 0 ? 1 : 0));
  const perEvent = delivered.deliverMetrics + (usage.duplicates > 0 ? duplicate.deliverMetrics : 0);
  const perHour = usage.webhooks / MONTH_HOURS;
  const sent = (metrics: number, senders: number) =>
    senders === 0 ? 0 : metrics * Math.min(1, perHour / senders);
  return (
    sent(ofSources, facts.sources) +
    sent(usage.mappedEvents * perEvent, usage.mappedEvents) +
    sent(delivered.stackMetrics, 1)
  );
}

/** Each worker reads each secret again at intervals. One ingest function is assumed, which is enough for most. */
function secretReads({ facts, usage }: BillInput): number {
  const secrets = facts.sources + facts.deliver.concurrency;
  const often = MONTH_SECONDS / (REFRESH_MILLISECONDS / 1000);
  return Math.min(secrets * often, 2 * usage.webhooks);
}

function polls(): number {
  return ASSUMED.pollers * (MONTH_SECONDS / ASSUMED.pollSeconds);
}
