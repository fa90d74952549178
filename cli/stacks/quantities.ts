import counted from './counted-requests.json' with { type: 'json' };

/** What one webhook of a kind needs of AWS and of the event API. */
export type RequestCounts = {
  /** Messages put on the buffer. */
  readonly sends: number;
  /** DynamoDB request units, and what stays in the table. */
  readonly writeUnits: number;
  readonly readUnits: number;
  readonly storedBytes: number;
  /** Calls of the event API, and the bytes of their bodies. */
  readonly calls: number;
  readonly callBytes: number;
  /** As CloudWatch Logs counts them. */
  readonly ingestLogBytes: number;
  readonly deliverLogBytes: number;
  /** Distinct metrics that the lines make: of ingest per source, of deliver per event of a mapping, and of the whole stack. */
  readonly ingestMetrics: number;
  readonly deliverMetrics: number;
  readonly stackMetrics: number;
};

export type CountedRequests = {
  /** When they were counted. */
  readonly at: string;
  /** A webhook that becomes one event and is delivered; its copy; one that no mapping wants; each event beyond the first. */
  readonly delivered: RequestCounts;
  readonly duplicate: RequestCounts;
  readonly ignored: RequestCounts;
  readonly furtherEvent: RequestCounts;
};

/** Counted on the local stack by `npm run count-requests` (`bench/`); a test counts again. */
export const COUNTED_REQUESTS: CountedRequests = counted;

/**
 * What cannot be counted on this machine. Every figure is rather too high than too low. A stack that runs shows better ones:
 * by `CallDuration` and by Lambda's own metrics.
 */
export const ASSUMED = {
  /** Seconds that a warm function takes, without the call of the event API. */
  ingestSeconds: 0.012,
  deliverSeconds: 0.02,
  /** The call of the event API, unless `--call` says otherwise. */
  callSeconds: 0.08,
  /** Share of the invocations that begin cold, and what that takes (billed since August 2025). */
  coldShare: 0.01,
  coldSeconds: 0.45,
  /** Lambda's own lines about an invocation: `platform.start` and `platform.report`, as JSON. */
  platformLogBytes: 400,
  /** CloudWatch Logs compresses what it stores, to this part by AWS's calculator. */
  storedPart: 0.15,
  /** Headers and TLS records of a call; and the answer to a webhook, with its own. */
  callOverheadBytes: 700,
  answerBytes: 400,
  /** Attributes of a message, at most. */
  attributeBytes: 1024,
  /** An event source with a concurrency limit has five pollers, twenty seconds a poll (Lambda developer guide). */
  pollers: 5,
  pollSeconds: 20,
} as const;

export const MONTH_HOURS = 730;
export const MONTH_SECONDS = MONTH_HOURS * 3_600;
export const MONTH_DAYS = MONTH_HOURS / 24;
export const GIGABYTE = 1024 ** 3;
