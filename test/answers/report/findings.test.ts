import { describe, expect, test } from '@jest/globals';
import { findDifferences } from '../../../answers/report/findings.ts';
import { countLines, type Period } from '../../../answers/report/log-counts.ts';
import { reportOf } from '../../../answers/report/numbers.ts';
import { eventLine, OTHER_ENDS, PERIOD, requestLine } from './log-lines.ts';

/** So many lines about events of either half of the period, some of them of another kind. */
function half(hours: number, count: number, others: number, fields: object): readonly string[] {
  return Array.from({ length: count }, (_, index) =>
    eventLine(hours, `${hours}-${index}`, index < others ? fields : {}),
  );
}

function findIn(lines: readonly string[], period: Period = PERIOD) {
  return findDifferences(reportOf(period, countLines(lines, period), []));
}

const SINCE = '1 June, 15:00 UTC';
const WITHOUT_NAME = { missing: 'name' };

describe('a parameter', () => {
  test('that is missing more often is named, with both shares', () => {
    expect(findIn([...half(1, 100, 4, WITHOUT_NAME), ...half(20, 100, 48, WITHOUT_NAME)])).toEqual([
      {
        kind: 'fill-rate',
        source: 'shop',
        message: 'paid',
        text: `name is missing in 48 % of paid since ${SINCE}; before in 4 %`,
        isWorse: true,
      },
    ]);
  });

  test('that is there again is named as well, and is no change for the worse', () => {
    expect(findIn([...half(1, 100, 48, WITHOUT_NAME), ...half(20, 100, 4, WITHOUT_NAME)])).toMatchObject([
      { kind: 'fill-rate', isWorse: false },
    ]);
  });

  test.each([
    ['little', 100, 4, 100, 12],
    ['in too few events to tell', 19, 0, 19, 19],
    ['much, by chance', 25, 3, 25, 8],
  ])('that differs %s is not', (_, before, missing, after, missingAfter) => {
    expect(
      findIn([...half(1, before, missing, WITHOUT_NAME), ...half(20, after, missingAfter, WITHOUT_NAME)]),
    ).toEqual([]);
  });
});

describe('a message', () => {
  test.each([
    ['skipped', OTHER_ENDS.skipped, ["50 % of paid does not meet the mapping's condition"]],
    ['key-quality', OTHER_ENDS.keyless, ['50 % of paid has no usable key', '50 % of paid is not delivered']],
    ['match-rate', OTHER_ENDS.unconfirmed, ['50 % of paid is not delivered']],
  ])('of which more ends otherwise is named: %s', (_, end, texts) => {
    expect(findIn([...half(1, 100, 0, {}), ...half(20, 100, 50, end)]).map(({ text }) => text)).toEqual(
      texts.map((text) => `${text} since ${SINCE}; before 0 %`),
    );
  });

  test('that has no event any more is named', () => {
    expect(findIn(half(1, 100, 0, {}))).toMatchObject([
      { kind: 'silence', text: `paid has had no event since ${SINCE}; before there were 100` },
    ]);
  });
});

describe('a version of the vendor’s API', () => {
  test('that is new is named at once', () => {
    const lines = [requestLine(1, { apiVersion: '2026-04' }), requestLine(20, { apiVersion: '2026-07' })];

    expect(findIn(lines)).toMatchObject([
      {
        kind: 'api-version',
        text: `API version 2026-07 of shop is new since ${SINCE}: 1 of 1 webhooks; before 2026-04`,
      },
    ]);
  });

  test('is not new where there was none before', () => {
    expect(findIn([requestLine(20, { apiVersion: '2026-07' })])).toEqual([]);
  });
});

test('a long period is told by its day', () => {
  const period = { since: new Date('2026-05-13T00:00:00Z'), until: new Date('2026-07-12T00:00:00Z') };
  const lines = [...half(0, 50, 0, {}), ...half(24 * 20, 50, 50, WITHOUT_NAME)];

  expect(findIn(lines, period)).toMatchObject([
    { text: 'name is missing in 100 % of paid since 12 June; before in 0 %' },
  ]);
});
