import { escapeHtml } from '../../lib/config/markdown.ts';
import { escapeUnseen } from '../../lib/config/terminal.ts';
import { type Finding, formatMiddle, percent } from './findings.ts';
import { type Period, SLOTS, startOfSlot } from './log-counts.ts';
import {
  type Counts,
  type EventNumbers,
  type Fill,
  type Halves,
  type MessageReport,
  type Report,
  type RequestNumbers,
  type SourceReport,
  sumOf,
} from './numbers.ts';

/** A report, what differs much in it, and what a reader has to know of it. */
export type ReportPage = {
  readonly report: Report;
  readonly findings: readonly Finding[];
  /** Whose report it is: the name of a stack. */
  readonly of: string;
  readonly notes: readonly string[];
};

/** How a report is written. */
export const FORMATS: Readonly<Record<'markdown' | 'csv' | 'json' | 'html', (page: ReportPage) => string>> = {
  markdown: (page) => writeMarkdown(layOut(page)),
  csv: writeCsv,
  json: (page) => JSON.stringify(page, null, 2),
  html: (page) => writeHtml(layOut(page)),
};

export type ReportFormat = keyof typeof FORMATS;

/** One line of a table of numbers: what it is, and the three values. */
type Measure = { readonly name: string; readonly detail?: string } & Halves<string>;

/** Lists of measures that every format shows. */
function measureRequests(halves: Halves<RequestNumbers>): readonly Measure[] {
  const { measure, byCode } = measuresOf(halves);
  return [
    measure('webhooks', ({ webhooks }) => webhooks),
    measure('buffered', ({ buffered }) => buffered),
    measure('ignored', ({ ignored }) => ignored),
    measure('handshakes', ({ handshakes }) => handshakes),
    ...byCode('refused', ({ refused }) => refused),
  ];
}

function measureEvents(halves: Halves<EventNumbers>): readonly Measure[] {
  const { measure, byCode } = measuresOf(halves);
  return [
    measure('events', ({ events }) => events),
    ...byCode('skipped', ({ skipped }) => skipped),
    measure('matched', ({ matched }) => matched),
    ...byCode('rejected', ({ rejected }) => rejected),
    measure('sent', ({ sent }) => sent),
    measure('delivered', ({ delivered }) => delivered),
    measure('unconfirmed', ({ unconfirmed }) => unconfirmed),
    ...byCode('failed', ({ failed }) => failed),
    measure('dead-lettered', ({ deadLettered }) => deadLettered),
    measure('expired', ({ expired }) => expired),
    measure('match rate', ({ matchRate }) => formatShare(matchRate)),
    measure('key quality', ({ keyQuality }) => formatShare(keyQuality)),
  ];
}

function measuresOf<Numbers>({ all, before, after }: Halves<Numbers>) {
  const measure = (name: string, read: (numbers: Numbers) => number | string, detail?: string): Measure => ({
    name,
    ...(detail !== undefined && { detail }),
    all: String(read(all)),
    before: String(read(before)),
    after: String(read(after)),
  });
  const byCode = (name: string, read: (numbers: Numbers) => Counts): readonly Measure[] => [
    measure(name, (numbers) => sumOf(read(numbers))),
    ...Object.keys(read(all)).map((code) => measure(name, (numbers) => read(numbers)[code] ?? 0, code)),
  ];
  return { measure, byCode };
}

function measureFills({ parameters }: MessageReport): readonly Measure[] {
  return parameters.map(({ name, fill: { all, before, after } }) => ({
    name: 'fill rate',
    detail: name,
    all: formatFill(all),
    before: formatFill(before),
    after: formatFill(after),
  }));
}

function measureVersions({ all, before, after }: Halves<Counts>): readonly Measure[] {
  const { byCode } = measuresOf({ all, before, after });
  return byCode('API version', (counts) => counts).slice(1);
}

function formatFill({ sent, missing }: Fill): string {
  return sent === 0 ? '–' : percent({ part: sent - missing, of: sent });
}

function formatShare(share: number | undefined): string {
  return share === undefined ? '–' : percent({ part: share, of: 1 });
}

type Table = { readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] };

type Section = {
  readonly title: string;
  readonly level: 2 | 3;
  readonly paragraphs: readonly string[];
  /** An expression of the mapping. */
  readonly condition?: string;
  readonly tables: readonly Table[];
  readonly series?: MessageReport['series'];
};

/** What a person reads, whatever it is written in. */
type Page = {
  readonly title: string;
  readonly lead: readonly string[];
  readonly findings: readonly string[];
  readonly sections: readonly Section[];
  readonly period: Period;
};

function layOut({ report, findings, of, notes }: ReportPage): Page {
  const { period } = report;
  const heads = ['all', `before ${formatMiddle(period)}`, 'since then'];
  return {
    title: `Messages of ${of}`,
    lead: [`From ${formatTime(period.since)} to ${formatTime(period.until)} UTC.`, ...notes],
    findings: findings.map(({ source, text }) => `${source}: ${text}.`),
    sections: report.sources.flatMap((source) => [
      sectionOfSource(source, heads),
      ...source.messages
        .filter(({ numbers }) => numbers.all.events > 0)
        .map((message) => sectionOfMessage(source, message, heads)),
    ]),
    period,
  };
}

function formatTime(time: Date): string {
  return time.toISOString().slice(0, 16).replace('T', ' ');
}

function sectionOfSource(source: SourceReport, heads: readonly string[]): Section {
  const { name, requests, apiVersions, unopened, messages } = source;
  const measures = [...measureRequests(requests), ...measureVersions(apiVersions)];
  const whole = Object.entries(unopened).map(([code, count]) => `${count} × ${code}`);
  return {
    title: name,
    level: 2,
    paragraphs: [
      ...(measures.every(({ all }) => all === '0') ? ['No request in this time.'] : []),
      ...(whole.length === 0
        ? []
        : [`Dead-lettered as a whole, before an event was reached: ${whole.join(', ')}.`]),
    ],
    tables: [tableOf(measures, ['requests', ...heads]), overviewOf(messages)],
  };
}

/** A line for each message. */
function overviewOf(messages: readonly MessageReport[]): Table {
  const head = ['message', 'events', 'skipped', 'rejected', 'sent', 'delivered', 'dead-lettered', 'expired'];
  const rows = messages.map(({ name, numbers: { all } }) => [
    name,
    ...[all.events, sumOf(all.skipped), sumOf(all.rejected), all.sent, all.delivered].map(String),
    ...[all.deadLettered, all.expired].map(String),
    formatShare(all.matchRate),
    formatShare(all.keyQuality),
  ]);
  return { head: [...head, 'match rate', 'key quality'], rows };
}

function sectionOfMessage(
  source: SourceReport,
  { when, ...message }: MessageReport,
  heads: readonly string[],
): Section {
  const { name, numbers, apiVersions, series } = message;
  const fills = measureFills(message).map(({ detail = '', ...measure }) => ({ ...measure, name: detail }));
  return {
    title: `${source.name}: ${name}`,
    level: 3,
    paragraphs: [],
    ...(when !== undefined && { condition: when.replaceAll(/\s+/g, ' ') }),
    tables: [
      tableOf([...measureEvents(numbers), ...measureVersions(apiVersions)], ['events', ...heads]),
      tableOf(fills, ['parameter: how often it is there', ...heads]),
    ],
    series,
  };
}

/** Without the lines of what did not occur. */
function tableOf(measures: readonly Measure[], head: readonly string[]): Table {
  const rows = measures
    .filter(({ all }) => all !== '0')
    .map(({ name, detail, all, before, after }) => [
      detail === undefined ? name : `${name}: ${detail}`,
      all,
      before,
      after,
    ]);
  return { head, rows };
}

const NO_FINDINGS = 'Nothing differs much between the two halves.';

function writeMarkdown({ title, lead, findings, sections }: Page): string {
  const changed =
    findings.length === 0 ? [NO_FINDINGS] : [findings.map((text) => `- ${cell(text)}`).join('\n')];
  return [
    `# ${cell(title)}`,
    ...lead,
    '## What has changed',
    ...changed,
    ...sections.flatMap(({ title: heading, level, paragraphs, condition, tables }) => [
      `${'#'.repeat(level)} ${cell(heading)}`,
      ...paragraphs.map(cell),
      ...(condition === undefined ? [] : [`Its condition: ${codeSpan(condition)}`]),
      ...tables.filter(({ rows }) => rows.length > 0).map(markdownTable),
    ]),
  ].join('\n\n');
}

function markdownTable({ head, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;
  const rule = `|${head.map((_, index) => (index === 0 ? '---|' : '---:|')).join('')}`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

/** A text that begins no cell, link or tag of its own. */
function cell(text: string): string {
  return escapeUnseen(text).replaceAll(/[\\|<>[\]`*_]/g, (character) => `\\${character}`);
}

/** A code span that a backtick of the text does not end. */
function codeSpan(text: string): string {
  const longest = Math.max(0, ...(text.match(/`+/g) ?? []).map(({ length }) => length));
  const fence = '`'.repeat(longest + 1);
  return `${fence} ${escapeUnseen(text)} ${fence}`;
}

/** A line for each number: source, message, what it is, of what, and the three values. Shares are percent. */
function writeCsv({ report }: ReportPage): string {
  const lines = report.sources.flatMap(({ name, requests, apiVersions, unopened, messages }) => [
    ...[...measureRequests(requests), ...measureVersions(apiVersions)].map((one) => csvOf([name, ''], one)),
    ...Object.entries(unopened).map(([code, count]) =>
      csvLine([name, '', 'unopened', code, `${count}`, '', '']),
    ),
    ...messages.flatMap((message) =>
      [
        ...measureEvents(message.numbers),
        ...measureVersions(message.apiVersions),
        ...measureFills(message),
      ].map((one) => csvOf([name, message.name], one)),
    ),
  ]);
  const head = csvLine(['source', 'message', 'number', 'of', 'all', 'first half', 'second half']);
  return [head, ...lines].join('\n');
}

function csvOf(whose: readonly string[], { name, detail = '', all, before, after }: Measure): string {
  const values = [all, before, after].map((value) => (value === '–' ? '' : value.replace(' %', '')));
  return csvLine([...whose, name, detail, ...values]);
}

/** RFC 4180. What a spreadsheet would take for a formula gets an apostrophe before it. */
function csvLine(cells: readonly string[]): string {
  return cells
    .map(escapeUnseen)
    .map((text) => (/^[=+@-]/.test(text) ? `'${text}` : text))
    .map((text) => (/[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text))
    .join(',');
}

const STYLE = `
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a; background: #fff }
table { border-collapse: collapse; margin: 1rem 0 } th, td { padding: .2rem .8rem; border-bottom: 1px solid #ddd; text-align: right }
th:first-child, td:first-child { text-align: left } h2 { border-top: 2px solid #1a1a1a; padding-top: 1rem } figure { margin: 1rem 0 }
.changed { background: #fff4d6; padding: .5rem 1rem } svg { width: 100%; height: auto } svg text { font-size: 11px; fill: #555 }
.events { stroke: #8a8a8a } .delivered { stroke: #00695c } polyline { fill: none; stroke-width: 2 }
`;

/** One file that loads nothing from anywhere. */
function writeHtml({ title, lead, findings, sections, period }: Page): string {
  const changed =
    findings.length === 0
      ? `<p>${NO_FINDINGS}</p>`
      : `<ul>${findings.map((text) => `<li>${escapeHtml(text)}</li>`).join('')}</ul>`;
  const parts = sections.map(({ title: heading, level, paragraphs, condition, tables, series }) =>
    [
      `<h${level}>${escapeHtml(heading)}</h${level}>`,
      ...paragraphs.map((text) => `<p>${escapeHtml(text)}</p>`),
      ...(condition === undefined ? [] : [`<p>Its condition: <code>${escapeHtml(condition)}</code></p>`]),
      ...(series ? [chartOf(heading, series, period)] : []),
      ...tables.filter(({ rows }) => rows.length > 0).map(htmlTable),
    ].join('\n'),
  );
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    `<title>${escapeHtml(title)}</title><style>${STYLE}</style></head><body>`,
    `<h1>${escapeHtml(title)}</h1>`,
    ...lead.map((text) => `<p>${escapeHtml(text)}</p>`),
    `<section class="changed"><h2>What has changed</h2>${changed}</section>`,
    ...parts,
    '</body></html>',
  ].join('\n');
}

function htmlTable({ head, rows }: Table): string {
  const cells = (tag: 'th' | 'td', texts: readonly string[]) =>
    `<tr>${texts.map((text) => `<${tag}>${escapeHtml(text)}</${tag}>`).join('')}</tr>`;
  return `<table>${cells('th', head)}\n${rows.map((row) => cells('td', row)).join('\n')}</table>`;
}

const CHART = { width: 720, height: 160, left: 40, right: 10, top: 10, bottom: 24 };

/** A line chart of a message's events and of those delivered, slot by slot, with a line at the middle. */
function chartOf(name: string, { events, delivered }: MessageReport['series'], period: Period): string {
  const { width, height, left, right, top, bottom } = CHART;
  const most = Math.max(1, ...events);
  const x = (slot: number) => Math.round(left + (slot / (SLOTS - 1)) * (width - left - right));
  const y = (count: number) => Math.round(height - bottom - (count / most) * (height - top - bottom));
  const line = (kind: string, counts: readonly number[]) =>
    `<polyline class="${kind}" points="${counts.map((count, slot) => `${x(slot)},${y(count)}`).join(' ')}"/>`;
  const label = (at: number, anchor: string, slot: number) =>
    `<text x="${at}" y="${height - 6}" text-anchor="${anchor}">${formatTime(startOfSlot(period, slot))}</text>`;
  const middle = x((SLOTS - 1) / 2);
  return [
    `<figure><svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(name)}: events and delivered events over time">`,
    `<line x1="${left}" y1="${y(0)}" x2="${width - right}" y2="${y(0)}" stroke="#999"/>`,
    `<line x1="${middle}" y1="${top}" x2="${middle}" y2="${y(0)}" stroke="#ccc" stroke-dasharray="4"/>`,
    `<text x="${left - 6}" y="${y(most) + 8}" text-anchor="end">${most}</text><text x="${left - 6}" y="${y(0)}" text-anchor="end">0</text>`,
    line('events', events),
    line('delivered', delivered),
    label(left, 'start', 0),
    label(middle, 'middle', SLOTS / 2),
    label(width - right, 'end', SLOTS),
    '</svg><figcaption>Grey: events. Green: delivered.</figcaption></figure>',
  ].join('\n');
}
