import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileMapping, mapWebhook } from '../../lambdas/map/map-webhook.ts';
import type { Mapping } from '../../lambdas/map/mapping.ts';
import { parseBody } from '../../lambdas/webhook-body.ts';
import { invoiceBody } from '../events.ts';
import { type Figure, figureOf } from '../figure.ts';
import { compareWork } from '../measure/in-process.ts';
import type { Subject } from '../subjects.ts';
import type { World } from '../world.ts';

/** Parses, maps, checks and writes one webhook: all that deliver does of itself before it calls anything. */
export async function runEngine(mapping: ReturnType<typeof compileMapping>, body: Buffer, type: string) {
  const parsed = parseBody(body, 'json');
  const scope = { source: 'measured', headers: {}, receivedAt: '2026-11-24T00:00:00.000Z' };
  return mapWebhook(mapping, { ...scope, eventTypes: [type], body: parsed.ok ? parsed.value : undefined });
}

/** The mapping as the function has it. */
export function readMapping({ directory }: Subject): Mapping {
  const [mapping]: readonly Mapping[] = JSON.parse(readFileSync(join(directory, 'catalogue.json'), 'utf8'));
  if (mapping === undefined) throw new Error('The catalogue is empty.');
  return mapping;
}

/** P5: the engine against JSON.parse of the same body. */
export async function measureEngine({ subjects, effort }: World): Promise<readonly Figure[]> {
  const mapping = compileMapping(readMapping(subjects.deliver));
  const text = invoiceBody();
  const body = Buffer.from(text);
  const [made] = await runEngine(mapping, body, 'invoice.payment_failed');
  if (made?.kind !== 'event') throw new Error('The measured mapping makes no event.');
  const { plain, transforms } = await compareWork(
    {
      parse: () => JSON.parse(text),
      plain: () => runEngine(mapping, body, 'invoice.payment_failed'),
      transforms: () => runEngine(mapping, body, 'invoice.transformed'),
    },
    'parse',
    effort.work,
  );
  return [
    figureOf(
      { id: 'P5', what: 'engine, plain paths / JSON.parse', unit: 'x', goal: 1.4, isHeld: true },
      plain.ratio,
    ),
    figureOf(
      { id: 'P5', what: 'engine, with transforms / JSON.parse', unit: 'x', goal: 2.5, isHeld: true },
      transforms.ratio,
    ),
    figureOf({ id: 'P5', what: 'engine, plain paths', unit: 'us' }, plain.micros),
  ];
}
