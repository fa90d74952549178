import { describe, expect, test } from '@jest/globals';
import { judgeTrends, type Sample } from '../../local/rehearsal/trend.ts';

const MEGABYTE = 1_048_576;

function soak(at: (step: number) => Partial<Sample>): ReturnType<typeof judgeTrends> {
  const steady = {
    rss: 400 * MEGABYTE,
    heapUsed: 100 * MEGABYTE,
    ingestHeap: 20 * MEGABYTE,
    deliverHeap: 20 * MEGABYTE,
    sandboxes: 8,
    handles: 60,
    buffer: 0,
    ledger: 1_000,
  };
  return judgeTrends(
    Array.from({ length: 40 }, (_, step) => ({ seconds: step * 10, ...steady, ...at(step) })),
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
    const trends = soak((step) => ({ deliverHeap: Math.min(10 + step * 2, 30) * MEGABYTE }));

    expect(verdicts(trends)).toMatchObject({ deliverHeap: 'flat' });
  });

  test.each(['rss', 'heapUsed', 'ingestHeap', 'deliverHeap'] as const)('is growing where %s does', (name) => {
    expect(verdicts(soak((step) => ({ [name]: (400 + step * 10) * MEGABYTE })))).toMatchObject({
      [name]: 'growing',
    });
  });

  test.each(['handles', 'sandboxes', 'buffer'] as const)('is growing where %s do', (name) => {
    expect(verdicts(soak((step) => ({ [name]: step * 10 })))).toMatchObject({ [name]: 'growing' });
  });

  test('is explained for this process by the ledger that it holds, and for a function it is not', () => {
    const trends = soak((step) => ({
      ledger: step * 1_000,
      heapUsed: (100 + step * 5) * MEGABYTE,
      deliverHeap: (20 + step * 5) * MEGABYTE,
    }));

    expect(verdicts(trends)).toMatchObject({
      ledger: 'explained',
      heapUsed: 'explained',
      deliverHeap: 'growing',
    });
  });

  test('leaves out moments at which something could not be asked', () => {
    expect(verdicts(soak((step) => ({ buffer: step % 2 ? Number.NaN : 0 })))).toMatchObject({
      buffer: 'flat',
    });
  });
});
