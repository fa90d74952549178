import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Mapping } from '../../lambdas/map/mapping.ts';
import { type CompiledMapping, compileMapping, type Mapped, mapWebhook } from '../../lambdas/map/webhook.ts';
import { parseBody } from '../../lambdas/webhook-body.ts';
import { readFolder } from '../../lib/mapping/folders.ts';
import { resolveMapping } from '../../lib/mapping/schema.ts';
import { invoiceBody, orderBody, sqsEvent } from '../events.ts';
import { type Figure, figureOf } from '../figures.ts';
import { measureWork } from '../measure/in-process.ts';
import { ratioOf, spreadOf } from '../measure/statistics.ts';
import { startWarm } from '../measure/warm.ts';
import type { Subject } from '../subjects.ts';
import type { World } from '../world.ts';

const MAPPINGS = fileURLToPath(new URL('../../mappings', import.meta.url));

/** Parses, maps, checks and writes one webhook: all that deliver does of itself before it calls anything. */
export async function runEngine(
  mapping: CompiledMapping,
  body: Buffer,
  type: string,
): Promise<readonly Mapped[]> {
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

/** P5: parsing and mapping with JSONata, by two shipped mappings, as a part of the CPU time that deliver takes for an event. */
export async function measureEngine({ subjects, effort }: World): Promise<readonly Figure[]> {
  const { launches, events, warmUp } = effort.warm;
  const rounds = launches * effort.warm.rounds;
  const deliver = await startWarm({ subject: subjects.deliver, event: sqsEvent(invoiceBody()) });
  await deliver.run(warmUp);
  const invoice = await workOf('stripe', invoiceBody(), 'invoice.payment_failed');
  const order = await workOf('shopify', orderBody(), 'orders/create');
  const micros = { deliver: [] as number[], invoice: [] as number[], order: [] as number[] };
  for (const work of [invoice, order]) await measureWork(work, 10 * effort.work.milliseconds);
  for (let round = 0; round < rounds; round += 1) {
    micros.deliver.push((await deliver.run(events)).cpu);
    micros.invoice.push(await measureWork(invoice, effort.work.milliseconds));
    micros.order.push(await measureWork(order, effort.work.milliseconds));
  }
  deliver.stop();
  // CI does not hold it: for the same code, quick runs have given 0.10 to 0.15.
  const part = (what: string, goal: number) => ({ id: 'P5', what, unit: 'x', goal }) as const;
  return [
    figureOf(
      part('Stripe invoice parsed and mapped / deliver', 0.12),
      ratioOf(micros.invoice, micros.deliver),
    ),
    figureOf(part('Shopify order parsed and mapped / deliver', 0.16), ratioOf(micros.order, micros.deliver)),
    figureOf({ id: 'P5', what: 'Stripe invoice parsed and mapped', unit: 'us' }, spreadOf(micros.invoice)),
    figureOf({ id: 'P5', what: 'Shopify order parsed and mapped', unit: 'us' }, spreadOf(micros.order)),
  ];
}

/** What is measured has to make an event: to reject one is less work. */
async function workOf(folder: string, text: string, type: string): Promise<() => unknown> {
  const file = readFolder(join(MAPPINGS, folder), folder);
  if (!file.ok) throw new Error(`The mapping folder ${folder} has problems.`);
  const mapping = compileMapping(resolveMapping(file.value, 'local'));
  const body = Buffer.from(text);
  const made = await runEngine(mapping, body, type);
  if (!made.some(({ kind }) => kind === 'event')) throw new Error(`${folder} makes no event of ${type}.`);
  return () => runEngine(mapping, body, type);
}
