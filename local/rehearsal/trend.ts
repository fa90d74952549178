/** What a soak has seen at one moment; memory in bytes, of a function for each of its threads on average. */
export type Sample = {
  readonly seconds: number;
  readonly rss: number;
  readonly heapUsed: number;
  readonly ingestHeap: number;
  readonly deliverHeap: number;
  readonly sandboxes: number;
  readonly handles: number;
  readonly buffer: number;
  readonly ledger: number;
};

type Measure = Exclude<keyof Sample, 'seconds'>;

/** How a measure went from the second quarter of a soak to its last: the first is warming up. */
export type Trend = {
  readonly measure: Measure;
  readonly before: number;
  readonly after: number;
  readonly verdict: 'flat' | 'explained' | 'growing';
  readonly why?: string;
};

const MEGABYTE = 1_048_576;

/**
 * What an entry of the ledger may take in this process: dynalite keeps the table in memory and forgets nothing, and an
 * item of some hundred bytes stands there as text, in its index and in its log.
 */
const LEDGER_ENTRY_BYTES = 16_384;

/** What a measure may grow by and still be called flat: as a part of itself, and in its own unit. */
const TOLERANCES: Readonly<Record<Measure, { readonly part: number; readonly most: number }>> = {
  rss: { part: 0.1, most: 30 * MEGABYTE },
  heapUsed: { part: 0.1, most: 15 * MEGABYTE },
  ingestHeap: { part: 0.1, most: 3 * MEGABYTE },
  deliverHeap: { part: 0.1, most: 3 * MEGABYTE },
  sandboxes: { part: 0, most: 2 },
  handles: { part: 0.1, most: 20 },
  buffer: { part: 0, most: 50 },
  ledger: { part: 0, most: 0 },
};

/** In this process, which holds the table: the functions' own heaps do not. */
const HOLDS_LEDGER: readonly Measure[] = ['rss', 'heapUsed'];

/** Judges each measure by its lowest values, between two collections of garbage: peaks say nothing. */
export function judgeTrends(samples: readonly Sample[]): readonly Trend[] {
  const quarter = Math.max(1, Math.floor(samples.length / 4));
  const early = samples.slice(quarter, 2 * quarter);
  const late = samples.slice(-quarter);
  const entries = lowest(late, 'ledger') - lowest(early, 'ledger');
  return MEASURES.map((measure) => {
    const [before, after] = [lowest(early, measure), lowest(late, measure)];
    const { part, most } = TOLERANCES[measure];
    const excess = after - before - Math.max(most, before * part);
    return { measure, before, after, ...explain(measure, excess, entries) };
  });
}

const MEASURES = Object.keys(TOLERANCES) as readonly Measure[];

function explain(measure: Measure, excess: number, entries: number): Pick<Trend, 'verdict' | 'why'> {
  if (excess <= 0) return { verdict: 'flat' };
  if (measure === 'ledger') {
    return { verdict: 'explained', why: 'it remembers each event for 30 days, and dynalite forgets nothing' };
  }
  if (HOLDS_LEDGER.includes(measure) && excess <= entries * LEDGER_ENTRY_BYTES) {
    return { verdict: 'explained', why: `${entries} entries more in the ledger, which lies in this process` };
  }
  return { verdict: 'growing' };
}

/** Missing values, of a moment in which something was away, are left out. */
function lowest(samples: readonly Sample[], measure: Measure): number {
  const values = samples.map((sample) => sample[measure]).filter((value) => !Number.isNaN(value));
  return values.length === 0 ? 0 : Math.min(...values);
}
