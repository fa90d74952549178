import { describe, expect, test } from '@jest/globals';
import { judgeTrends, type Sample } from '../../rehearsal/soak.ts';

const MEGABYTE = 1_048_576;

const STEADY: Omit<Sample, 'seconds'> = {
  rss: 600 * MEGABYTE,
  reserve: 200 * MEGABYTE,
  main: 60 * MEGABYTE,
  ingest: 40 * MEGABYTE,
  deliver: 40 * MEGABYTE,
  queues: 30 * MEGABYTE,
  tables: 30 * MEGABYTE,
  threads: 8,
  handles: 60,
  buffer: 0,
  ledger: 1_000,
  events: 500,
};

function soak(at: (step: number) => Partial<Sample>): ReturnType<typeof judgeTrends> {
  return judgeTrends(
    Array.from({ length: 40 }, (_, step) => ({ seconds: step * 10, ...STEADY, ...at(step) })),
  );
}

const verdicts = (trends: ReturnType<typeof judgeTrends>) =>
  Object.fromEntries(trends.map(({ measure, verdict }) => [measure, verdict]));

describe('the trend of a soak', () => {
  test('is flat where nothing grows, whatever the peaks', () => {
    const trends = soak((step) => ({ rss: (400 + (step % 5) * 100) * MEGABYTE, buffer: (step % 3) * 500 }));

    expect(new Set(Object.values(verdicts(trends)))).toEqual(new Set(['flat']));
  });

  test('is flat where it only warms up', () => {
    const trends = soak((step) => ({ deliver: Math.min(10 + step * 2, 30) * MEGABYTE }));

    expect(verdicts(trends)).toMatchObject({ deliver: 'flat' });
  });

  test.each(['reserve', 'main', 'ingest', 'deliver', 'queues', 'tables'] as const)(
    'is growing where %s does, and so does the whole',
    (name) => {
      const grown = (step: number) => step * 10 * MEGABYTE;
      const trends = soak((step) => ({ [name]: STEADY[name] + grown(step), rss: STEADY.rss + grown(step) }));

      expect(verdicts(trends)).toMatchObject({ [name]: 'growing', rss: 'growing' });
    },
  );

  test.each(['handles', 'threads', 'buffer', 'ledger'] as const)('is growing where %s do', (name) => {
    expect(verdicts(soak((step) => ({ [name]: step * 100 })))).toMatchObject({ [name]: 'growing' });
  });

  test('is explained for the ledger by as many events, by it for what holds it, and by that for the whole', () => {
    const trends = soak((step) => ({
      events: step * 100,
      ledger: step * 200,
      tables: (30 + step * 3) * MEGABYTE,
      rss: (600 + step * 4) * MEGABYTE,
    }));

    expect(verdicts(trends)).toMatchObject({
      ledger: 'explained',
      tables: 'explained',
      rss: 'explained',
      main: 'flat',
    });
    expect(trends.find(({ measure }) => measure === 'ledger')?.why).toContain(
      '4000 items more for 2000 events more',
    );
  });

  test('is growing where the whole takes more than the ledger does', () => {
    const ledger = (step: number) => ({ events: step * 100, ledger: step * 200 });
    const trends = soak((step) => ({
      ...ledger(step),
      tables: (30 + step) * MEGABYTE,
      rss: (600 + step * 4) * MEGABYTE,
    }));

    expect(verdicts(trends)).toMatchObject({ tables: 'explained', rss: 'growing' });
  });

  test('is growing where the ledger, or what holds it, takes more than its events are worth', () => {
    const busy = { events: 0, ledger: 0, tables: 0 };
    const items = soak((step) => ({ ...busy, events: step * 100, ledger: step * 400 }));
    const bytes = soak((step) => ({ ...busy, events: step, ledger: step * 2, tables: step * MEGABYTE }));

    expect(verdicts(items)).toMatchObject({ ledger: 'growing' });
    expect(verdicts(bytes)).toMatchObject({ ledger: 'explained', tables: 'growing' });
  });

  test('leaves out moments at which something could not be asked', () => {
    expect(verdicts(soak((step) => ({ buffer: step % 2 ? Number.NaN : 0 })))).toMatchObject({
      buffer: 'flat',
    });
  });
});
