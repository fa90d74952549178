import { identifyWebhook } from '../../lambdas/ingest/identity.ts';
import { verifySignature } from '../../lambdas/ingest/signature/verify.ts';
import { bodiesOf, trySigning } from './build-webhook.ts';
import { createRandom, FAULTS, type Fault, type Random } from './faults.ts';
import {
  drawWorldEvents,
  type Plan,
  type PlannedWebhook,
  type SourceName,
  type Step,
  type WorldEvent,
} from './plan.ts';
import type { StudiedExample } from './study-example.ts';

/** What a script is made of. */
export type PlanSettings = {
  readonly seed: number;
  /** How many different webhooks are sent. */
  readonly events: number;
  /**
   * What can go wrong with webhooks.
   * @default every fault, each at least once if there are webhooks enough
   */
  readonly faults?: readonly Fault[];
  /**
   * Which world events may befall.
   * @default all of them
   */
  readonly befalls?: (event: WorldEvent['name']) => boolean;
};

/** Writes the script of a rehearsal with its own mappings: the same for the same settings. */
export function planWorld({ seed, events, faults = FAULTS, befalls = () => true }: PlanSettings): Plan {
  const random = createRandom(seed);
  const drawn = drawFaults(random, events, faults);
  const webhooks = drawn.map((fault, index) => drawWebhook(random, fault, `s${seed}-${index}`));
  return { seed, webhooks, steps: writeSteps(random, webhooks, befalls) };
}

/** Puts webhooks into bursts, and what befalls the world between them. */
function writeSteps(
  random: Random,
  webhooks: readonly PlannedWebhook[],
  befalls: (event: WorldEvent['name']) => boolean = () => true,
): readonly Step[] {
  const bursts = drawBursts(random, webhooks);
  const world = drawWorldEvents(random, Math.ceil(webhooks.length / 700)).filter(({ name }) => befalls(name));
  return putInWorld(random, bursts, world);
}

/** Draws each fault once with every policy, in random order, and then by their weights. */
function drawFaults(random: Random, count: number, faults: readonly Fault[]): readonly Fault[] {
  const each = faults.flatMap((fault) =>
    fault.policies.map((policy): Fault => ({ ...fault, policies: [policy] })),
  );
  const once = random.shuffle(each).slice(0, count);
  const total = faults.reduce((sum, { weight }) => sum + weight, 0);
  const more = Array.from({ length: count - once.length }, () => byWeight(faults, random.int(1, total)));
  return [...once, ...more.filter((fault) => fault !== undefined)];
}

/** The fault in which a number lies, each being as wide as its weight. */
function byWeight(faults: readonly Fault[], number: number): Fault | undefined {
  let reached = 0;
  return faults.find(({ weight }) => {
    reached += weight;
    return number <= reached;
  });
}

const TEXTS: readonly [string, ...string[]] = [
  'plain',
  'Zoë Ümlaut',
  '"quoted" \\ and / slashed',
  '字 🎉 end',
  '820982911946154508',
];

function drawWebhook(random: Random, fault: Fault, id: string): PlannedWebhook {
  const policy = random.pick(fault.policies);
  return {
    id,
    source: drawSource(random, fault, policy),
    policy,
    fault,
    text: fault.text ?? random.pick(TEXTS),
    style: fault.flaw === 'respaced' ? 'compact' : random.pick(['compact', 'spaced', 'escaped']),
    items: fault.items ?? (fault.type === 'listed' ? random.int(1, 5) : 1),
    answers: fault.answers(random, policy),
  };
}

/** A signature that has no time cannot be stale, and the late source knows one event only. */
function drawSource(
  random: Random,
  { name, type, flaw, source }: Fault,
  policy: PlannedWebhook['policy'],
): SourceName {
  if (source !== undefined) return source;
  if (policy === 'retry') return 'repeating';
  const isPlain = name === 'none' && type === 'told' && flaw === undefined;
  return isPlain && random.int(1, 5) === 1 ? 'late' : 'parking';
}

/** Shuffles the webhooks into bursts of any size; the slow ones come together and early, to be waited for only once. */
function drawBursts(random: Random, webhooks: readonly PlannedWebhook[]): readonly Step[] {
  const places = webhooks.map((_, index) => index);
  const isSlow = (index: number) => webhooks[index]?.fault.isSlow === true;
  const slow = random.shuffle(places.filter(isSlow));
  const copies = places.flatMap((index) =>
    Array<number>(webhooks[index]?.fault.again?.later ?? 0).fill(index),
  );
  const others = random.shuffle([...places.filter((index) => !isSlow(index)), ...copies]);
  const bursts: Step[] = [];
  while (others.length > 0) {
    const posts = others.splice(0, random.int(1, 30)).flatMap((index) => {
      const atOnce = webhooks[index]?.fault.again?.atOnce ?? 0;
      return Array<number>(1 + atOnce).fill(index);
    });
    bursts.push({ kind: 'burst', posts });
  }
  const slowBursts: Step[] = [];
  while (slow.length > 0) slowBursts.push({ kind: 'burst', posts: slow.splice(0, 10) });
  return [...bursts.slice(0, 1), ...slowBursts, ...bursts.slice(1)];
}

/** In the second half there are dead letters to replay, and the mapping has changed. */
const IN_SECOND_HALF: readonly WorldEvent['name'][] = ['redrive-all', 'replay-all', 'mapping-restored'];
const IN_FIRST_HALF: readonly WorldEvent['name'][] = ['late-secret-set', 'mapping-changed'];

/** Puts each event before a burst. */
function putInWorld(random: Random, bursts: readonly Step[], events: readonly WorldEvent[]): readonly Step[] {
  const steps = [...bursts];
  for (const event of events) {
    const middle = Math.floor(steps.length / 2);
    const latest = IN_FIRST_HALF.includes(event.name) ? middle : steps.length - 1;
    const earliest = IN_SECOND_HALF.includes(event.name) ? middle : Math.min(1, latest);
    steps.splice(random.int(earliest, latest), 0, { kind: 'world', event });
  }
  return inOrder(steps);
}

/** Both may come in the very middle: the mapping changes before it is restored. */
function inOrder(steps: readonly Step[]): readonly Step[] {
  const placeOf = (name: WorldEvent['name']) =>
    steps.findIndex((step) => step.kind === 'world' && step.event.name === name);
  const [changed, restored] = [placeOf('mapping-changed'), placeOf('mapping-restored')];
  const [one, other] = [steps[changed], steps[restored]];
  if (one === undefined || other === undefined || changed < restored) return steps;
  return steps.with(changed, other).with(restored, one);
}

/** How many marks a webhook has: one for each of its leaves. */
const MARKS_A_WEBHOOK = 400;

/** The faults that can befall any webhook; the others are properties of the rehearsal's own mappings. */
const ANY_WEBHOOK = FAULTS.filter(({ type }) => type === 'told');

type Drawn = { readonly fault: Fault; readonly studied: StudiedExample };

/**
 * Writes the script of a rehearsal with an adopter's mappings: webhooks are made of their examples, each example once
 * without any fault, and each fault once, if there are webhooks enough.
 */
export async function planExamples(
  { seed, events, faults = ANY_WEBHOOK, befalls }: PlanSettings,
  examples: readonly StudiedExample[],
  skipped: readonly string[],
): Promise<Plan> {
  const random = createRandom(seed);
  const usable = faults.filter((fault) => ANY_WEBHOOK.some(({ name }) => name === fault.name));
  const fitting = new Map(usable.map((fault) => [fault, examples.filter((one) => fits(fault, one))]));
  const unfit = usable.filter((fault) => fitting.get(fault)?.length === 0).map(({ name }) => name);
  const drawn = drawExamples(random, events, { fitting, examples });
  const webhooks = await Promise.all(drawn.map((one, index) => makeWebhook(random, one, { seed, index })));
  const notRehearsed = [
    ...skipped,
    ...unfit.map((name) => `fault "${name}": there is no example that it can befall`),
  ];
  return { seed, webhooks, steps: writeSteps(random, webhooks, befalls), notRehearsed };
}

type Choice = {
  readonly fitting: ReadonlyMap<Fault, readonly StudiedExample[]>;
  readonly examples: readonly StudiedExample[];
};

function drawExamples(random: Random, count: number, { fitting, examples }: Choice): readonly Drawn[] {
  const pickFor = (fault: Fault): readonly Drawn[] => {
    const [first, ...more] = fitting.get(fault) ?? [];
    return first === undefined ? [] : [{ fault, studied: random.pick([first, ...more]) }];
  };
  const faults = [...fitting.keys()];
  const plain = faults.find(({ name }) => name === 'none');
  const shown = plain === undefined ? [] : examples.map((studied) => ({ fault: plain, studied }));
  const drawn = random.shuffle([...shown, ...faults.flatMap(pickFor)]).slice(0, count);
  const total = faults.reduce((sum, { weight }) => sum + weight, 0);
  // A fault that fits no example gives none: more tries than webhooks.
  for (let tries = 0; drawn.length < count && tries < count * 10; tries += 1) {
    const fault = byWeight(faults, random.int(1, total));
    drawn.push(...(fault === undefined ? [] : pickFor(fault)));
  }
  return drawn;
}

async function makeWebhook(
  random: Random,
  { fault, studied }: Drawn,
  { seed, index }: { readonly seed: number; readonly index: number },
): Promise<PlannedWebhook> {
  const policy = studied.events.find(({ isScripted }) => isScripted)?.policy ?? 'park';
  const webhook = {
    id: `s${seed}-${index}`,
    source: studied.source.mapping.source,
    policy,
    fault,
    text: '',
    style: 'compact' as const,
    items: studied.events.length,
    answers: fault.answers(random, policy),
  };
  return { ...webhook, example: await studied.make((seed * 10_000 + index) * MARKS_A_WEBHOOK + 1_000) };
}

/** Whether a fault can befall webhooks of an example, and shows then. */
function fits(fault: Fault, studied: StudiedExample): boolean {
  if (fault.flaw !== undefined) return isSeenAtIngest(fault, studied);
  const isInTheAnswer = fault.answers(createRandom(0), 'park').length > 0;
  return !isInTheAnswer || studied.events.some(({ isScripted }) => isScripted);
}

/** A signature that has no time cannot be stale, and what travels as a secret alone covers no body. */
function isSeenAtIngest(fault: Fault, { source, example }: StudiedExample): boolean {
  const { mapping, secret } = source;
  const { headers, rawBody } = example.webhook;
  const webhook: PlannedWebhook = {
    id: 'id',
    source: mapping.source,
    policy: 'park',
    fault,
    text: '',
    style: 'compact',
    items: 0,
    answers: [],
    example: { name: example.name, headers: Object.fromEntries(headers), bodyAt: () => rawBody, events: [] },
  };
  const url = 'http://127.0.0.1';
  const terms = { secret, forged: `${secret.slice(0, -8)}AAAAAAA=`, url };
  const [body = new Uint8Array()] = bodiesOf(webhook, new Date(0), 0);
  const signed = trySigning(webhook, body, mapping, terms);
  if (!signed.ok) return false;
  if (fault.flaw === 'stranger' || fault.flaw === 'empty') return true;
  const { path, headers: posted, body: postedBody } = signed.value;
  const request = { headers: new Map(Object.entries(posted)), rawBody: postedBody };
  if (fault.flaw === 'not-json') return !identifyWebhook(mapping.profile, request).ok;
  const { signature } = mapping.profile;
  const publicUrl = 'publicUrl' in signature ? signature.publicUrl : undefined;
  return !verifySignature(signature, {
    ...request,
    method: 'POST',
    url: publicUrl ?? `${url}/webhooks/${mapping.source}`,
    query: new URL(path, url).search.slice(1),
    receivedAt: new Date(),
    secrets: [secret],
  }).ok;
}
