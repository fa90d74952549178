import * as z from 'zod';
import { parseJson } from '../../lambdas/result.ts';

/** What a report is about. It is counted in slots of equal length, and its first half is compared with its second. */
export type Period = { readonly since: Date; readonly until: Date };

/** How many slots a period has; even, so that its middle is between two of them. */
export const SLOTS = 30;

/** When a slot begins; the middle of the period is the beginning of slot `SLOTS / 2`. */
export function startOfSlot(period: Period, slot: number): Date {
  return new Date(period.since.getTime() + slot * slotMilliseconds(period));
}

function slotMilliseconds({ since, until }: Period): number {
  return (until.getTime() - since.getTime()) / SLOTS;
}

/** Requests of ingest that are alike. */
export type RequestRow = {
  readonly source: string;
  readonly code: string;
  /** The first of its event types; only a batch has several. */
  readonly eventType?: string;
  readonly apiVersion?: string;
  readonly slot: number;
  readonly count: number;
};

/**
 * Events that have ended, and alike. An event counts once: in the slot in which it first ended, by its latest end. It has a
 * second one where its dead letter was replayed. Lines about copies of it, or about a pause, say nothing of how it ends.
 */
export type EventRow = {
  readonly source: string;
  /** Missing where a message was dead-lettered as a whole: no event was reached in it. */
  readonly event?: string;
  readonly outcome: End;
  readonly code: string;
  readonly detail?: string;
  /** Whether Webex Campaign was called for it. */
  readonly isCalled: boolean;
  /** Names of the parameters that it was sent without. */
  readonly missing: readonly string[];
  readonly slot: number;
  readonly count: number;
};

/** The log of a period, counted. */
export type LogCounts = { readonly requests: readonly RequestRow[]; readonly events: readonly EventRow[] };

/** Outcomes after which nothing more is done about an event by itself. */
const ENDS = ['delivered', 'skipped', 'expired', 'dead-letter'] as const;
export type End = (typeof ENDS)[number];

/** What stands for a value that is not there: Logs Insights drops what it cannot group by. No name or code reads so. */
const NOTHING = '-';

/** The queries of CloudWatch Logs Insights that count as `countLines` does. */
export function queriesOf(period: Period): Readonly<Record<keyof LogCounts, string>> {
  const slot = `floor((toMillis(@timestamp) - ${period.since.getTime()}) / ${slotMilliseconds(period)}) as slot`;
  const or = (field: string) => `coalesce(${field}, "${NOTHING}")`;
  return {
    requests: [
      'filter stage = "ingest"',
      `fields ${slot}, coalesce(source, "unknown") as origin, ${or('eventTypes.0')} as type, ${or('apiVersion')} as version`,
      'stats count(*) as requests by origin, code, type, version, slot',
    ].join(' | '),
    events: [
      `filter stage = "deliver" and outcome in [${ENDS.map((end) => `"${end}"`).join(', ')}]`,
      `fields ${slot}, source as origin, ${or('event')} as name, coalesce(item, -1) as place`,
      'fields coalesce(deduplicationId, messageId) as id, least(coalesce(attempts, 0), 1) as called',
      `fields ${or('detail')} as because, ${or('missing')} as without`,
      'stats latest(outcome) as end, latest(code) as reason, latest(because) as why, latest(without) as lacks, latest(called) as calls, min(slot) as ended by origin, name, place, id',
      'stats count(*) as events by origin, name, end, reason, why, lacks, calls, ended',
    ].join(' | '),
  };
}

/** A result of a query, by the names of its fields. */
export type QueryRow = Readonly<Record<string, string>>;

const optionalText = z
  .string()
  .optional()
  .transform((text) => (text === NOTHING ? undefined : text));

const slotSchema = z.coerce.number().transform(toSlot);

const requestRowSchema = z.object({
  origin: z.string(),
  code: z.string(),
  type: optionalText,
  version: optionalText,
  slot: slotSchema,
  requests: z.coerce.number(),
});

const eventRowSchema = z.object({
  origin: z.string(),
  name: optionalText,
  end: z.enum(ENDS),
  reason: z.string(),
  why: optionalText,
  lacks: optionalText,
  calls: z.coerce.number(),
  ended: slotSchema,
  events: z.coerce.number(),
});

/** Reads the results of both queries. Throws on a row of another form, which is a bug. */
export function readRows(rows: Readonly<Record<keyof LogCounts, readonly QueryRow[]>>): LogCounts {
  return {
    requests: rows.requests.map((row) => {
      const { origin: source, code, type, version, slot, requests: count } = requestRowSchema.parse(row);
      return { source, code, slot, count, ...optional({ eventType: type, apiVersion: version }) };
    }),
    events: rows.events.map((row) => {
      const { origin, name, end, reason, why, lacks, calls, ended, events } = eventRowSchema.parse(row);
      return {
        source: origin,
        outcome: end,
        code: reason,
        isCalled: calls > 0,
        missing: namesIn(lacks),
        slot: ended,
        count: events,
        ...optional({ event: name, detail: why }),
      };
    }),
  };
}

const lineSchema = z.object({
  _aws: z.object({ Timestamp: z.number() }).optional(),
  stage: z.enum(['ingest', 'deliver']),
  code: z.string(),
  outcome: z.string().optional(),
  source: z.string().default('unknown'),
  event: z.string().optional(),
  item: z.number().optional(),
  eventTypes: z.array(z.string()).optional(),
  apiVersion: z.string().optional(),
  deduplicationId: z.string().optional(),
  messageId: z.string().optional(),
  attempts: z.number().default(0),
  detail: z.string().optional(),
  missing: z.string().optional(),
});

type Line = z.infer<typeof lineSchema>;

/** Counts the lines of a log that are of the period, in the order in which they were written. */
export function countLines(lines: Iterable<string>, period: Period): LogCounts {
  const requests: RequestRow[] = [];
  const events = new Map<string, EventRow>();
  for (const { line, at } of readLines(lines)) {
    if (at < period.since.getTime()) continue;
    const slot = toSlot((at - period.since.getTime()) / slotMilliseconds(period));
    if (line.stage === 'ingest') requests.push(requestOf(line, slot));
    const outcome = ENDS.find((end) => end === line.outcome);
    if (line.stage === 'ingest' || outcome === undefined) continue;
    const key = JSON.stringify([line.source, line.event, line.item, line.deduplicationId ?? line.messageId]);
    events.set(key, eventOf({ ...line, outcome }, slot, events.get(key)));
  }
  return { requests, events: [...events.values()] };
}

/** The lines of ours, each with its time. The line about a bug of ingest has none of its own: it has that of the line before. */
function* readLines(lines: Iterable<string>): Generator<{ readonly line: Line; readonly at: number }> {
  let at = 0;
  for (const text of lines) {
    const line = lineSchema.safeParse(parseJson(text)).data;
    at = line?._aws?.Timestamp ?? at;
    if (line !== undefined) yield { line, at };
  }
}

function requestOf({ source, code, eventTypes, apiVersion }: Line, slot: number): RequestRow {
  return { source, code, slot, count: 1, ...optional({ eventType: eventTypes?.[0], apiVersion }) };
}

/** An event by its latest end; its first may have been before. */
function eventOf(
  line: Line & { readonly outcome: End },
  slot: number,
  before: EventRow | undefined,
): EventRow {
  const { source, code, outcome, attempts, event, detail, missing } = line;
  return {
    source,
    outcome,
    code,
    isCalled: attempts > 0,
    missing: namesIn(missing),
    slot: Math.min(slot, before?.slot ?? slot),
    count: 1,
    ...optional({ event, detail }),
  };
}

/** What a clock that differs a little puts before or after the period is in its first or last slot. */
function toSlot(slots: number): number {
  return Math.min(SLOTS - 1, Math.max(0, Math.floor(slots)));
}

function namesIn(missing: string | undefined): readonly string[] {
  return missing === undefined ? [] : missing.split('\n');
}

function optional<Fields extends object>(
  fields: Fields,
): { [Name in keyof Fields]?: NonNullable<Fields[Name]> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}
