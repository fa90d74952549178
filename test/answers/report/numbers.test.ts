import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { countLines } from '../../../answers/report/log-counts.ts';
import {
  type EventNumbers,
  type KnownMessages,
  messagesOf,
  reportOf,
  type SourceReport,
  sumOf,
} from '../../../answers/report/numbers.ts';
import { parseMappingFile } from '../../../lib/mapping/file.ts';
import { eventLine, OTHER_ENDS, PERIOD, requestLine } from './log-lines.ts';

const KNOWN: KnownMessages = {
  source: 'shop',
  events: [
    { name: 'paid', on: ['paid'], when: '{% due > 0 %}', parameters: ['name', 'city'] },
    { name: 'told', on: ['told*'], parameters: [] },
  ],
};

function reportOn(lines: readonly string[], known: readonly KnownMessages[] = [KNOWN]): SourceReport {
  const [source] = reportOf(PERIOD, countLines(lines, PERIOD), known).sources;
  if (source === undefined) throw new Error('There is no source.');
  return source;
}

function numbersOf(...lines: string[]): EventNumbers {
  const [message] = reportOn(lines).messages;
  if (message === undefined) throw new Error('There is no message.');
  return message.numbers.all;
}

describe('the events of a message', () => {
  test('are counted by how each ended', () => {
    const ends = Object.entries(OTHER_ENDS).map(([id, end]) => eventLine(1, id, end));

    expect(numbersOf(eventLine(1, 'one'), eventLine(2, 'two'), ...ends)).toEqual({
      events: 9,
      skipped: { 'when-not-met': 1 },
      matched: 8,
      rejected: {
        'event-key-missing: event-key': 1,
        'event-key-invalid: not a valid email': 1,
        'parameter-missing: amount': 1,
      },
      sent: 4,
      delivered: 2,
      unconfirmed: 1,
      failed: { 'webex-refused': 1 },
      expired: 1,
      deadLettered: 5,
      matchRate: 2 / 8,
      keyQuality: 1 - 2 / 8,
    });
  });

  test('have no rates where none met the condition', () => {
    const numbers = numbersOf(eventLine(1, 'a', OTHER_ENDS.skipped));

    expect(numbers).toMatchObject({ events: 1, matched: 0 });
    expect(numbers).not.toHaveProperty('matchRate');
    expect(numbers).not.toHaveProperty('keyQuality');
  });

  test('add up, and so do the halves, whatever happened', () => {
    const end = fc.constantFrom({}, ...Object.values(OTHER_ENDS), {
      outcome: 'dead-letter',
      code: 'of-later',
    });
    const events = fc.array(fc.tuple(fc.integer({ min: 0, max: 29 }), end));
    fc.assert(
      fc.property(events, (written) => {
        const lines = written.map(([hours, fields], id) => eventLine(hours, `${id}`, fields));
        const { all, before, after } = reportOn(lines).messages[0]?.numbers ?? {};
        const dead = (one: EventNumbers) => sumOf(one.rejected) + one.unconfirmed + sumOf(one.failed);

        for (const one of [all, before, after]) {
          if (one === undefined) throw new Error('There is no message.');
          expect(one.delivered + sumOf(one.skipped) + dead(one) + one.expired).toBe(one.events);
          expect(dead(one)).toBe(one.deadLettered);
        }
        expect((before?.events ?? 0) + (after?.events ?? 0)).toBe(written.length);
      }),
    );
  });
});

describe('a parameter', () => {
  test('is missing in a part of the events that were sent', () => {
    const lines = [
      eventLine(1, 'a', { missing: 'name' }),
      eventLine(2, 'b'),
      eventLine(20, 'c', { missing: 'name\nzip' }),
      eventLine(20, 'd', { ...OTHER_ENDS.refused, missing: 'name' }),
      eventLine(21, 'e', { ...OTHER_ENDS.incomplete }),
    ];

    expect(reportOn(lines).messages[0]?.parameters).toEqual([
      {
        name: 'name',
        fill: {
          all: { sent: 4, missing: 3 },
          before: { sent: 2, missing: 1 },
          after: { sent: 2, missing: 2 },
        },
      },
      {
        name: 'city',
        fill: {
          all: { sent: 4, missing: 0 },
          before: { sent: 2, missing: 0 },
          after: { sent: 2, missing: 0 },
        },
      },
      // The mapping has it no more.
      {
        name: 'zip',
        fill: {
          all: { sent: 4, missing: 1 },
          before: { sent: 2, missing: 0 },
          after: { sent: 2, missing: 1 },
        },
      },
    ]);
  });
});

describe('a source', () => {
  test('has its requests by what ingest said, and its API versions by message', () => {
    const lines = [
      requestLine(1, { apiVersion: '2026-04' }),
      requestLine(2, { code: 'ignored', eventTypes: ['gone'] }),
      requestLine(3, { code: 'no-matching-secret', eventTypes: undefined }),
      requestLine(4, { code: 'handshake-answered', eventTypes: undefined }),
      requestLine(20, { apiVersion: '2026-07', eventTypes: ['told.twice'] }),
      requestLine(21, { apiVersion: '2026-07', eventTypes: ['told.twice'] }),
    ];
    const { requests, apiVersions, messages } = reportOn(lines);

    expect(requests.all).toEqual({
      webhooks: 4,
      buffered: 3,
      ignored: 1,
      handshakes: 1,
      refused: { 'no-matching-secret': 1 },
    });
    expect(apiVersions).toEqual({
      all: { '2026-07': 2, '2026-04': 1 },
      before: { '2026-04': 1 },
      after: { '2026-07': 2 },
    });
    expect(messages.map(({ name, apiVersions: { all } }) => [name, all])).toEqual([
      ['paid', { '2026-04': 1 }],
      ['told', { '2026-07': 2 }],
    ]);
  });

  test('has what was dead-lettered before an event was reached apart', () => {
    const whole = { event: undefined, outcome: 'dead-letter', code: 'body-not-json', attempts: undefined };

    expect(reportOn([eventLine(1, 'a', whole)])).toMatchObject({ unopened: { 'body-not-json': 1 } });
  });

  test('that only the log knows is there, and one that only the mappings know', () => {
    const { sources } = reportOf(PERIOD, countLines([requestLine(1, { source: 'gone' })], PERIOD), [KNOWN]);

    expect(sources.map(({ name }) => name)).toEqual(['shop', 'gone']);
  });
});

test('a message of a mapping file has its condition and all its parameters, those of the defaults included', () => {
  const file = parseMappingFile(
    'mapping.yaml',
    JSON.stringify({
      source: 'shop',
      secret: 'webhooks/shop',
      verify: 'shopify',
      defaults: { 'event-params': { channel: 'shop' } },
      events: [
        {
          name: 'paid',
          on: 'orders/paid',
          when: '{% total > 0 %}',
          'event-id': 'evt_1',
          'event-key': '{% email %}',
          'event-params': { name: '{% name %}' },
        },
      ],
    }),
    { folder: 'shop' },
  );
  if (!file.ok) throw new Error(JSON.stringify(file.failure));

  expect(messagesOf(file.value)).toEqual({
    source: 'shop',
    events: [{ name: 'paid', on: ['orders/paid'], when: '{% total > 0 %}', parameters: ['channel', 'name'] }],
  });
});
