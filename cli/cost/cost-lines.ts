import { LEDGER_DAYS } from '../../lambdas/deliver/ledger-entry.ts';
import { ASSUMED, GIGABYTE, MONTH_DAYS } from './assumptions.ts';
import { fixedLines } from './fixed-lines.ts';
import type { Prices } from './prices.ts';
import type { CountedRequests } from './request-counts.ts';
import type { FunctionFacts, StackFacts } from './stack-facts.ts';
import { batchSeconds, batchSize, monthly, portionsOf, type Usage } from './usage.ts';

/** A line of the bill, in dollars a month. */
export type CostLine = {
  readonly name: string;
  /** Whether it grows with the webhooks, or is there without any. */
  readonly per: 'webhook' | 'month';
  readonly dollars: number;
};

/** All that a bill follows from. */
export type CostInput = {
  readonly facts: StackFacts;
  readonly usage: Usage;
  readonly counted: CountedRequests;
  readonly prices: Prices;
};

const MILLION = 1_000_000;

/** The bill of a month, line by line. */
export function costLines(input: CostInput): readonly CostLine[] {
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

function httpApi({ usage, prices: { httpApi } }: CostInput): number {
  return (usage.webhooks / MILLION) * Math.ceil(usage.bodyBytes / httpApi.meteredBytes) * httpApi.perMillion;
}

function ingest({ usage, facts, prices }: CostInput): number {
  const seconds = usage.webhooks * (ASSUMED.ingestSeconds + ASSUMED.coldShare * ASSUMED.coldSeconds);
  return lambda({ invocations: usage.webhooks, seconds }, facts.ingest, prices);
}

function deliver({ usage, facts, prices }: CostInput): number {
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

/** A request is metered by its bytes; a receive and a delete are for a whole batch. */
function buffer(input: CostInput): number {
  const { usage, facts, prices } = input;
  const { fresh, duplicate } = portionsOf(usage);
  const metered = (messages: number) =>
    Math.ceil((messages * (usage.bodyBytes + ASSUMED.attributeBytes)) / prices.sqs.meteredBytes);
  const size = batchSize(usage, facts);
  const sends = monthly('sends', usage, input.counted) * metered(1);
  const batches = (fresh + duplicate) / size;
  return ((sends + batches * (metered(size) + 1)) / MILLION) * prices.sqs.perMillion;
}

function ledgerRequests({ usage, counted, prices: { dynamoDb } }: CostInput): number {
  const writes = monthly('writeUnits', usage, counted);
  const reads = monthly('readUnits', usage, counted);
  return (writes * dynamoDb.writesPerMillion + reads * dynamoDb.readsPerMillion) / MILLION;
}

/** What lies there once as much is forgotten as comes. */
function ledgerStorage({ facts, usage, counted, prices: { dynamoDb } }: CostInput): number {
  const gigabytes = (monthly('storedBytes', usage, counted) / GIGABYTE) * (LEDGER_DAYS / MONTH_DAYS);
  const backup = facts.hasPointInTimeRecovery ? dynamoDb.pointInTimeGigabyte : 0;
  return gigabytes * (dynamoDb.storageGigabyte + backup);
}

/** Gigabytes of log lines that are written in a month. */
function logsIngested({ facts, usage, counted }: CostInput): number {
  const { fresh, duplicate } = portionsOf(usage);
  const own = monthly('ingestLogBytes', usage, counted) + monthly('deliverLogBytes', usage, counted);
  const platform =
    (facts.ingest.hasPlatformLogs ? usage.webhooks : 0) +
    (facts.deliver.hasPlatformLogs ? (fresh + duplicate) / batchSize(usage, facts) : 0);
  const access = usage.webhooks * facts.accessLogBytes;
  return (own + platform * ASSUMED.platformLogBytes + access) / GIGABYTE;
}

function logsStored(input: CostInput): number {
  const days = input.usage.retentionDays ?? input.facts.retentionDays;
  return logsIngested(input) * ASSUMED.storedPart * (days / MONTH_DAYS) * input.prices.logs.storedGigabyte;
}

function dataOut({ usage, counted, prices }: CostInput): number {
  const calls = monthly('calls', usage, counted) * ASSUMED.callOverheadBytes;
  const bytes = monthly('callBytes', usage, counted) + calls + usage.webhooks * ASSUMED.answerBytes;
  return (bytes / GIGABYTE) * prices.dataOutGigabyte;
}

function wafRequests({ facts, usage, prices }: CostInput): number {
  return facts.webAcls === 0 ? 0 : (usage.webhooks / MILLION) * prices.webAcl.perMillion;
}
