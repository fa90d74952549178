import { follow } from '../lambdas/ingest/selector.ts';
import { setMembers } from '../lib/map/set-members.ts';
import type { Sample } from './samples.ts';

/**
 * A sample as if it had happened at that time, else as it was published: most are years old, and an event that is older
 * than its mapping's `max-age` is not worth a message.
 */
export function dateSample(sample: Sample, at: Date): Sample {
  if (sample.times.length === 0) return sample;
  const text = sample.body.toString('utf8');
  const published: unknown = JSON.parse(text);
  const changes = sample.times.map((pointer) => [pointer, writeAs(follow(published, pointer)[0], at)]);
  return { ...sample, body: Buffer.from(setMembers(text, Object.fromEntries(changes))) };
}

/** Writes a time in the form of another: unix seconds or milliseconds, or ISO 8601 with an offset or without. */
function writeAs(form: unknown, at: Date): unknown {
  if (typeof form === 'number')
    return form < 100_000_000_000 ? Math.floor(at.getTime() / 1000) : at.getTime();
  const hasOffset = /(Z|[+-]\d{2}:\d{2})$/.test(String(form));
  return hasOffset ? at.toISOString() : at.toISOString().slice(0, -1);
}
