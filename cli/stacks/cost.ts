import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { findStage, PROJECT, type Project, projectOf, readMappings } from '../../answers/project.ts';
import { type Result, succeed } from '../../lambdas/result.ts';
import { stackNameOf, synthesizeWith } from '../../lib/stages/synthesize.ts';
import { type CommandResult, example, jsonOption, refuse, run } from '../command-line.ts';
import { type BillLine, billLines, PRICES } from './bill.ts';
import { ASSUMED, COUNTED_REQUESTS, type Drain, drainAfter, type Usage } from './load.ts';
import { readTemplateFacts, type TemplateFacts } from './template-facts.ts';

type CostOptions = {
  readonly stage?: string | undefined;
  /** Webhooks a month. */
  readonly rate: number;
  /** Kilobytes of a body. */
  readonly body: number;
  readonly eventsPerWebhook: number;
  /** Percent. */
  readonly duplicates: number;
  readonly ignored: number;
  /** Days. */
  readonly retention?: number | undefined;
  /** Hours. */
  readonly outage: number;
  /** Milliseconds of a call of the event API. */
  readonly call?: number | undefined;
  readonly json?: boolean | undefined;
};

/** What `adapter cost` has found out. */
export type CostReport = {
  readonly stage: string;
  readonly usage: Usage;
  readonly pricesAt: string;
  readonly countedAt: string;
  readonly region: string;
  readonly lines: readonly BillLine[];
  readonly drain: Drain;
  readonly unpriced: readonly string[];
};

export function registerCost(program: Command): void {
  program
    .command('cost')
    .description(
      'calculate what a stage costs by list price, and how long it takes to catch up after an outage',
    )
    .option('--stage <name>', 'of stages.yaml (default: the first)')
    .option('--rate <number>', 'webhooks a month', from(0), 1_000_000)
    .option('--body <kilobytes>', 'size of a body', from(0), 4)
    .option('--events-per-webhook <number>', 'campaign events that one becomes', from(1), 1)
    .option('--duplicates <percent>', 'webhooks that are copies of others', from(0, 100), 0)
    .option('--ignored <percent>', 'webhooks that no mapping wants', from(0, 100), 0)
    .option('--retention <days>', 'how long logs are kept (default: as the template has it)', from(1))
    .option('--outage <hours>', 'how long Webex Campaign does not answer', from(0), 4)
    .option('--call <milliseconds>', 'how long a call of the event API takes (default: 80)', from(1))
    .addOption(jsonOption())
    .addHelpText('after', example('cost', 'cost --rate 5000000 --body 10 --duplicates 3 --outage 12'))
    .action((options) => run(() => cost(PROJECT, options)));
}

/** `adapter cost`: what a stage costs by list price, and how long it takes to catch up after an outage. */
async function cost(project: Project, options: CostOptions): Promise<CommandResult> {
  const { duplicates, ignored } = options;
  if (duplicates + ignored > 100) return refuse('--duplicates and --ignored are parts of the same webhooks.');
  const found = findStage(project, options.stage);
  if (!found.ok) return refuse(found.failure);
  const stage = found.value;
  const facts = await factsOfStage(stage);
  if (!facts.ok) return refuse(facts.failure);
  const usage = usageOf(projectOf(project, { stage }), options);
  if (!usage.ok) return refuse(usage.failure);
  const report = reportOf(stage, facts.value, usage.value, options.outage);
  return { text: options.json === true ? JSON.stringify(report, null, 2) : formatCost(report), exitCode: 0 };
}

/** What follows from a template and from what comes in. */
export function reportOf(stage: string, facts: TemplateFacts, usage: Usage, outageHours: number): CostReport {
  return {
    stage,
    usage,
    pricesAt: PRICES.at,
    countedAt: COUNTED_REQUESTS.at,
    region: PRICES.region,
    lines: billLines({ facts, usage, counted: COUNTED_REQUESTS, prices: PRICES }),
    drain: drainAfter(outageHours, usage, facts),
    unpriced: facts.unpriced,
  };
}

/** Synthesizes a stage and reads its template. */
async function factsOfStage(stage: string): Promise<Result<TemplateFacts, string>> {
  const assembly = await synthesizeWith({ stage });
  if (!assembly.ok) return assembly;
  try {
    const file = join(assembly.value.directory, `${stackNameOf(stage)}.template.json`);
    return succeed(readTemplateFacts(JSON.parse(await readFile(file, 'utf8'))));
  } finally {
    await assembly.value.remove();
  }
}

function usageOf(project: Project, options: CostOptions): Result<Usage, string> {
  const files = readMappings(project);
  if (!files.ok) return files;
  return succeed({
    webhooks: options.rate,
    bodyBytes: options.body * 1024,
    eventsPerWebhook: options.eventsPerWebhook,
    duplicates: options.duplicates / 100,
    ignored: options.ignored / 100,
    callSeconds: options.call === undefined ? ASSUMED.callSeconds : options.call / 1000,
    mappedEvents: files.value.reduce((sum, { events }) => sum + events.length, 0),
    retentionDays: options.retention,
  });
}

const NAME_WIDTH = 38;
const NUMBER_WIDTH = 12;

/** The report for a person. */
export function formatCost(report: CostReport): string {
  return [
    ...formatTitle(report),
    '',
    ...costTable(report),
    '',
    ...formatLargest(report.lines),
    ...formatUnpriced(report.unpriced),
    ...formatDrain(report.drain),
  ].join('\n');
}

function formatTitle({ stage, usage, region, pricesAt, countedAt }: CostReport): readonly string[] {
  const parts = [
    `${count(usage.webhooks)} webhook${usage.webhooks === 1 ? '' : 's'} a month`,
    `${count(usage.bodyBytes / 1024)} KB each`,
    `${count(usage.eventsPerWebhook)} event${usage.eventsPerWebhook === 1 ? '' : 's'} of each`,
    `${percent(usage.duplicates)} copies`,
    `${percent(usage.ignored)} ignored`,
  ];
  return [
    `Stage ${stage}: ${parts.join(', ')}`,
    `List prices of ${pricesAt} in ${region}, no free tier taken off; requests as counted on ${countedAt}.`,
  ];
}

/** The table alone, which docs/operations.md has too. */
export function costTable({ lines, usage }: CostReport): readonly string[] {
  const row = (name: string, dollars: number) => {
    const perMillion = usage.webhooks === 0 ? '-' : money((dollars / usage.webhooks) * 1_000_000);
    return `${name.padEnd(NAME_WIDTH)}${money(dollars).padStart(NUMBER_WIDTH)}${perMillion.padStart(NUMBER_WIDTH)}`;
  };
  const of = (per: BillLine['per']) =>
    lines.filter((line) => line.per === per).toSorted((one, other) => other.dollars - one.dollars);
  const sum = (some: readonly BillLine[]) => some.reduce((total, { dollars }) => total + dollars, 0);
  const block = (title: string, some: readonly BillLine[]) => [
    ...some.map(({ name, dollars }) => row(`  ${name}`, dollars)),
    row(title, sum(some)),
  ];
  return [
    `${''.padEnd(NAME_WIDTH)}${'a month'.padStart(NUMBER_WIDTH)}${'per million'.padStart(NUMBER_WIDTH)}`,
    ...block('By the webhook', of('webhook')),
    ...block('By the month', of('month')),
    row('All', sum(lines)),
  ];
}

function formatLargest(lines: readonly BillLine[]): readonly string[] {
  const [largest] = lines.toSorted((one, other) => other.dollars - one.dollars);
  const all = lines.reduce((total, { dollars }) => total + dollars, 0);
  return largest === undefined
    ? []
    : [`The largest line is ${largest.name}: ${Math.round((largest.dollars / all) * 100)} % of all.`, ''];
}

function formatUnpriced(types: readonly string[]): readonly string[] {
  return types.length === 0
    ? []
    : [`Not included, because the prices are not known here: ${types.join(', ')}.`, ''];
}

const REMEDIES: Readonly<Record<Drain['limitedBy'], string>> = {
  'events-per-second': 'agree on more with Cisco, then raise events-per-second',
  concurrency: 'raise concurrency',
};

function formatDrain(drain: Drain): readonly string[] {
  const { hours, waiting, deadLettered, seconds, perSecond, limitedBy, inFlightHours } = drain;
  const end =
    seconds === undefined
      ? `They never drain: more events come than the ${rate(perSecond)} a second that can go out.`
      : `They have gone out ${formatTime(seconds)} later, at ${rate(perSecond)} a second at most, with those that keep coming.`;
  return [
    `After an outage of Webex Campaign of ${count(hours)} h, ${count(Math.round(waiting))} event${Math.round(waiting) === 1 ? ' waits' : 's wait'}. ${end}`,
    ...(deadLettered > 0
      ? [`${count(Math.round(deadLettered))} were older than 24 h by then: dead letters, to be replayed.`]
      : []),
    ...(Number.isFinite(inFlightHours) && inFlightHours < 24
      ? [
          `After ${formatTime(inFlightHours * 3_600)} SQS has 120,000 messages in flight and hands out no more.`,
        ]
      : []),
    `For a higher rate, ${REMEDIES[limitedBy]}.`,
  ];
}

function rate(perSecond: number): string {
  return count(perSecond < 100 ? Number(perSecond.toFixed(1)) : Math.round(perSecond));
}

function formatTime(seconds: number): string {
  if (seconds < 7_200) return `${Math.ceil(seconds / 60)} min`;
  return `${(seconds / 3_600).toFixed(1)} h`;
}

function money(dollars: number): string {
  const digits = dollars > 0 && dollars < 0.005 ? 4 : 2;
  return `$${dollars.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })}`;
}

function count(number: number): string {
  return number.toLocaleString('en-US');
}

function percent(part: number): string {
  return `${count(Math.round(part * 1_000) / 10)} %`;
}

function from(least: number, most = Number.POSITIVE_INFINITY): (text: string) => number {
  return (text) => {
    const number = text.trim() === '' ? Number.NaN : Number(text);
    if (number >= least && number <= most) return number;
    const range = most === Number.POSITIVE_INFINITY ? `${least} or more` : `${least} to ${most}`;
    throw new InvalidArgumentError(`expected a number, ${range}`);
  };
}
