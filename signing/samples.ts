import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import * as z from 'zod';
import { fail, type Result, succeed } from '../lambdas/result.ts';
import { follow } from '../lambdas/webhook-body.ts';
import { setMembers } from '../lib/mapping/examples/example.ts';

const SAMPLES = new URL('../samples/', import.meta.url);

const manifestSchema = z.array(
  z.object({
    /** Path below `samples/`. */
    file: z.string(),
    provider: z.string(),
    /** The event type, in the vendor's words. */
    event: z.string(),
    /** Headers that the vendor sends beside the signature. */
    headers: z.record(z.string(), z.string()).default({}),
    /** JSON pointers to the times at which it happened. */
    times: z.array(z.string()).default([]),
  }),
);

/** A real webhook of a vendor, as it lies in `samples/` (where `manifest.json` has its source and licence). */
export type Sample = {
  /** Path of the payload, from the repository's root. */
  readonly path: string;
  readonly eventType: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** JSON pointers to the times at which it happened. */
  readonly times: readonly string[];
};

/** The names of a source's samples. */
export function sampleNames(source: string): readonly string[] {
  return readManifest()
    .filter(({ provider }) => provider === source)
    .map(({ file }) => nameOf(file));
}

/** Finds a sample by its file name without `.json`, or by its event type; fails with a sentence for a person. */
export function findSample(source: string, name: string): Result<Sample, string> {
  const entries = readManifest().filter(({ provider }) => provider === source);
  const entry = entries.find(({ file, event }) => nameOf(file) === name || event === name);
  if (entry === undefined) return fail(explainNoSample(source, name));
  return succeed({
    path: `samples/${entry.file}`,
    eventType: entry.event,
    headers: entry.headers,
    times: entry.times,
    body: readFileSync(new URL(entry.file, SAMPLES)),
  });
}

function explainNoSample(source: string, name: string): string {
  const file = `payloads/${source}/${name}.json`;
  if (existsSync(new URL(file, SAMPLES))) {
    const row = { file, provider: source, event: '<event type>' };
    return `samples/${file} has no row in samples/manifest.json. Add one: ${JSON.stringify(row)}`;
  }
  const names = sampleNames(source);
  const known = names.length > 0 ? `There are: ${names.join(', ')}.` : 'There is none.';
  return `There is no sample "${name}" of ${source}. ${known} An example of its mapping folder is one, too, by its file's name.`;
}

/**
 * A sample as if it had happened at that time. Most samples are years old, and deliver drops an event that is older than
 * its mapping's `max-age`.
 */
export function dateSample(sample: Sample, at: Date): Sample {
  if (sample.times.length === 0) return sample;
  const text = sample.body.toString('utf8');
  const published: unknown = JSON.parse(text);
  const changes = sample.times.map((pointer) => [pointer, writeAs(follow(published, pointer)[0], at)]);
  return { ...sample, body: Buffer.from(setMembers(text, Object.fromEntries(changes))) };
}

/** Writes a time in the form of another: unix seconds or milliseconds, or ISO 8601 with or without an offset. */
function writeAs(form: unknown, at: Date): unknown {
  if (typeof form === 'number')
    return form < 100_000_000_000 ? Math.floor(at.getTime() / 1000) : at.getTime();
  const hasOffset = /(Z|[+-]\d{2}:\d{2})$/.test(String(form));
  return hasOffset ? at.toISOString() : at.toISOString().slice(0, -1);
}

function readManifest(): z.infer<typeof manifestSchema> {
  return manifestSchema.parse(JSON.parse(readFileSync(new URL('manifest.json', SAMPLES), 'utf8')));
}

function nameOf(file: string): string {
  return basename(file, '.json');
}
