import type { CostLine } from './cost-lines.ts';
import type { Drain } from './drain.ts';
import type { Limit } from './limits.ts';
import type { Usage } from './usage.ts';

/** What `adapter cost` has found out. */
export type CostReport = {
  readonly stage: string;
  readonly usage: Usage;
  readonly pricesAt: string;
  readonly countedAt: string;
  readonly region: string;
  readonly lines: readonly CostLine[];
  readonly limits: readonly Limit[];
  readonly drain: Drain;
  readonly eventsPerSecond: number;
  readonly unpriced: readonly string[];
};

const NAME_WIDTH = 38;
const NUMBER_WIDTH = 12;

/** The report for a person. */
export function tellCost(report: CostReport): string {
  return [
    ...tellTitle(report),
    '',
    ...costTable(report),
    '',
    ...tellLargest(report.lines),
    ...tellUnpriced(report.unpriced),
    ...tellDrain(report),
    '',
    ...tellLimits(report.limits),
  ].join('\n');
}

function tellTitle({ stage, usage, region, pricesAt, countedAt }: CostReport): readonly string[] {
  const parts = [
    `${count(usage.webhooks)} webhooks a month`,
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
  const of = (per: CostLine['per']) =>
    lines.filter((line) => line.per === per).toSorted((one, other) => other.dollars - one.dollars);
  const sum = (some: readonly CostLine[]) => some.reduce((total, { dollars }) => total + dollars, 0);
  const block = (title: string, some: readonly CostLine[]) => [
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

/** What it would pay to make less of. */
function tellLargest(lines: readonly CostLine[]): readonly string[] {
  const [largest] = lines.toSorted((one, other) => other.dollars - one.dollars);
  const all = lines.reduce((total, { dollars }) => total + dollars, 0);
  return largest === undefined
    ? []
    : [`The largest line is ${largest.name}: ${Math.round((largest.dollars / all) * 100)} % of all.`, ''];
}

function tellUnpriced(types: readonly string[]): readonly string[] {
  return types.length === 0
    ? []
    : [`Not in it, as nobody has looked up their prices: ${types.join(', ')}.`, ''];
}

function tellDrain({ drain, eventsPerSecond }: CostReport): readonly string[] {
  const { hours, waiting, deadLettered, seconds, inFlightHours } = drain;
  const end =
    seconds === undefined
      ? `They never drain: more comes than the ${eventsPerSecond} a second that events-per-second lets out.`
      : `They have gone out ${sayTime(seconds)} later, at ${eventsPerSecond} a second at most, with what keeps coming.`;
  return [
    `After an outage of Webex Campaign of ${count(hours)} h, ${count(Math.round(waiting))} events wait. ${end}`,
    ...(deadLettered > 0
      ? [`${count(Math.round(deadLettered))} were older than 24 h by then: dead letters, to be replayed.`]
      : []),
    ...(Number.isFinite(inFlightHours) && inFlightHours < 24
      ? [`After ${sayTime(inFlightHours * 3_600)} SQS has 120,000 messages in flight and hands out no more.`]
      : []),
  ];
}

function tellLimits(limits: readonly Limit[]): readonly string[] {
  return [
    'As the rate grows, these limits are hit, in webhooks a second (a month):',
    ...limits.map(
      ({ name, perSecond, remedy }) =>
        `${rate(perSecond).padStart(9)} (${millions(perSecond).padStart(9)})  ${name}: ${remedy}`,
    ),
  ];
}

function rate(perSecond: number): string {
  return perSecond < 100 ? perSecond.toFixed(1) : count(Math.round(perSecond));
}

function millions(perSecond: number): string {
  const month = (perSecond * 2.628).toFixed(1);
  return `${count(Number(month))} M`;
}

function sayTime(seconds: number): string {
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
