import { httpEvent, invoiceBody, sqsEvent } from '../events.ts';
import { type Figure, figureOf } from '../figure.ts';
import { compareWarm } from '../measure/warm.ts';
import type { World } from '../world.ts';

/** P3, P4: CPU time per event once warm, against the usual stack. */
export async function measureWarm(world: World): Promise<readonly Figure[]> {
  return [...(await measureIngest(world)), ...(await measureDeliver(world))];
}

async function measureIngest({ subjects, effort }: World): Promise<readonly Figure[]> {
  const event = httpEvent(invoiceBody());
  const { ours, usual } = await compareWarm(
    { usual: { subject: subjects.usualIngest, event }, ours: { subject: subjects.ingest, event } },
    'usual',
    effort.warm,
  );
  return [
    figureOf(
      { id: 'P3', what: 'ingest warm CPU / usual stack', unit: 'x', goal: 1.15, isHeld: true },
      ours.ratio,
    ),
    figureOf({ id: 'P3', what: 'ingest, CPU per webhook', unit: 'us' }, ours.cpu),
    figureOf({ id: 'P3', what: 'usual ingest, CPU per webhook', unit: 'us' }, usual.cpu),
  ];
}

async function measureDeliver({ subjects, effort }: World): Promise<readonly Figure[]> {
  const event = sqsEvent(invoiceBody());
  const { ours, jsonata, usual } = await compareWarm(
    {
      usual: { subject: subjects.usualDeliver, event },
      ours: { subject: subjects.deliver, event },
      jsonata: { subject: subjects.deliver, event: sqsEvent(invoiceBody('invoice.looked-through')) },
    },
    'usual',
    effort.warm,
  );
  return [
    figureOf(
      { id: 'P4', what: 'deliver warm CPU / usual stack', unit: 'x', goal: 0.95, isHeld: true },
      ours.ratio,
    ),
    figureOf({ id: 'P4', what: 'with a mapping that needs JSONata', unit: 'x' }, jsonata.ratio),
    figureOf({ id: 'P4', what: 'deliver, CPU per event', unit: 'us' }, ours.cpu),
    figureOf({ id: 'P4', what: 'usual deliver, CPU per event', unit: 'us' }, usual.cpu),
  ];
}
