import { styleText } from 'node:util';
import type { SoakReport } from './soak.ts';
import type { Sample, Trend } from './trend.ts';

const IN_BYTES: readonly (keyof Sample)[] = [
  'rss',
  'reserve',
  'main',
  'ingest',
  'deliver',
  'queues',
  'tables',
];

/** A soak for a person: what was seen over time, and how it went. */
export function tellSoak({ samples, trends, ...report }: SoakReport): string {
  const names = Object.keys(samples[0] ?? {}) as (keyof Sample)[];
  const every = Math.max(1, Math.floor(samples.length / 20));
  const shown = samples.filter((_, index) => index % every === 0);
  return [
    styleText('bold', `Soak of ${report.minutes} minutes, ${report.rounds} rounds, seed ${report.seed}`),
    `  ${report.events} events, ${report.lost} lost, ${report.duplicated} duplicated`,
    names.map((name) => name.padStart(10)).join(''),
    ...shown.map((sample) => names.map((name) => tell(name, sample[name]).padStart(10)).join('')),
    ...trends.map(tellTrend),
    ...report.wrong.slice(0, 20).map((sentence) => styleText('red', `  ${sentence}`)),
    report.ok ? styleText('green', 'Flat, or explained.') : styleText('red', 'Not as it should be.'),
  ].join('\n');
}

function tellTrend({ measure, before, after, verdict, why }: Trend): string {
  const text = `  ${measure.padEnd(10)} ${tell(measure, before)} → ${tell(measure, after)}: ${verdict}${why === undefined ? '' : `, ${why}`}`;
  return verdict === 'growing' ? styleText('red', text) : text;
}

function tell(name: keyof Sample, value: number): string {
  return IN_BYTES.includes(name) ? `${(value / 1_048_576).toFixed(0)} MB` : String(value);
}
