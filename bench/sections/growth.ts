import type { Mapping } from '../../lambdas/map/mapping.ts';
import { compileMapping } from '../../lambdas/map/webhook.ts';
import { httpEvent, invoiceBody, invoiceOfBytes, sqsEvent } from '../events.ts';
import { type Figure, figureOf, round } from '../figures.ts';
import { withSources } from '../many-sources.ts';
import { type ColdCase, compareColdStarts } from '../measure/cold-start.ts';
import { compareWork } from '../measure/in-process.ts';
import { growthExponent } from '../measure/statistics.ts';
import { compareWarm } from '../measure/warm.ts';
import type { Subject } from '../subjects.ts';
import type { Effort, World } from '../world.ts';
import { readMapping, runEngine } from './engine.ts';

const BYTES = [2_000, 20_000, 200_000, 900_000];
const EVENTS = [1, 10, 100, 1_000];
const PARAMETERS = [1, 40, 400];

/** How the cost of one webhook grows: 0 is flat, 1 is linear. */
export async function measureGrowth(world: World): Promise<readonly Figure[]> {
  const mapping = readMapping(world.subjects.deliver);
  return [
    exponent('ingest CPU by body size, 2 to 900 KB', await growIngest(world), 1.1),
    exponent('engine by body size, 2 to 900 KB', await growBody(world, mapping), 1.1),
    exponent('engine by events in a mapping, 1 to 1000', await growEvents(world, mapping), 0.3),
    exponent('engine by parameters, 1 to 400', await growParameters(world, mapping), 1.1),
    ...(await measureSourceGrowth(world)),
  ];
}

type Points = readonly (readonly [size: number, cost: number])[];

function exponent(what: string, points: Points, goal: number): Figure {
  return { id: 'growth', what, unit: 'exponent', value: round(growthExponent(points)), goal, isHeld: true };
}

async function growIngest({ subjects, effort }: World): Promise<Points> {
  const cases = Object.fromEntries(
    BYTES.map((bytes) => [
      String(bytes),
      { subject: subjects.ingest, event: httpEvent(invoiceOfBytes(bytes)) },
    ]),
  );
  const { launches, rounds } = effort.warm;
  const figures = await compareWarm(cases, String(BYTES[0]), { launches, rounds, events: 20, warmUp: 100 });
  return BYTES.map((bytes) => [bytes, figures[String(bytes)]?.cpu.median ?? Number.NaN]);
}

async function growBody(world: World, mapping: Mapping): Promise<Points> {
  const compiled = compileMapping(mapping);
  return grow(world, BYTES, (bytes) => {
    const body = Buffer.from(invoiceOfBytes(bytes));
    return () => runEngine(compiled, body, 'invoice.payment_failed');
  });
}

/** The event that is on the webhook's type stands last. */
async function growEvents(world: World, mapping: Mapping): Promise<Points> {
  const body = Buffer.from(invoiceBody());
  return grow(world, EVENTS, (count) => {
    const others = Array.from({ length: count - 1 }, (_, index) => ({
      ...firstEvent(mapping),
      name: `other-${index}`,
      on: [`other.${index}`],
    }));
    const compiled = compileMapping({ ...mapping, events: [...others, firstEvent(mapping)] });
    return () => runEngine(compiled, body, 'invoice.payment_failed');
  });
}

async function growParameters(world: World, mapping: Mapping): Promise<Points> {
  const body = Buffer.from(invoiceBody());
  return grow(world, PARAMETERS, (count) => {
    const names = Array.from({ length: count }, (_, index) => [`p${index}`, '{% data.object.currency %}']);
    const event = { ...firstEvent(mapping), 'event-params': Object.fromEntries(names) };
    const compiled = compileMapping({ ...mapping, events: [event] });
    return () => runEngine(compiled, body, 'invoice.payment_failed');
  });
}

function firstEvent({ events }: Mapping): Mapping['events'][number] {
  const [event] = events;
  if (event === undefined) throw new Error('The measured mapping has no event.');
  return event;
}

async function grow(
  { effort }: World,
  sizes: readonly number[],
  build: (size: number) => () => unknown,
): Promise<Points> {
  const cases = Object.fromEntries(sizes.map((size) => [String(size), build(size)]));
  const figures = await compareWork(cases, String(sizes[0]), effort.work);
  return sizes.map((size) => [size, figures[String(size)]?.micros.median ?? Number.NaN]);
}

const SOURCES = [1, 10, 100, 1_000];
const SOURCE_EVENTS = 50;

/**
 * How the cost of a webhook, and that of a cold start, grows with the number of mapping folders. The webhook is of the last
 * of them: at the cold start its secret and mapping are not among those that were made ready before it came.
 */
async function measureSourceGrowth({ subjects, effort }: World): Promise<readonly Figure[]> {
  return [
    ...(await measureFunction(
      'ingest',
      { subject: subjects.ingest, event: httpEvent(invoiceBody()) },
      effort,
    )),
    ...(await measureFunction(
      'deliver',
      { subject: subjects.deliver, event: sqsEvent(invoiceBody()) },
      effort,
    )),
  ];
}

function measureFunction(
  name: string,
  { subject, event }: ColdCase,
  effort: Effort,
): Promise<readonly Figure[]> {
  return withSources(subject, SOURCES, async (subjects) => {
    const caseOf = (sources: number) => ({ subject: subjects.get(sources) ?? subject, event });
    return [await growWarm(name, caseOf, effort), ...(await growCold(name, caseOf, effort))];
  });
}

type CaseOf = (sources: number) => { readonly subject: Subject; readonly event: object };

async function growWarm(name: string, caseOf: CaseOf, { warm }: Effort): Promise<Figure> {
  const cases = Object.fromEntries(SOURCES.map((sources) => [String(sources), caseOf(sources)]));
  const figures = await compareWarm(cases, String(SOURCES[0]), { ...warm, events: SOURCE_EVENTS });
  const points = SOURCES.map(
    (sources) => [sources, figures[String(sources)]?.ratio.median ?? Number.NaN] as const,
  );
  const what = `${name} CPU by mappings, 1 to 1000`;
  return {
    id: 'growth',
    what,
    unit: 'exponent',
    value: round(growthExponent(points)),
    goal: 0.1,
    isHeld: true,
  };
}

async function growCold(name: string, caseOf: CaseOf, { coldRounds }: Effort): Promise<readonly Figure[]> {
  const { one, ten, thousand } = await compareColdStarts(
    { one: () => caseOf(1), ten: () => caseOf(10), thousand: () => caseOf(1_000) },
    'one',
    coldRounds,
  );
  const of = (what: string, unit: 'ms' | 'x') => ({ id: 'growth', what: `${name} cold, ${what}`, unit });
  return [
    figureOf(of('1 mapping', 'ms'), one.wall),
    figureOf(of('10 mappings', 'ms'), ten.wall),
    figureOf(of('1000 mappings', 'ms'), thousand.wall),
    figureOf({ ...of('CPU time of 1000 mappings / 1', 'x'), isHeld: true }, thousand.cpuRatio),
  ];
}
