import { httpEvent, invoiceBody, sqsEvent } from '../events.ts';
import { type Figure, figureOf } from '../figure.ts';
import { compareColdStarts } from '../measure/cold-start.ts';
import type { World } from '../world.ts';

/** P1, P2: from the start of the process to the answer of the first event, against a handler that does nothing. */
export async function measureColdStarts({ subjects, effort }: World): Promise<readonly Figure[]> {
  const http = () => httpEvent(invoiceBody());
  const sqs = () => sqsEvent(invoiceBody());
  const ingest = await compareColdStarts(
    {
      bare: () => ({ subject: subjects.bare, event: http() }),
      ours: () => ({ subject: subjects.ingest, event: http() }),
      usual: () => ({ subject: subjects.usualIngest, event: http() }),
      floor: () => ({ subject: subjects.floorIngest, event: http() }),
    },
    'bare',
    effort.coldRounds,
  );
  const deliver = await compareColdStarts(
    {
      bare: () => ({ subject: subjects.bare, event: sqs() }),
      ours: () => ({ subject: subjects.deliver, event: sqs() }),
      jsonata: () => ({
        subject: subjects.deliver,
        event: sqsEvent(invoiceBody('invoice.looked-through')),
      }),
      usual: () => ({ subject: subjects.usualDeliver, event: sqs() }),
      floor: () => ({ subject: subjects.floorDeliver, event: sqs() }),
    },
    'bare',
    effort.coldRounds,
  );
  const ratio = (id: string, what: string, goal?: number) => ({
    id,
    what,
    unit: 'x' as const,
    ...(goal !== undefined && { goal }),
  });
  return [
    figureOf(ratio('P1', 'ingest cold / bare handler', 3), ingest.ours.ratio),
    figureOf({ ...ratio('P1', 'the same in CPU time'), isHeld: true }, ingest.ours.cpuRatio),
    figureOf(ratio('P1', 'usual stack / bare handler'), ingest.usual.ratio),
    figureOf(ratio('P1', 'no SDK / bare handler'), ingest.floor.ratio),
    figureOf(ratio('P2', 'deliver cold / bare handler', 3.4), deliver.ours.ratio),
    figureOf({ ...ratio('P2', 'the same in CPU time'), isHeld: true }, deliver.ours.cpuRatio),
    figureOf(ratio('P2', 'with a mapping that needs JSONata'), deliver.jsonata.ratio),
    figureOf(ratio('P2', 'usual stack / bare handler'), deliver.usual.ratio),
    figureOf(ratio('P2', 'no SDK / bare handler'), deliver.floor.ratio),
    figureOf({ id: 'P1', what: 'bare handler', unit: 'ms' }, ingest.bare.wall),
  ];
}
