/** What a soak has seen at one moment. Memory is in bytes, of objects and buffers that are in use, all garbage being collected. */
export type Sample = {
  readonly seconds: number;
  /** Of the whole process, as the operating system has it. */
  readonly rss: number;
  /** What of it no thread holds: code, stacks, and what V8 and malloc have not given back. */
  readonly reserve: number;
  /** The thread that plays and judges: HTTP API, vendors and Webex Campaign. */
  readonly main: number;
  /** Of a function for each of its threads on average. */
  readonly ingest: number;
  readonly deliver: number;
  /** What stands for SQS, and for DynamoDB. */
  readonly queues: number;
  readonly tables: number;
  /** Of both functions. */
  readonly threads: number;
  readonly handles: number;
  /** Messages. */
  readonly buffer: number;
  /** Items, and the events of the rounds that are over. */
  readonly ledger: number;
  readonly events: number;
};

type Measure = Exclude<keyof Sample, 'seconds' | 'events'>;

/** How a measure went from the second quarter of a soak to its last: the first is warming up. */
export type Trend = {
  readonly measure: Measure;
  readonly before: number;
  readonly after: number;
  readonly verdict: 'flat' | 'explained' | 'growing';
  readonly why?: string;
};

const MEGABYTE = 1_048_576;

/** What a measure may grow by and still be called flat: as a part of itself, and in its own unit. */
const TOLERANCES: Readonly<Record<Measure, { readonly part: number; readonly most: number }>> = {
  rss: { part: 0.05, most: 20 * MEGABYTE },
  reserve: { part: 0.1, most: 20 * MEGABYTE },
  main: { part: 0.1, most: 10 * MEGABYTE },
  ingest: { part: 0.1, most: 3 * MEGABYTE },
  deliver: { part: 0.1, most: 3 * MEGABYTE },
  queues: { part: 0.1, most: 5 * MEGABYTE },
  tables: { part: 0, most: 5 * MEGABYTE },
  threads: { part: 0, most: 2 },
  handles: { part: 0.1, most: 20 },
  buffer: { part: 0, most: 50 },
  ledger: { part: 0, most: 0 },
};

const MEASURES = Object.keys(TOLERANCES) as readonly Measure[];

/**
 * An event has an item of its own and its webhook one for each delivery of it, and what a person does one more. Of a
 * round that is not over the items are there and the events are not, so that many are allowed for beside.
 */
const ITEMS_AN_EVENT = 3;
const ITEMS_OF_A_ROUND = 1_000;

/** What an item may take in dynalite, which keeps it as bytes, in a tree, in its index and in its log. */
const ITEM_BYTES = 16_384;

type Change = { readonly before: number; readonly after: number };

/** Judges each measure by its lowest values: peaks, of what is in work at that moment, say nothing. */
export function judgeTrends(samples: readonly Sample[]): readonly Trend[] {
  const quarter = Math.max(1, Math.floor(samples.length / 4));
  const early = samples.slice(quarter, 2 * quarter);
  const late = samples.slice(-quarter);
  const changeOf = (measure: Measure | 'events') => ({
    before: lowest(early, measure),
    after: lowest(late, measure),
  });
  return MEASURES.map((measure) => judge(measure, changeOf));
}

type ChangeOf = (measure: Measure | 'events') => Change;

function judge(measure: Measure, changeOf: ChangeOf): Trend {
  const change = changeOf(measure);
  const excess = excessOf(measure, change);
  if (excess <= 0) return { measure, ...change, verdict: 'flat' };
  const why = EXPLANATIONS[measure]?.(excess, changeOf);
  return why === undefined
    ? { measure, ...change, verdict: 'growing' }
    : { measure, ...change, verdict: 'explained', why };
}

/** What a thing has grown by beyond what is called flat. */
function excessOf(measure: Measure, change: Change): number {
  const { part, most } = TOLERANCES[measure];
  return growth(change) - Math.max(most, change.before * part);
}

function growth({ before, after }: Change): number {
  return after - before;
}

type Explain = (excess: number, changeOf: ChangeOf) => string | undefined;

/** The ledger grows by design, dynalite, which holds it, with it, and the whole with that; nothing else has an excuse. */
const EXPLANATIONS: Partial<Readonly<Record<Measure, Explain>>> = {
  ledger: (items, changeOf) => {
    const events = growth(changeOf('events'));
    if (items > events * ITEMS_AN_EVENT + ITEMS_OF_A_ROUND) return undefined;
    return `${items} items more for ${events} events more: it remembers each for 30 days`;
  },
  tables: (_, changeOf) => {
    const [bytes, items] = [growth(changeOf('tables')), growth(changeOf('ledger'))];
    if (bytes > items * ITEM_BYTES) return undefined;
    return `${Math.round(bytes / items)} bytes for each item more in the ledger, which dynalite never forgets`;
  },
  rss: (excess, changeOf) => {
    const tables = growth(changeOf('tables'));
    if (excess > tables || judge('tables', changeOf).verdict === 'growing') return undefined;
    return `the ledger's own are ${formatMegabytes(tables)} of it, without which it would be flat`;
  },
};

function formatMegabytes(bytes: number): string {
  return `${Math.round(bytes / MEGABYTE)} MB`;
}

/** Missing values, of a moment in which something was away, are left out. */
function lowest(samples: readonly Sample[], measure: keyof Sample): number {
  const values = samples.map((sample) => sample[measure]).filter((value) => !Number.isNaN(value));
  return values.length === 0 ? 0 : Math.min(...values);
}
