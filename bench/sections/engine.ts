import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type CompiledMapping,
  compileMapping,
  type Mapped,
  mapWebhook,
} from '../../lambdas/map/map-webhook.ts';
import type { Mapping } from '../../lambdas/map/mapping.ts';
import type { Soon } from '../../lambdas/map/soon.ts';
import { parseBody } from '../../lambdas/webhook-body.ts';
import { invoiceBody, orderBody } from '../events.ts';
import { type Figure, figureOf } from '../figure.ts';
import { compareWork } from '../measure/in-process.ts';
import type { Subject } from '../subjects.ts';
import type { World } from '../world.ts';

/** Parses, maps, checks and writes one webhook: all that deliver does of itself before it calls anything. */
export function runEngine(mapping: CompiledMapping, body: Buffer, type: string): Soon<readonly Mapped[]> {
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
  const invoice = invoiceBody();
  const { plain, transforms } = await compareWork(
    {
      parse: () => JSON.parse(invoice),
      plain: await workOf(mapping, invoice, 'invoice.payment_failed'),
      transforms: await workOf(mapping, invoice, 'invoice.transformed'),
    },
    'parse',
    effort.work,
  );
  const order = orderBody();
  const orders = await compareWork(
    { parse: () => JSON.parse(order), plain: await workOf(mapping, order, 'orders/create') },
    'parse',
    effort.work,
  );
  const ratio = (what: string, goal: number) => ({ id: 'P5', what, unit: 'x', goal, isHeld: true }) as const;
  return [
    figureOf(ratio('engine, plain paths / JSON.parse', 1.4), plain.ratio),
    figureOf(ratio('engine, with transforms / JSON.parse', 2.5), transforms.ratio),
    figureOf(ratio('engine, plain paths, Shopify order / JSON.parse', 1.4), orders.plain.ratio),
    figureOf({ id: 'P5', what: 'engine, plain paths', unit: 'us' }, plain.micros),
  ];
}

/** What is measured has to make an event: to reject one is less work. */
async function workOf(mapping: CompiledMapping, text: string, type: string): Promise<() => unknown> {
  const body = Buffer.from(text);
  const [made] = await runEngine(mapping, body, type);
  if (made?.kind !== 'event') throw new Error(`The measured mapping makes no event of ${type}.`);
  return () => runEngine(mapping, body, type);
}
