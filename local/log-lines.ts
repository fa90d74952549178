import * as z from 'zod';
import { parseJson } from '../lambdas/result.ts';

const answerSchema = z.object({ status: z.number(), code: z.string().optional() });

const ingestLineSchema = z.object({
  stage: z.literal('ingest'),
  code: z.string(),
  source: z.string().optional(),
  eventTypes: z.array(z.string()).optional(),
  deduplicationId: z.string().optional(),
  bytes: z.number().optional(),
  secretIndex: z.coerce.number<string>().optional(),
});

/** What became of an event; without `event`, of a message in which deliver found none. */
const deliverLineSchema = z.object({
  stage: z.literal('deliver'),
  outcome: z.string(),
  code: z.string(),
  source: z.string(),
  event: z.string().optional(),
  item: z.number().optional(),
  eventTypes: z.array(z.string()).optional(),
  deduplicationId: z.string().optional(),
  webhookId: z.string().optional(),
  /** Calls of Webex Campaign so far. */
  attempts: z.number().optional(),
  /** How often SQS has handed the message out. */
  receives: z.number(),
  answer: answerSchema.optional(),
  transactionId: z.string().optional(),
  detail: z.string().optional(),
  cause: z.string().optional(),
  retrySeconds: z.number().optional(),
});

const lineSchema = z.discriminatedUnion('stage', [ingestLineSchema, deliverLineSchema]);

export type IngestLine = z.infer<typeof ingestLineSchema>;
export type DeliverLine = z.infer<typeof deliverLineSchema>;
export type LogLine = IngestLine | DeliverLine;

/** How many lines are kept, the latest, for whoever asks a little late: a run may be up for days. */
const REMEMBERED_LINES = 1_000;

/** What the functions of the local run have logged, and what they will log. */
export type LogLines = {
  readonly add: (text: string) => LogLine | undefined;
  /** What `read` finds in the first line, kept or coming, in which it finds something; `undefined` once the time is over. */
  readonly find: <Found>(
    read: (line: LogLine) => Found | undefined,
    milliseconds: number,
  ) => Promise<Found | undefined>;
};

/** Collects log lines, so that what a function did can be waited for. */
export function collectLogLines(): LogLines {
  const lines: LogLine[] = [];
  const watchers = new Set<(line: LogLine) => void>();
  return {
    add: (text) => {
      const line = readLine(text);
      if (line === undefined) return undefined;
      lines.push(line);
      if (lines.length > REMEMBERED_LINES) lines.shift();
      for (const watch of watchers) watch(line);
      return line;
    },
    find: (read, milliseconds) =>
      new Promise((resolve) => {
        const finish = (found: ReturnType<typeof read>) => {
          clearTimeout(timer);
          watchers.delete(watch);
          resolve(found);
        };
        const watch = (line: LogLine) => {
          const found = read(line);
          if (found !== undefined) finish(found);
        };
        const timer = setTimeout(() => finish(undefined), milliseconds);
        watchers.add(watch);
        for (const line of [...lines]) watch(line);
      }),
  };
}

/** Reads a log line of ours; anything else that a function prints is `undefined`. */
function readLine(text: string): LogLine | undefined {
  return lineSchema.safeParse(parseJson(text)).data;
}
