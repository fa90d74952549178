import { httpEvent, invoiceBody, sqsEvent } from '../events.ts';
import { type Figure, figureOf, round } from '../figure.ts';
import { withSources } from '../many-sources.ts';
import { type ColdCase, compareColdStarts } from '../measure/cold-start.ts';
import { growthExponent } from '../measure/statistics.ts';
import { compareWarm } from '../measure/warm.ts';
import type { Subject } from '../subjects.ts';
import type { Effort, World } from '../world.ts';

const SOURCES = [1, 10, 100, 1_000];
const EVENTS = 50;

/**
 * How the cost of a webhook, and that of a cold start, grows with the number of mapping folders. The webhook is of the last
 * of them: at the cold start its secret and mapping are not among those that were made ready before it came.
 */
export async function measureSourceGrowth({ subjects, effort }: World): Promise<readonly Figure[]> {
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
  const figures = await compareWarm(cases, String(SOURCES[0]), { ...warm, events: EVENTS });
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
