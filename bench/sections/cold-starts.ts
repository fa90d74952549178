import { httpEvent, invoiceBody, sqsEvent } from '../events.ts';
import { type Figure, figureOf } from '../figure.ts';
import { compareColdStarts } from '../measure/cold-start.ts';
import type { Subject } from '../subjects.ts';
import type { World } from '../world.ts';

/** P1, P2: from the start of the process to the answer of the first event, against a handler that does nothing. */
export async function measureColdStarts(world: World): Promise<readonly Figure[]> {
  return [...(await measureIngest(world)), ...(await measureDeliver(world))];
}

async function measureIngest({ subjects, effort }: World): Promise<readonly Figure[]> {
  const of = (subject: Subject) => () => ({ subject, event: httpEvent(invoiceBody()) });
  const { bare, ours, usual, floor } = await compareColdStarts(
    {
      bare: of(subjects.bare),
      ours: of(subjects.ingest),
      usual: of(subjects.usualIngest),
      floor: of(subjects.floorIngest),
    },
    'bare',
    effort.coldRounds,
  );
  return [
    figureOf({ ...ratio('P1', 'ingest cold / bare handler'), goal: 3 }, ours.ratio),
    figureOf({ ...ratio('P1', 'the same in CPU time'), isHeld: true }, ours.cpuRatio),
    figureOf(ratio('P1', 'usual stack / bare handler'), usual.ratio),
    figureOf(ratio('P1', 'no SDK / bare handler'), floor.ratio),
    figureOf({ id: 'P1', what: 'bare handler', unit: 'ms' }, bare.wall),
  ];
}

async function measureDeliver({ subjects, effort }: World): Promise<readonly Figure[]> {
  const of = (subject: Subject, type?: string) => () => ({ subject, event: sqsEvent(invoiceBody(type)) });
  const { ours, jsonata, usual, floor } = await compareColdStarts(
    {
      bare: of(subjects.bare),
      ours: of(subjects.deliver),
      jsonata: of(subjects.deliver, 'invoice.looked-through'),
      usual: of(subjects.usualDeliver),
      floor: of(subjects.floorDeliver),
    },
    'bare',
    effort.coldRounds,
  );
  return [
    figureOf({ ...ratio('P2', 'deliver cold / bare handler'), goal: 3.4 }, ours.ratio),
    figureOf({ ...ratio('P2', 'the same in CPU time'), isHeld: true }, ours.cpuRatio),
    figureOf(ratio('P2', 'with a mapping that needs JSONata'), jsonata.ratio),
    figureOf(ratio('P2', 'usual stack / bare handler'), usual.ratio),
    figureOf(ratio('P2', 'no SDK / bare handler'), floor.ratio),
  ];
}

function ratio(id: string, what: string) {
  return { id, what, unit: 'x' as const };
}
