import { readFileSync } from 'node:fs';
import * as z from 'zod';

const count = z.number().min(0);

const requestCountsSchema = z.strictObject({
  /** Messages put on the buffer, and their bytes with all attributes. */
  sends: count,
  messageBytes: count,
  /** DynamoDB request units, the index included, and what stays in table and index. */
  writeUnits: count,
  readUnits: count,
  storedBytes: count,
  /** Calls of the event API, and the bytes of their bodies. */
  calls: count,
  callBytes: count,
  /** As CloudWatch Logs counts them. */
  ingestLogBytes: count,
  deliverLogBytes: count,
  /** Distinct metrics that the lines make: of ingest per source, of deliver per event of a mapping, and of the whole stack. */
  ingestMetrics: count,
  deliverMetrics: count,
  stackMetrics: count,
});

/** What one webhook of a kind asks of AWS. */
export type RequestCounts = z.infer<typeof requestCountsSchema>;

const countedRequestsSchema = z.strictObject({
  /** When they were counted. */
  at: z.iso.date(),
  /** A webhook that becomes one event and is delivered; its copy; one that no mapping wants; each event beyond the first. */
  delivered: requestCountsSchema,
  duplicate: requestCountsSchema,
  ignored: requestCountsSchema,
  furtherEvent: requestCountsSchema,
});

export type CountedRequests = z.infer<typeof countedRequestsSchema>;

/** What webhooks ask of AWS: counted on the local stack by `npm run count-requests`, and held true by a test. */
export const COUNTED_REQUESTS: CountedRequests = countedRequestsSchema.parse(
  JSON.parse(readFileSync(new URL('./counted-requests.json', import.meta.url), 'utf8')),
);
