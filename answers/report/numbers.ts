import type { DeadLetterCode } from '../../lambdas/dead-letter/note.ts';
import { isOn } from '../../lambdas/map/webhook.ts';
import type { MappingFile } from '../../lib/mapping/file.ts';
import {
  type End,
  type EventRow,
  type LogCounts,
  type Period,
  type RequestRow,
  SLOTS,
} from './log-counts.ts';

/** Counts by name. */
export type Counts = Readonly<Record<string, number>>;

/** The whole period, and its first and its second half. */
export type Halves<Measured> = {
  readonly all: Measured;
  readonly before: Measured;
  readonly after: Measured;
};

/** What came in of a source. Its `docs/report.md` defines each number, as it does those below. */
export type RequestNumbers = {
  /** Requests that were verified and taken: `buffered` and `ignored`. Each copy counts. */
  readonly webhooks: number;
  readonly buffered: number;
  readonly ignored: number;
  readonly handshakes: number;
  /** By code. */
  readonly refused: Counts;
};

/** How the events of a message ended. Each has one end, and they add up to `events`; what waits has none yet. */
export type EventNumbers = {
  readonly events: number;
  /** By code: `when-not-met` or `no-items`. */
  readonly skipped: Counts;
  /** Events that met the mapping's condition: all others than those skipped. */
  readonly matched: number;
  /** Those that the mapping could make no call of, by reason. */
  readonly rejected: Counts;
  /** Those that Webex Campaign was called for at least once; no end, but a step on the way to several. */
  readonly sent: number;
  readonly delivered: number;
  readonly unconfirmed: number;
  /** All other dead letters, by code. */
  readonly failed: Counts;
  readonly expired: number;
  /** `rejected`, `unconfirmed` and `failed`. */
  readonly deadLettered: number;
  /** Parts from 0 to 1; missing where there is nothing to take a part of. */
  readonly matchRate?: number;
  readonly keyQuality?: number;
};

/** In how many of the events that were sent a parameter was missing. */
export type Fill = { readonly sent: number; readonly missing: number };

export type MessageReport = {
  readonly name: string;
  /** The condition of the mapping as it is now. */
  readonly when?: string;
  readonly numbers: Halves<EventNumbers>;
  readonly parameters: readonly { readonly name: string; readonly fill: Halves<Fill> }[];
  readonly apiVersions: Halves<Counts>;
  /** Events, and those of them that were delivered, by slot. */
  readonly series: { readonly events: readonly number[]; readonly delivered: readonly number[] };
};

export type SourceReport = {
  readonly name: string;
  readonly requests: Halves<RequestNumbers>;
  /** Messages of the buffer that were dead-lettered as a whole, by code. */
  readonly unopened: Counts;
  readonly apiVersions: Halves<Counts>;
  readonly messages: readonly MessageReport[];
};

export type Report = {
  readonly period: Period;
  readonly sources: readonly SourceReport[];
};

/** What a report needs to know of a mapping file. */
export type KnownMessages = {
  readonly source: string;
  readonly events: readonly KnownMessage[];
};

type KnownMessage = {
  readonly name: string;
  readonly on: readonly string[];
  readonly when?: string | undefined;
  readonly parameters: readonly string[];
};

/** The messages of a mapping file, with the parameters that a person can be asked about. */
export function messagesOf({ source, events, defaults }: MappingFile): KnownMessages {
  return {
    source,
    events: events.map(({ name, on, when, 'event-params': own }) => ({
      name,
      on,
      when,
      parameters: Object.keys({ ...defaults['event-params'], ...own }),
    })),
  };
}

/** Makes the report of a period from its log. What the mappings have and the log has not is reported as nothing. */
export function reportOf(period: Period, counts: LogCounts, known: readonly KnownMessages[]): Report {
  const rows = [...counts.requests, ...counts.events];
  const names = new Set([...known.map(({ source }) => source), ...rows.map(({ source }) => source)]);
  const sources = [...names].map((name) => {
    const own = {
      requests: counts.requests.filter(({ source }) => source === name),
      events: counts.events.filter(({ source }) => source === name),
    };
    return sourceReport(name, own, known.find(({ source }) => source === name)?.events ?? []);
  });
  return { period, sources };
}

function sourceReport(
  name: string,
  { requests, events }: LogCounts,
  known: readonly KnownMessage[],
): SourceReport {
  const opened = events.filter(({ event }) => event !== undefined);
  const names = new Set(
    [...known, ...opened.map(({ event = '' }) => ({ name: event }))].map((one) => one.name),
  );
  return {
    name,
    requests: halve(requests, requestNumbers),
    unopened: countBy(
      events.filter(({ event, outcome }) => event === undefined && outcome === 'dead-letter'),
      ({ code }) => code,
    ),
    apiVersions: halve(requests, countVersions),
    messages: [...names].map((message) =>
      messageReport(
        message,
        { requests, events: opened.filter(({ event }) => event === message) },
        known.find((one) => one.name === message),
      ),
    ),
  };
}

function messageReport(
  name: string,
  { requests, events }: LogCounts,
  known: KnownMessage | undefined,
): MessageReport {
  const missing = events.flatMap((row) => row.missing);
  const ofMessage = requests.filter(
    ({ eventType }) =>
      known !== undefined && eventType !== undefined && isOn({ on: [...known.on] }, [eventType]),
  );
  return {
    name,
    ...(known?.when !== undefined && { when: known.when }),
    numbers: halve(events, eventNumbers),
    parameters: [...new Set([...(known?.parameters ?? []), ...missing])].map((parameter) => ({
      name: parameter,
      fill: halve(events, (rows) => fillOf(parameter, rows)),
    })),
    apiVersions: halve(ofMessage, countVersions),
    series: {
      events: bySlot(events),
      delivered: bySlot(events.filter(({ outcome }) => outcome === 'delivered')),
    },
  };
}

function halve<Row extends { readonly slot: number }, Measured>(
  rows: readonly Row[],
  measure: (rows: readonly Row[]) => Measured,
): Halves<Measured> {
  return {
    all: measure(rows),
    before: measure(rows.filter(({ slot }) => slot < SLOTS / 2)),
    after: measure(rows.filter(({ slot }) => slot >= SLOTS / 2)),
  };
}

type Counted = { readonly count: number };

function total(rows: readonly Counted[]): number {
  return rows.reduce((sum, { count }) => sum + count, 0);
}

/** Adds up counts by name, the largest first. */
function countBy<Row extends Counted>(rows: readonly Row[], nameOf: (row: Row) => string): Counts {
  const counts = [...Map.groupBy(rows, nameOf)].map(([name, own]) => [name, total(own)] as const);
  return Object.fromEntries(counts.toSorted(([, one], [, other]) => other - one));
}

/** How many there are of all names together. */
export function sumOf(counts: Counts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function bySlot(rows: readonly EventRow[]): readonly number[] {
  return Array.from({ length: SLOTS }, (_, slot) => total(rows.filter((row) => row.slot === slot)));
}

function countVersions(rows: readonly RequestRow[]): Counts {
  return countBy(
    rows.filter(({ apiVersion }) => apiVersion !== undefined),
    ({ apiVersion = '' }) => apiVersion,
  );
}

/** Codes of ingest that refuse nothing. */
const TAKEN = ['buffered', 'ignored', 'handshake-answered'];

function requestNumbers(rows: readonly RequestRow[]): RequestNumbers {
  const count = (wanted: string) => total(rows.filter(({ code }) => code === wanted));
  const refused = rows.filter(({ code }) => !TAKEN.includes(code));
  return {
    webhooks: count('buffered') + count('ignored'),
    buffered: count('buffered'),
    ignored: count('ignored'),
    handshakes: count('handshake-answered'),
    refused: countBy(refused, ({ code }) => code),
  };
}

/** Whether a dead letter never came to a call, for what the mapping made of its webhook. */
const KIND_OF: Readonly<Record<DeadLetterCode, 'rejected' | 'unconfirmed' | 'failed'>> = {
  'expression-failed': 'rejected',
  'value-not-text': 'rejected',
  'value-null': 'rejected',
  'parameter-missing': 'rejected',
  'event-key-missing': 'rejected',
  'event-key-invalid': 'rejected',
  'event-time-unreadable': 'rejected',
  'deduplication-id-unusable': 'rejected',
  'too-many-parameters': 'rejected',
  'payload-too-large': 'rejected',
  unconfirmed: 'unconfirmed',
  'message-unreadable': 'failed',
  'body-not-json': 'failed',
  'body-too-deep': 'failed',
  'no-mapping': 'failed',
  'webex-invalid-json': 'failed',
  'webex-mandatory-field-missing': 'failed',
  'webex-no-recommendation': 'failed',
  'webex-not-found': 'failed',
  'webex-method-not-supported': 'failed',
  'webex-refused': 'failed',
  'webex-redirected': 'failed',
  'retries-exhausted': 'failed',
  'too-old': 'failed',
};

/** A log may be of a later version: a code that is unknown here is of no known kind. */
function kindOf(code: string): 'rejected' | 'unconfirmed' | 'failed' {
  return Object.hasOwn(KIND_OF, code) ? KIND_OF[code as DeadLetterCode] : 'failed';
}

function eventNumbers(rows: readonly EventRow[]): EventNumbers {
  const ended = (wanted: End) => rows.filter(({ outcome }) => outcome === wanted);
  const dead = Map.groupBy(ended('dead-letter'), ({ code }) => kindOf(code));
  const rejected = dead.get('rejected') ?? [];
  const matched = total(rows) - total(ended('skipped'));
  const withoutKey = total(rejected.filter(({ code }) => /^event-key-/.test(code)));
  const delivered = total(ended('delivered'));
  return {
    events: total(rows),
    skipped: countBy(ended('skipped'), ({ code }) => code),
    matched,
    rejected: countBy(rejected, formatReason),
    sent: total(rows.filter(({ isCalled }) => isCalled)),
    delivered,
    unconfirmed: total(dead.get('unconfirmed') ?? []),
    failed: countBy(dead.get('failed') ?? [], ({ code }) => code),
    expired: total(ended('expired')),
    deadLettered: total(ended('dead-letter')),
    ...(matched > 0 && { matchRate: delivered / matched, keyQuality: 1 - withoutKey / matched }),
  };
}

/** The code, and what was wrong with what: `event-key-invalid: not a valid email`, `parameter-missing: amount`. */
function formatReason({ code, detail = '' }: EventRow): string {
  const { path, what } = /^(?<path>.+?): (?<what>.+?), from /s.exec(detail)?.groups ?? {};
  if (path === undefined) return code;
  const place = path.replace(/^event-params\./, '');
  return code === 'event-key-invalid' ? `${code}: ${what}` : `${code}: ${place}`;
}

function fillOf(parameter: string, rows: readonly EventRow[]): Fill {
  const sent = rows.filter(({ isCalled }) => isCalled);
  return { sent: total(sent), missing: total(sent.filter(({ missing }) => missing.includes(parameter))) };
}
