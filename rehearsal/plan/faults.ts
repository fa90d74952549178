import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { DeadLetterCode } from '../../lambdas/dead-letter/note.ts';
import type { Script } from '../../local/webex-campaign/answers.ts';

/** Chance that is the same for the same seed. */
export type Random = {
  /** A whole number from `least` to `most`, both included. */
  readonly int: (least: number, most: number) => number;
  readonly coin: () => boolean;
  readonly pick: <Item>(items: readonly [Item, ...Item[]]) => Item;
  readonly shuffle: <Item>(items: readonly Item[]) => Item[];
};

/** Starts a row of chances. */
export function createRandom(seed: number): Random {
  const generator = xoroshiro128plus(seed);
  const int = (least: number, most: number) => uniformInt(generator, least, most);
  return {
    int,
    coin: () => int(0, 1) === 1,
    pick: (items) => items[int(0, items.length - 1)] ?? items[0],
    shuffle: (items) => {
      const shuffled = [...items];
      for (let last = shuffled.length - 1; last > 0; last -= 1) {
        const other = int(0, last);
        const [one, two] = [shuffled[last], shuffled[other]];
        if (one !== undefined && two !== undefined) [shuffled[last], shuffled[other]] = [two, one];
      }
      return shuffled;
    },
  };
}

/** What the rehearsal's own sources do with an event that is unconfirmed. */
export type Policy = 'park' | 'retry';

/** How a campaign event, or the webhook that it would have come from, may end. */
export type End = 'delivered' | 'expired' | 'skipped' | 'ignored' | 'refused' | DeadLetterCode;

/** What is wrong with a webhook that no vendor would have sent so. */
type Flaw = 'tampered' | 'respaced' | 'stale' | 'unsigned' | 'forged' | 'not-json' | 'stranger' | 'empty';

/** One thing that can go wrong with a webhook, and what has to come of it. */
export type Fault = {
  readonly name: string;
  /** How often it is drawn once each has been there, relative to the others. */
  readonly weight: number;
  /** The type of its webhook: an event of the rehearsal's mappings. */
  readonly type:
    | 'told'
    | 'listed'
    | 'dated'
    | 'asked'
    | 'poisoned'
    | 'nobody'
    | 'unwanted'
    /** Its event is renamed in the middle of the run, and back. */
    | 'greeted'
    /** Its event is removed in the middle of the run, and comes back. */
    | 'leaving';
  /** The source that it befalls, where that does not follow from the policy. */
  readonly source?: 'cutting';
  readonly policies: readonly [Policy, ...Policy[]];
  /** What Webex Campaign answers, before it follows the contract again. */
  readonly answers: (random: Random, policy: Policy) => Script;
  /** The ends that are right. */
  readonly ends: (policy: Policy) => readonly End[];
  /** How often the webhook is sent again: later on, and at the same time. */
  readonly again?: { readonly later: number; readonly atOnce: number };
  readonly flaw?: Flaw;
  /** How many items a list has, where that is not left to chance. */
  readonly items?: number;
  /** What its webhook says, where that is not left to chance. */
  readonly text?: string;
  /** Whether it takes seconds: such webhooks are sent together, so that they are waited for together. */
  readonly isSlow?: true;
  /** Whether the workers are killed as soon as it is called. */
  readonly killsWorkers?: true;
  /** How long ago its event happened, in days. */
  readonly ageDays?: number;
};

const BOTH: readonly [Policy, Policy] = ['park', 'retry'];

/** Something that Webex Campaign answers clearly. */
export function answered(name: string, answers: Fault['answers'], ...ends: readonly End[]): Fault {
  return { name, weight: 6, type: 'told', policies: BOTH, answers, ends: () => ends };
}

/** An answer that may stand for an accepted event as well as for one that was not: half of them are. */
function unclear(name: string, answer: Script[number], more: Partial<Fault> = {}): Fault {
  return {
    name,
    weight: 6,
    type: 'told',
    policies: BOTH,
    answers: (random, policy) => {
      const times = policy === 'retry' && more.isSlow === undefined ? random.int(1, 2) : 1;
      return Array.from({ length: times }, () => ({ accepts: random.coin(), ...answer }));
    },
    ends: (policy) => [policy === 'park' ? 'unconfirmed' : 'delivered'],
    ...more,
  };
}

/** Something about the webhook itself: Webex Campaign keeps to the contract. */
function own(name: string, end: End, more: Partial<Fault> = {}): Fault {
  return { name, weight: 10, type: 'told', policies: BOTH, answers: () => [], ends: () => [end], ...more };
}

const PROOF = { 'transaction-id': 'event_0' };
const HTML = '<html><body>Not what you wanted</body></html>';

/** The contract's failure codes, each under both settings of the switch, and once as text. */
const REFUSED: readonly Fault[] = [
  answered('1001 in 200', () => [coded(200, 1001)], 'webex-invalid-json'),
  answered('1001 in 500', () => [coded(500, 1001)], 'webex-invalid-json'),
  answered('1002 in 200', () => [coded(200, '1002')], 'webex-mandatory-field-missing'),
  answered('1002 in 500', () => [coded(500, 1002)], 'webex-mandatory-field-missing'),
  answered('1003 in 200', () => [coded(200, 1003)], 'webex-no-recommendation'),
  answered('1003 in 500', () => [coded(500, 1003)], 'webex-no-recommendation'),
  answered('403 by a firewall', () => [{ status: 403, body: HTML }], 'webex-refused'),
  // While the endpoint is known to fail, these are its address's fault and wait.
  answered('404', () => [coded(404, 404)], 'webex-not-found', 'delivered'),
  answered('405', () => [coded(405, 405)], 'webex-method-not-supported', 'delivered'),
  answered(
    '302 to elsewhere',
    () => [{ status: 302, headers: { location: 'http://127.0.0.1:9/' } }],
    'webex-redirected',
    'delivered',
  ),
];

const RETRIED: readonly Fault[] = [
  answered('429', (random) => [{ ...coded(429, 429), times: random.int(1, 3) }], 'delivered'),
  answered('429, in seconds', (random) => [throttled(String(random.int(1, 20)))], 'delivered'),
  answered('429, by a date', () => [throttled('Sun, 06 Nov 1994 08:49:37 GMT')], 'delivered'),
  answered('429, nonsense', () => [throttled('soon')], 'delivered'),
  { ...answered('401 with 430', () => [coded(401, 430)], 'delivered'), weight: 2 },
  { ...answered('401 with 498', () => [coded(401, 498)], 'delivered'), weight: 2 },
  answered('503 with Retry-After', (random) => [unavailable(String(random.int(1, 20)))], 'delivered'),
  answered('slow', (random) => [{ judgeAfterMilliseconds: random.int(100, 800) }], 'delivered'),
];

const UNCLEAR: readonly Fault[] = [
  unclear('500 in 200', coded(200, 500)),
  unclear('500 in 500', coded(500, 500)),
  unclear('499', coded(499, 499)),
  unclear('502', coded(502, 502)),
  unclear('502 by a gateway', { status: 502, body: HTML }),
  unclear('503 by a gateway', { status: 503, body: HTML }),
  unclear('504 by a gateway', { status: 504, body: HTML }),
  unclear('200, empty', { status: 200 }),
  unclear('200, HTML', { status: 200, body: HTML }),
  unclear('200, {}', { status: 200, body: {} }),
  unclear('200, id and code', { status: 200, body: { ...PROOF, code: 500 } }),
  unclear('reset before it was read', { reset: true, accepts: false }),
  unclear('reset after it was read', { reset: true, accepts: true }),
  unclear('cut off', { status: 200, body: PROOF, cut: true }),
  unclear('hang', { hang: true }, { weight: 1, isSlow: true }),
  unclear('too slow', { judgeAfterMilliseconds: 11_000 }, { weight: 1, isSlow: true }),
  unclear('worker killed', { hang: true }, { weight: 0, isSlow: true, killsWorkers: true }),
];

const PARK: Fault['policies'] = ['park'];

/** Long parameters in other scripts, of which Webex Campaign's refusal quotes all. Both are within its 24 KB. */
const CYRILLIC = 'Ж'.repeat(6_500);
const LONG_URL = `https://shop.example.com/?${'a/b?c=d&'.repeat(2_600)}`;

const LONG: readonly Fault[] = [
  {
    ...answered('429 that quotes Cyrillic', () => [quoting(429, 429, CYRILLIC)], 'delivered'),
    text: CYRILLIC,
  },
  {
    ...answered('1001 that quotes Cyrillic', () => [quoting(200, 1001, CYRILLIC)], 'webex-invalid-json'),
    text: CYRILLIC,
  },
  { ...answered('429 that quotes a URL', () => [quoting(429, 429, LONG_URL)], 'delivered'), text: LONG_URL },
];

/** More than one function's time, or one worker's share of the rate, allows: work has to go on where it stopped. */
const LARGE = 1_500;

const OWN: readonly Fault[] = [
  own('none', 'delivered', { weight: 500 }),
  own('sent again later', 'delivered', { weight: 60, again: { later: 2, atOnce: 0 } }),
  own('ten at once', 'delivered', { weight: 15, again: { later: 0, atOnce: 9 } }),
  own('a list', 'delivered', { weight: 30, type: 'listed', again: { later: 1, atOnce: 1 } }),
  {
    ...answered('a list, one refused', () => [coded(200, 1002)], 'webex-mandatory-field-missing'),
    type: 'listed',
    again: { later: 1, atOnce: 0 },
  },
  own('a large batch', 'delivered', {
    weight: 0,
    type: 'listed',
    policies: PARK,
    items: LARGE,
    isSlow: true,
    again: { later: 1, atOnce: 0 },
  }),
  own('re-cut retry', 'delivered', {
    weight: 30,
    type: 'listed',
    policies: PARK,
    source: 'cutting',
    again: { later: 2, atOnce: 0 },
  }),
  {
    ...answered('re-cut retry, one refused', () => [coded(200, 1002)], 'webex-mandatory-field-missing'),
    type: 'listed',
    policies: PARK,
    source: 'cutting',
    again: { later: 2, atOnce: 0 },
  },
  own('event renamed', 'delivered', {
    weight: 40,
    type: 'greeted',
    policies: PARK,
    again: { later: 1, atOnce: 0 },
  }),
  {
    ...own('event removed', 'delivered', { weight: 40, type: 'leaving', policies: PARK }),
    // Webhooks that come while no event wants them are ignored.
    ends: () => ['delivered', 'no-mapping', 'ignored'],
  },
  own('poison', 'expression-failed', { type: 'poisoned', policies: PARK }),
  own('nobody to tell', 'event-key-missing', { type: 'nobody', policies: PARK }),
  own('too old', 'expired', { type: 'dated', policies: PARK, ageDays: 60 }),
  own('not too old', 'delivered', { type: 'dated', policies: PARK, ageDays: 0 }),
  own('not asked for', 'skipped', { type: 'asked', policies: PARK }),
  own('not wanted', 'ignored', { type: 'unwanted' }),
];

const FLAWED: readonly Fault[] = [
  own('tampered with', 'refused', { flaw: 'tampered' }),
  own('respaced', 'refused', { flaw: 'respaced' }),
  own('stale', 'refused', { flaw: 'stale' }),
  own('unsigned', 'refused', { flaw: 'unsigned' }),
  own('forged', 'refused', { flaw: 'forged' }),
  own('not JSON', 'refused', { flaw: 'not-json' }),
  own('of a stranger', 'refused', { flaw: 'stranger' }),
  own('empty', 'refused', { flaw: 'empty' }),
];

/** All that can go wrong with a webhook; docs/rehearsal.md says what each means. */
export const FAULTS: readonly Fault[] = [...OWN, ...REFUSED, ...RETRIED, ...LONG, ...UNCLEAR, ...FLAWED];

function coded(status: number, code: number | string): Script[number] & { readonly status: number } {
  return { status, body: { code, description: 'Rehearsed' } };
}

function quoting(status: number, code: number, text: string): Script[number] {
  return { status, body: { code, description: `Cannot take "${text}" now` } };
}

function unavailable(retryAfter: string): Script[number] {
  return { status: 503, body: HTML, headers: { 'retry-after': retryAfter } };
}

function throttled(retryAfter: string): Script[number] {
  return { ...coded(429, 429), headers: { 'retry-after': retryAfter } };
}
