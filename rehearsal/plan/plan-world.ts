import { createRandom, type Random } from '../random.ts';
import type { Fault } from './faults.ts';
import { FAULTS } from './faults.ts';
import type { Plan, PlannedWebhook, SourceName, Step } from './plan.ts';
import { drawWorldEvents, type WorldEvent } from './plan.ts';

/** What a script is made of. */
export type PlanSettings = {
  readonly seed: number;
  /** How many different webhooks are sent. */
  readonly events: number;
  /** Without it, each fault is there at least once as far as there are webhooks enough. */
  readonly faults?: readonly Fault[];
  /** What may befall the world; everything, where nothing is said. */
  readonly befalls?: (event: WorldEvent['name']) => boolean;
};

/** Writes the script of a rehearsal: the same for the same settings. */
export function planWorld({ seed, events, faults = FAULTS, befalls = () => true }: PlanSettings): Plan {
  const random = createRandom(seed);
  const drawn = drawFaults(random, events, faults);
  const webhooks = drawn.map((fault, index) => drawWebhook(random, fault, `s${seed}-${index}`));
  return { seed, webhooks, steps: writeSteps(random, webhooks, befalls) };
}

/** Puts webhooks into bursts, and what befalls the world between them. */
export function writeSteps(
  random: Random,
  webhooks: readonly PlannedWebhook[],
  befalls: (event: WorldEvent['name']) => boolean = () => true,
): readonly Step[] {
  const bursts = drawBursts(random, webhooks);
  const world = drawWorldEvents(random, Math.ceil(webhooks.length / 700)).filter(({ name }) => befalls(name));
  return putInWorld(random, bursts, world);
}

/** Each fault once with every policy, in an order of chance, and then by their weights. */
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

function drawWebhook(random: Random, fault: Fault, id: string): PlannedWebhook {
  const policy = random.pick(fault.policies);
  return {
    id,
    source: drawSource(random, fault, policy),
    policy,
    fault,
    text: random.pick([
      'plain',
      'Zoë Ümlaut',
      '"quoted" \\ and / slashed',
      '字 🎉 end',
      '820982911946154508',
    ]),
    style: fault.flaw === 'respaced' ? 'compact' : random.pick(['compact', 'spaced', 'escaped']),
    items: fault.type === 'listed' ? random.int(1, 5) : 1,
    answers: fault.answers(random, policy),
  };
}

/** A signature that has no time cannot be stale, and the late source knows one event only. */
function drawSource(
  random: Random,
  { name, type, flaw }: Fault,
  policy: PlannedWebhook['policy'],
): SourceName {
  if (policy === 'retry') return 'repeating';
  const isPlain = name === 'none' && type === 'told' && flaw === undefined;
  return isPlain && random.int(1, 5) === 1 ? 'late' : 'parking';
}

/** Reordered, in bursts of any size; the slow ones together and early, so that they are waited for only once. */
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

const NEEDS_DEAD_LETTERS: readonly WorldEvent['name'][] = ['redrive-all', 'replay-all'];

/** Always before another burst. An operator replays when there is something to replay, and sets what is missing soon. */
function putInWorld(random: Random, bursts: readonly Step[], events: readonly WorldEvent[]): readonly Step[] {
  const steps = [...bursts];
  for (const event of events) {
    const middle = Math.floor(steps.length / 2);
    const latest = event.name === 'late-secret-set' ? middle : steps.length - 1;
    const earliest = NEEDS_DEAD_LETTERS.includes(event.name) ? middle : Math.min(1, latest);
    steps.splice(random.int(earliest, latest), 0, { kind: 'world', event });
  }
  return steps;
}
