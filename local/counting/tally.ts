import { Buffer } from 'node:buffer';
import * as z from 'zod';
import type { RequestCounts } from '../../cli/cost/request-counts.ts';
import type { CountedRequest } from './counting-proxy.ts';
import { type AttributeValue, itemBytes, readItem } from './item-bytes.ts';
import { lineBytes } from './line-bytes.ts';

/** What DynamoDB adds to an item (developer guide, "Item sizes and formats", storage). */
const OVERHEAD_BYTES = 100;

const emfSchema = z.object({
  stage: z.enum(['ingest', 'deliver']),
  _aws: z.object({
    CloudWatchMetrics: z.array(
      z.object({
        Dimensions: z.array(z.array(z.string())),
        Metrics: z.array(z.object({ Name: z.string() })),
      }),
    ),
  }),
});

/** What one webhook has asked for and printed. */
export type Observed = {
  readonly requests: readonly CountedRequest[];
  readonly lines: readonly string[];
  /** Bodies of the calls of the event API. */
  readonly calls: readonly string[];
};

/** Adds up what of it is billed. */
export function tally({ requests, lines, calls }: Observed): RequestCounts {
  const puts = requests.filter(({ operation }) => operation.endsWith('.PutItem'));
  const kept = new Map<string, readonly [string, AttributeValue][]>();
  for (const { status, body } of puts) {
    const item = readItem(body.Item);
    if (status === 200) kept.set(keyOf(item), item);
  }
  const sends = requests.filter(({ operation }) => operation === 'AmazonSQS.SendMessage');
  return {
    sends: sends.length,
    messageBytes: sum(sends.map(({ body }) => messageBytes(body))),
    writeUnits: sum(puts.map(unitsOf)),
    readUnits: sum(requests.filter(({ operation }) => operation.endsWith('.GetItem')).map(unitsOf)),
    storedBytes: sum([...kept.values()].map(storedBytes)),
    calls: calls.length,
    callBytes: sum(calls.map((body) => Buffer.byteLength(body))),
    ingestLogBytes: sum(lines.filter((line) => stageOf(line) === 'ingest').map(lineBytes)),
    deliverLogBytes: sum(lines.filter((line) => stageOf(line) === 'deliver').map(lineBytes)),
    ...countMetrics(lines),
  };
}

/**
 * What a request consumes, as DynamoDB says. A write whose condition fails consumes what the item that is there is of, one
 * unit at least; ours are of a kilobyte.
 */
function unitsOf({ status, capacityUnits = 0 }: CountedRequest): number {
  return status === 200 ? capacityUnits : 1;
}

function storedBytes(item: readonly [string, AttributeValue][]): number {
  return itemBytes(item) + OVERHEAD_BYTES;
}

function keyOf(item: readonly [string, AttributeValue][]): string {
  const { webhook, event } = Object.fromEntries(item);
  return JSON.stringify([webhook, event]);
}

/** SQS bills the body with its attributes: names, types and values. */
function messageBytes({ MessageBody, MessageAttributes }: CountedRequest['body']): number {
  const attributes = Object.entries(Object(MessageAttributes)).flatMap(([name, value]) => [
    name,
    ...Object.values(Object(value)).map(String),
  ]);
  return sum([String(MessageBody), ...attributes].map((text) => Buffer.byteLength(text)));
}

function stageOf(line: string): string | undefined {
  return emfSchema.safeParse(JSON.parse(line)).data?.stage;
}

/** Each metric of each set of dimensions is one that CloudWatch bills by the month. */
function countMetrics(
  lines: readonly string[],
): Pick<RequestCounts, 'ingestMetrics' | 'deliverMetrics' | 'stackMetrics'> {
  const sets = lines
    .flatMap((line) => emfSchema.safeParse(JSON.parse(line)).data ?? [])
    .flatMap((line) => line._aws.CloudWatchMetrics)
    .flatMap(({ Dimensions, Metrics }) =>
      Dimensions.flatMap((set) => Metrics.map(({ Name }) => [Name, ...set])),
    );
  const distinct = [...new Map(sets.map((set) => [set.join(), set])).values()];
  const ofEvents = distinct.filter((set) => set.includes('event')).length;
  const ofSources = distinct.filter((set) => set.includes('source')).length - ofEvents;
  return {
    ingestMetrics: ofSources,
    deliverMetrics: ofEvents,
    stackMetrics: distinct.length - ofSources - ofEvents,
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
