import { httpEvent, invoiceBody, sqsEvent } from '../events.ts';
import { type Figure, figureOf } from '../figure.ts';
import { compareColdStarts } from '../measure/cold-start.ts';
import type { Subject } from '../subjects.ts';
import type { World } from '../world.ts';

/** P1, P2: from the start of the process to the answer of the first event, against the usual stack. */
export async function measureColdStarts(world: World): Promise<readonly Figure[]> {
  return [...(await measureIngest(world)), ...(await measureDeliver(world))];
}

async function measureIngest({ subjects, effort }: World): Promise<readonly Figure[]> {
  const of = (subject: Subject) => () => ({ subject, event: httpEvent(invoiceBody()) });
  const { ours, usual } = await compareColdStarts(
    { usual: of(subjects.usualIngest), ours: of(subjects.ingest) },
    'usual',
    effort.coldRounds,
  );
  return [
    figureOf({ id: 'P1', what: 'ingest cold / usual stack', unit: 'x', goal: 0.7 }, ours.ratio),
    figureOf({ id: 'P1', what: 'the same in CPU time', unit: 'x', isHeld: true }, ours.cpuRatio),
    figureOf({ id: 'P1', what: 'ingest cold', unit: 'ms' }, ours.wall),
    figureOf({ id: 'P1', what: 'usual ingest cold', unit: 'ms' }, usual.wall),
  ];
}

async function measureDeliver({ subjects, effort }: World): Promise<readonly Figure[]> {
  const of = (subject: Subject, type?: string) => () => ({ subject, event: sqsEvent(invoiceBody(type)) });
  const { jsonata, paths, usual } = await compareColdStarts(
    {
      usual: of(subjects.usualDeliver),
      jsonata: of(subjects.deliver, 'invoice.looked-through'),
      paths: of(subjects.deliver),
    },
    'usual',
    effort.coldRounds,
  );
  return [
    figureOf(
      { id: 'P2', what: 'deliver cold, with JSONata / usual stack', unit: 'x', goal: 0.68 },
      jsonata.ratio,
    ),
    figureOf({ id: 'P2', what: 'the same in CPU time', unit: 'x', isHeld: true }, jsonata.cpuRatio),
    figureOf({ id: 'P2', what: 'deliver cold, with paths alone / usual stack', unit: 'x' }, paths.ratio),
    figureOf({ id: 'P2', what: 'deliver cold, with JSONata', unit: 'ms' }, jsonata.wall),
    figureOf({ id: 'P2', what: 'usual deliver cold', unit: 'ms' }, usual.wall),
  ];
}
