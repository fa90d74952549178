import { httpEvent, invoiceBody, sqsEvent } from '../events.ts';
import { type Figure, figureOf } from '../figure.ts';
import { compareWarm } from '../measure/warm.ts';
import type { World } from '../world.ts';

/** P3, P4: CPU time per event once warm, against the least that does the work. */
export async function measureWarm({ subjects, effort }: World): Promise<readonly Figure[]> {
  const http = httpEvent(invoiceBody());
  const ingest = await compareWarm(
    {
      floor: { subject: subjects.floorIngest, event: http },
      ours: { subject: subjects.ingest, event: http },
      usual: { subject: subjects.usualIngest, event: http },
    },
    'floor',
    effort.warm,
  );
  const sqs = sqsEvent(invoiceBody());
  const deliver = await compareWarm(
    {
      floor: { subject: subjects.floorDeliver, event: sqs },
      ours: { subject: subjects.deliver, event: sqs },
      jsonata: { subject: subjects.deliver, event: sqsEvent(invoiceBody('invoice.looked-through')) },
      usual: { subject: subjects.usualDeliver, event: sqs },
    },
    'floor',
    effort.warm,
  );
  return [
    figureOf(
      { id: 'P3', what: 'ingest warm CPU / floor', unit: 'x', goal: 5.2, isHeld: true },
      ingest.ours.ratio,
    ),
    figureOf({ id: 'P3', what: 'usual stack / floor', unit: 'x' }, ingest.usual.ratio),
    figureOf({ id: 'P3', what: 'ingest, CPU per webhook', unit: 'us' }, ingest.ours.cpu),
    figureOf(
      { id: 'P4', what: 'deliver warm CPU / floor', unit: 'x', goal: 4, isHeld: true },
      deliver.ours.ratio,
    ),
    figureOf({ id: 'P4', what: 'with a mapping that needs JSONata', unit: 'x' }, deliver.jsonata.ratio),
    figureOf({ id: 'P4', what: 'usual stack / floor', unit: 'x' }, deliver.usual.ratio),
    figureOf({ id: 'P4', what: 'deliver, CPU per event', unit: 'us' }, deliver.ours.cpu),
  ];
}
