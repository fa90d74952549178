import { type Period, SLOTS, startOfSlot } from './log-counts.ts';
import { type EventNumbers, type MessageReport, type Report, type SourceReport, sumOf } from './numbers.ts';

/** What differs much between the halves. */
export type Finding = {
  readonly kind: 'fill-rate' | 'api-version' | 'match-rate' | 'key-quality' | 'skipped' | 'silence';
  readonly source: string;
  readonly message?: string;
  /** A sentence without its point. */
  readonly text: string;
  /** Whether it is for the worse; a new version may be either. */
  readonly isWorse: boolean;
};

/** A part of a whole: `part` of `of`. */
type Part = { readonly part: number; readonly of: number };

/** With fewer, a difference may be chance, whatever its size. */
const FEWEST = 20;
/** A tenth of all is much; less is for a person who looks. */
const LEAST_DIFFERENCE = 0.1;
/** In standard errors: the two halves differ so by chance once in some 400 times. */
const LEAST_ERRORS = 3;

/** Whether two parts differ much, and not by chance (a two-proportion z-test). */
function differ(one: Part, other: Part): boolean {
  if (Math.min(one.of, other.of) < FEWEST) return false;
  const difference = Math.abs(one.part / one.of - other.part / other.of);
  const pooled = (one.part + other.part) / (one.of + other.of);
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / one.of + 1 / other.of));
  return difference >= LEAST_DIFFERENCE && difference >= LEAST_ERRORS * error;
}

/** Finds what differs much between the halves of a report's period, in words. */
export function findDifferences({ period, sources }: Report): readonly Finding[] {
  const since = formatMiddle(period);
  return sources.flatMap((source) => [
    ...source.messages.flatMap((message) => [
      ...findSilence(source.name, message, since),
      ...findFills(source.name, message, since),
      ...findShares(source.name, message, since),
    ]),
    ...findVersions(source, since),
  ]);
}

function findSilence(source: string, { name, numbers }: MessageReport, since: string): readonly Finding[] {
  const { before, after } = numbers;
  if (before.events < FEWEST || after.events > 0) return [];
  const text = `${name} has had no event since ${since}; before there were ${before.events}`;
  return [{ kind: 'silence', source, message: name, text, isWorse: true }];
}

function findFills(source: string, { name, parameters }: MessageReport, since: string): readonly Finding[] {
  return parameters.flatMap(({ name: parameter, fill: { before, after } }) => {
    const [one, other] = [partOf(before.missing, before.sent), partOf(after.missing, after.sent)];
    if (!differ(one, other)) return [];
    const text = `${parameter} is missing in ${percent(other)} of ${name} since ${since}; before in ${percent(one)}`;
    return [{ kind: 'fill-rate', source, message: name, text, isWorse: isMore(other, one) }] as const;
  });
}

/** The shares of a message's events that are watched: how much of each is good, and how it is said. */
const SHARES: readonly {
  readonly kind: Finding['kind'];
  readonly badOf: (numbers: EventNumbers) => Part;
  readonly say: (share: string, name: string) => string;
}[] = [
  {
    kind: 'skipped',
    badOf: ({ events, skipped }) => partOf(sumOf(skipped), events),
    say: (share, name) => `${share} of ${name} does not meet the mapping's condition`,
  },
  {
    kind: 'key-quality',
    badOf: ({ matched, keyQuality = 1 }) => partOf(Math.round((1 - keyQuality) * matched), matched),
    say: (share, name) => `${share} of ${name} has no usable key`,
  },
  {
    kind: 'match-rate',
    badOf: ({ matched, delivered }) => partOf(matched - delivered, matched),
    say: (share, name) => `${share} of ${name} is not delivered`,
  },
];

function findShares(source: string, { name, numbers }: MessageReport, since: string): readonly Finding[] {
  return SHARES.flatMap(({ kind, badOf, say }) => {
    const [one, other] = [badOf(numbers.before), badOf(numbers.after)];
    if (!differ(one, other)) return [];
    const text = `${say(percent(other), name)} since ${since}; before ${percent(one)}`;
    return [{ kind, source, message: name, text, isWorse: isMore(other, one) }];
  });
}

/** A version that was not there before. It is found at once, whatever the number. */
function findVersions({ name, apiVersions: { before, after }, messages }: SourceReport, since: string) {
  const known = Object.keys(before);
  const added = Object.entries(after).filter(([version]) => !known.includes(version));
  return (known.length === 0 ? [] : added).map(([version, count]): Finding => {
    const about = messages.filter(({ apiVersions }) => version in apiVersions.after).map((one) => one.name);
    const which = about.length === 0 ? '' : ` (${about.join(', ')})`;
    const text = `API version ${version} of ${name} is new since ${since}: ${count} of ${sumOf(after)} webhooks${which}; before ${known.join(', ')}`;
    return { kind: 'api-version', source: name, text, isWorse: false };
  });
}

function partOf(part: number, of: number): Part {
  return { part, of };
}

function isMore(one: Part, other: Part): boolean {
  return one.part / one.of > other.part / other.of;
}

/** `48 %`; a small part of one is not rounded to nothing, nor the other to all. */
export function percent({ part, of }: Part): string {
  const share = (100 * part) / of;
  const isNearEnd = (share > 0 && share < 1) || (share > 99 && share < 100);
  return `${isNearEnd ? share.toFixed(1) : Math.round(share)} %`;
}

const DAY_MILLISECONDS = 86_400_000;

/** `12 June`, with the time of day where the period is short. In UTC. */
export function formatMiddle(period: Period): string {
  const { since, until } = period;
  const middle = startOfSlot(period, SLOTS / 2);
  const day = middle.toLocaleDateString('en-GB', { day: 'numeric', month: 'long', timeZone: 'UTC' });
  const isLong = until.getTime() - since.getTime() >= 2 * DAY_MILLISECONDS;
  return isLong ? day : `${day}, ${middle.toISOString().slice(11, 16)} UTC`;
}
