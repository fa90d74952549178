import { describe, expect, test } from '@jest/globals';
import { compareWithReport, type Scoreboard } from '../../rehearsal/judge/scoreboard.ts';

const NOTHING: Scoreboard = {
  ok: true,
  seed: 1,
  script: 'a',
  webhooks: 0,
  requests: 0,
  events: 0,
  delivered: 0,
  lost: 0,
  duplicated: 0,
  repeated: 0,
  sentThoughParked: 0,
  deadLettered: {},
  expired: 0,
  skipped: 0,
  ignored: 0,
  waiting: 0,
  refusedAtIngest: {},
  collateral: 0,
  leaks: [],
  notRehearsed: [],
  wrong: [],
  longestDelaySeconds: 0,
  seconds: 0,
};

const request = (code: string) => JSON.stringify({ stage: 'ingest', code, source: 'parking' });
const event = (deduplicationId: string, outcome: string, code = outcome, name = 'told') =>
  JSON.stringify({ stage: 'deliver', source: 'parking', event: name, deduplicationId, outcome, code });
const whole = (deduplicationId: string) =>
  JSON.stringify({
    ...{ stage: 'deliver', source: 'parking', deduplicationId },
    ...{ outcome: 'dead-letter', code: 'no-mapping' },
  });

const LINES = [
  ...['buffered', 'buffered', 'ignored', 'missing-header'].map(request),
  event('a', 'delivered'),
  event('b', 'delivered'),
  event('c', 'skipped', 'when-not-met'),
  event('d', 'expired', 'too-old'),
  event('e', 'dead-letter', 'event-key-missing'),
  event('f', 'dead-letter', 'unconfirmed'),
  whole('g'),
];
const SCORE: Scoreboard = {
  ...NOTHING,
  requests: 4,
  delivered: 2,
  skipped: 1,
  expired: 1,
  deadLettered: { 'event-key-missing': 1, unconfirmed: 1, 'no-mapping': 1 },
  refusedAtIngest: { 'missing-header': 1 },
};

describe('a scoreboard', () => {
  test('agrees with the report of its log', () => {
    expect(compareWithReport(SCORE, LINES)).toEqual([]);
  });

  test.each([
    ['delivered', { delivered: 3 }],
    ['delivered', { delivered: 1 }],
    ['expired', { expired: 0 }],
    ['skipped', { skipped: 2 }],
    ['unconfirmed', { deadLettered: { 'event-key-missing': 1, 'no-mapping': 1 } }],
    ['webex-refused', { deadLettered: { ...SCORE.deadLettered, 'webex-refused': 1 } }],
    ['requests', { requests: 5 }],
    ['missing-header', { refusedAtIngest: { 'missing-header': 2 } }],
  ])('that has another number of %s does not', (name, changed) => {
    expect(compareWithReport({ ...SCORE, ...changed }, LINES)).toEqual([
      expect.stringMatching(new RegExp(`^the report of the log has \\d ${name}, the scoreboard \\d$`)),
    ]);
  });

  test('may have an event whose line a killed worker took along: a copy of it says how it ended', () => {
    const lines = [...LINES, event('h', 'duplicate', 'already-delivered')];

    expect(compareWithReport({ ...SCORE, delivered: 3 }, lines)).toEqual([]);
    expect(compareWithReport({ ...SCORE, delivered: 4 }, lines)).toHaveLength(1);
  });

  test('counts an event once that had another name when it was dead-lettered', () => {
    const lines = [
      ...LINES,
      event('h', 'dead-letter', 'unconfirmed', 'welcomed'),
      event('h', 'delivered', 'delivered', 'greeted'),
    ];

    expect(compareWithReport({ ...SCORE, delivered: 3 }, lines)).toEqual([]);
  });

  test('counts a webhook that was dead-lettered as a whole by its events, once they have ended', () => {
    expect(
      compareWithReport({ ...SCORE, delivered: 3 }, [...LINES, whole('h'), event('h', 'delivered')]),
    ).toEqual([]);
  });

  test('may differ by requests that ingest did not answer in time', () => {
    const refusedAtIngest = { ...SCORE.refusedAtIngest, 'no-answer': 1 };

    expect(
      compareWithReport({ ...SCORE, requests: 5, refusedAtIngest }, [...LINES, request('buffered')]),
    ).toEqual([]);
  });
});
