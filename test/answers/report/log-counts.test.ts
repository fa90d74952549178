import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { countLines, type LogCounts, queriesOf, readRows } from '../../../answers/report/log-counts.ts';
import { runInsights } from './insights.ts';
import { eventLine, OTHER_ENDS, PERIOD, requestLine } from './log-lines.ts';

/** By the queries that run on AWS, over the same lines. */
function countByQueries(lines: readonly string[]): LogCounts {
  const { requests, events } = queriesOf(PERIOD);
  return readRows({ requests: runInsights(requests, lines), events: runInsights(events, lines) });
}

/** Rows that are alike as one, in an order of their own. */
function merged(counts: LogCounts): object {
  const merge = (rows: readonly { readonly count: number }[]) => {
    const groups = Map.groupBy(rows, ({ count: _, ...row }) =>
      JSON.stringify(Object.entries(row).toSorted(([one], [other]) => one.localeCompare(other))),
    );
    return [...groups]
      .map(([key, own]) => [key, own.reduce((sum, { count }) => sum + count, 0)] as const)
      .toSorted(([one], [other]) => one.localeCompare(other));
  };
  return { requests: merge(counts.requests), events: merge(counts.events) };
}

describe('an event', () => {
  const eventsOf = (...lines: string[]) => countLines(lines, PERIOD).events;

  test('counts once, where it first ended, by its latest end', () => {
    const lines = [
      eventLine(1, 'a', OTHER_ENDS.refused),
      eventLine(20, 'a', { missing: 'name\ncity' }),
      eventLine(21, 'a', { outcome: 'duplicate', code: 'already-delivered' }),
      eventLine(22, 'a', { outcome: 'retry-later', code: 'busy' }),
    ];

    expect(eventsOf(...lines)).toEqual([
      {
        source: 'shop',
        event: 'paid',
        outcome: 'delivered',
        code: 'delivered',
        isCalled: true,
        missing: ['name', 'city'],
        slot: 1,
        count: 1,
      },
    ]);
  });

  test('is another for each item, message and webhook', () => {
    const lines = [
      eventLine(1, 'a', { item: 0 }),
      eventLine(1, 'a', { item: 1 }),
      eventLine(1, 'a', { event: 'told' }),
      eventLine(1, 'b'),
    ];

    expect(eventsOf(...lines)).toHaveLength(4);
  });

  test('that has not ended does not count, nor one from before the period', () => {
    const waiting = eventLine(1, 'a', { outcome: 'retry-later', code: 'webex-unavailable' });

    expect(eventsOf(waiting, eventLine(-1, 'b'))).toEqual([]);
  });
});

test('a line that is none of ours counts for nothing', () => {
  expect(countLines(['START RequestId: 1', '{"stage":"other"}', '{', ''], PERIOD)).toEqual({
    requests: [],
    events: [],
  });
});

test('a request without a time of its own has that of the line before', () => {
  const bug = JSON.stringify({ stage: 'ingest', code: 'internal-error', cause: 'TypeError' });

  expect(countLines([requestLine(7), bug], PERIOD).requests).toMatchObject([
    { code: 'buffered', slot: 7 },
    { code: 'internal-error', slot: 7, source: 'unknown' },
  ]);
});

const lineArbitrary = fc.oneof(
  fc
    .record({
      hours: fc.integer({ min: 0, max: 29 }),
      code: fc.constantFrom('buffered', 'ignored', 'no-matching-secret'),
      eventTypes: fc.constantFrom(undefined, ['paid'], ['told', 'paid']),
      apiVersion: fc.constantFrom(undefined, '2026-04', '2026-07'),
    })
    .map(({ hours, ...fields }) => ({ hours, line: requestLine(hours, fields) })),
  fc
    .record({
      hours: fc.integer({ min: 0, max: 29 }),
      id: fc.constantFrom('a', 'b', 'c'),
      item: fc.constantFrom(undefined, 0, 1),
      missing: fc.constantFrom(undefined, 'name', 'name\ncity'),
      fields: fc.constantFrom(
        {},
        { outcome: 'duplicate', code: 'already-delivered' },
        { outcome: 'retry-later', code: 'busy' },
        { event: undefined, deduplicationId: undefined, messageId: 'm', ...OTHER_ENDS.refused },
        ...Object.values(OTHER_ENDS),
      ),
    })
    .map(({ hours, id, fields, ...facts }) => ({
      hours,
      line: eventLine(hours, id, { ...facts, ...fields }),
    })),
);

test('the queries on AWS count as is counted here, whatever the log holds', () => {
  fc.assert(
    fc.property(fc.array(lineArbitrary, { maxLength: 40 }), (written) => {
      // Two lines of an event in the same millisecond have no order on AWS.
      const lines = written
        .toSorted((one, other) => one.hours - other.hours)
        .map(({ line, hours }, index) => {
          const time = PERIOD.since.getTime() + hours * 3_600_000 + index;
          return JSON.stringify({ ...JSON.parse(line), _aws: { Timestamp: time } });
        });

      expect(merged(countByQueries(lines))).toEqual(merged(countLines(lines, PERIOD)));
    }),
  );
});
