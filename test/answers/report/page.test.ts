import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { findDifferences } from '../../../answers/report/findings.ts';
import { countLines } from '../../../answers/report/log-counts.ts';
import { type KnownMessages, reportOf } from '../../../answers/report/numbers.ts';
import { FORMATS, type ReportFormat, type ReportPage } from '../../../answers/report/page.ts';
import { eventLine, OTHER_ENDS, PERIOD, requestLine } from './log-lines.ts';

const KNOWN: KnownMessages = {
  source: 'shop',
  events: [
    { name: 'paid', on: ['paid'], when: '{% due > 0 and `a` = "<b>" %}', parameters: ['name', 'city'] },
    { name: 'told', on: ['told'], parameters: [] },
  ],
};

function pageOf(lines: readonly string[], notes: readonly string[] = []): ReportPage {
  const report = reportOf(PERIOD, countLines(lines, PERIOD), [KNOWN]);
  return { report, findings: findDifferences(report), of: 'webhook-adapter-dev', notes };
}

const LINES = [
  requestLine(1, { apiVersion: '2026-04' }),
  requestLine(2, { code: 'missing-header' }),
  ...Array.from({ length: 50 }, (_, index) => eventLine(1, `before-${index}`)),
  ...Array.from({ length: 50 }, (_, index) => eventLine(20, `after-${index}`, { missing: 'name' })),
  eventLine(3, 'keyless', OTHER_ENDS.keyless),
];

let written: Readonly<Record<ReportFormat, string>>;
beforeAll(() => {
  const page = pageOf(LINES, ['A note.']);
  written = {
    markdown: FORMATS.markdown(page),
    csv: FORMATS.csv(page),
    json: FORMATS.json(page),
    html: FORMATS.html(page),
  };
});

describe('the Markdown', () => {
  test('has what has changed at the top, in words', () => {
    const [title, lead, note, heading, findings] = written.markdown.split('\n\n');

    expect([title, lead, note, heading, findings]).toEqual([
      '# Messages of webhook-adapter-dev',
      'From 2026-06-01 00:00 to 2026-06-02 06:00 UTC.',
      'A note.',
      '## What has changed',
      '- shop: name is missing in 100 % of paid since 1 June, 15:00 UTC; before in 0 %.',
    ]);
  });

  test('has a line for each number that is not zero, and for each parameter', () => {
    const rows = written.markdown.split('\n').filter((line) => line.startsWith('|'));

    expect(rows).toEqual(
      expect.arrayContaining(
        [
          '| paid | 101 | 0 | 1 | 100 | 100 | 1 | 0 | 99 % | 99 % |',
          '| refused: missing-header | 1 | 1 | 0 |',
          '| API version: 2026-04 | 1 | 1 | 0 |',
          '| delivered | 100 | 50 | 50 |',
          '| rejected: event-key-missing: event-key | 1 | 1 | 0 |',
          '| name | 50 % | 100 % | 0 % |',
          '| city | 100 % | 100 % | 100 % |',
        ].map((row) => row.replace('99 % | 99 %', '99.0 % | 99.0 %')),
      ),
    );
    expect(rows.filter((row) => /^\| (expired|skipped) /.test(row))).toEqual([]);
  });

  test('shows the condition as it stands, and no section of a message without an event', () => {
    expect(written.markdown).toContain('Its condition: `` {% due > 0 and `a` = "<b>" %} ``');
    expect(written.markdown).not.toContain('### shop: told');
    expect(written.markdown).toContain('| told | 0 |');
  });
});

test('the CSV has a line for each number of each message, shares in percent', () => {
  const lines = written.csv.split('\n');

  expect(lines[0]).toBe('source,message,number,of,all,first half,second half');
  expect(lines).toEqual(
    expect.arrayContaining([
      'shop,,refused,missing-header,1,1,0',
      'shop,paid,delivered,,100,50,50',
      'shop,paid,fill rate,name,50,100,0',
      'shop,told,match rate,,,,',
    ]),
  );
  expect(new Set(lines.map((line) => line.split(',').length))).toEqual(new Set([7]));
});

test('the JSON is the report itself', () => {
  expect(JSON.parse(written.json)).toMatchObject({
    of: 'webhook-adapter-dev',
    findings: [{ kind: 'fill-rate', message: 'paid', isWorse: true }],
    report: { sources: [{ name: 'shop' }] },
  });
});

describe('the HTML', () => {
  test('has a line chart for each message that had events, and loads nothing from anywhere', () => {
    expect(written.html.match(/<svg /g)).toHaveLength(1);
    expect(written.html).toContain('aria-label="shop: paid: events and delivered events over time"');
    expect(written.html).not.toMatch(/https?:|<script|<link|<img|@import|url\(/);
  });

  test('draws as many events as there were, slot by slot', () => {
    const [, points = ''] = /class="events" points="([^"]*)"/.exec(written.html) ?? [];
    const heights = points.split(' ').map((point) => Number(point.split(',')[1]));

    expect(heights).toHaveLength(30);
    // The top of the chart is the most there were; its foot is none.
    expect([heights[1], heights[20], heights[0]]).toEqual([10, 10, 136]);
  });
});

test('no text of the log becomes a line, a tag, a cell or a formula of its own', () => {
  const hostile = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
    .map((text) => `=${text}\n<b>|,"`);
  fc.assert(
    fc.property(hostile, (text) => {
      const lines = [
        requestLine(1, { code: text }),
        eventLine(2, 'a', { event: text, outcome: 'dead-letter', code: text }),
      ];
      const page = pageOf(lines);

      expect(FORMATS.html(page)).not.toContain('<b>');
      expect(FORMATS.markdown(page)).not.toMatch(/[^\\]<b>|^<b>|[^\\]\|,/m);
      expect(FORMATS.csv(page)).not.toMatch(/(^|,)"?=/m);
    }),
  );
});
