import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import type { Mapper, Product, RecordedWebhook } from './mapping-cases.ts';
import { type DocumentedDifference, type RecordedResults, readTable } from './results-table.ts';

/** Where the results of 0.1.0 lie, and all that they were recorded from. */
export const RECORDING = fileURLToPath(
  new URL('../fixtures/releases/0.1.0-mapping-results/', import.meta.url),
);

export const WEBHOOKS_FILE = `${RECORDING}webhooks.jsonl.gz`;
export const RESULTS_FILE = `${RECORDING}results.tsv.gz`;

export function readWebhooks(): readonly RecordedWebhook[] {
  const lines = unzipped(WEBHOOKS_FILE).trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as RecordedWebhook);
}

export function readResults(): ReadonlyMap<string, RecordedResults> {
  return readTable(unzipped(RESULTS_FILE));
}

export function readDocumented(): readonly DocumentedDifference[] {
  return JSON.parse(readFileSync(`${RECORDING}documented-differences.json`, 'utf8'));
}

/** Makes the mappings of the recording ready; each once for a stage. */
export function mappersOf(product: Product): (webhook: RecordedWebhook) => Mapper {
  const made = new Map<string, Mapper>();
  return ({ mapping, source, stage }) => {
    const key = `${mapping} ${stage}`;
    const text = readFileSync(`${RECORDING}mappings/${mapping}.yaml`, 'utf8');
    const mapper = made.get(key) ?? product.prepare(text, source, stage);
    made.set(key, mapper);
    return mapper;
  };
}

function unzipped(file: string): string {
  return gunzipSync(readFileSync(file)).toString('utf8');
}
