import { invoiceBody, invoiceOfBytes } from '../events.ts';
import { type Figure, figureOf, round } from '../figure.ts';
import { type Load, type Path, sendLoad, startMeasuredPath } from '../load.ts';
import { giveSources } from '../local-path.ts';
import { percentile, spreadOf } from '../measure/statistics.ts';
import type { World } from '../world.ts';

const SENDERS = [1, 10, 100];
/** So many bytes are sent of a size at most: what stands for AWS here takes some twenty megabytes a second. */
const MOST_BYTES = 40_000_000;
/** How many send while size of body and number of mappings are varied. */
const SOME = 10;

/**
 * The whole path on this machine, as `npm start` runs it: door, queue, both functions, ledger and simulator share its
 * cores, and the stage sends 100 events a second at most. It shows that nothing piles up, and no more.
 */
export async function measureEndToEnd({ effort }: World): Promise<readonly Figure[]> {
  const { webhooks, pathBytes, pathSources } = effort;
  const path = await startMeasuredPath();
  const body = invoiceBody();
  const figures: Figure[] = [];
  try {
    await warmPath(path, 'warm');
    for (const senders of SENDERS) {
      figures.push(...(await measureLoad(path, `${senders} senders`, { senders, webhooks, body })));
    }
    for (const bytes of pathBytes) {
      const few = Math.min(webhooks, Math.floor(MOST_BYTES / bytes));
      const load = { senders: SOME, webhooks: few, body: invoiceOfBytes(bytes) };
      figures.push(...(await measureLoad(path, `${SOME} senders, ${bytes / 1000} KB`, load)));
    }
    for (const sources of pathSources) {
      await giveSources(path.run, sources);
      await warmPath(path, `warm-${sources}`);
      const load = { senders: SOME, webhooks, body };
      figures.push(...(await measureLoad(path, `${SOME} senders, ${sources} mappings`, load)));
    }
    return figures;
  } finally {
    await path.run.stop();
  }
}

/** As many workers as will be needed start and compile their code. */
function warmPath(path: Path, name: string) {
  return sendLoad(path, name, { senders: SOME, webhooks: 100, body: invoiceBody() });
}

async function measureLoad(path: Path, what: string, load: Load): Promise<readonly Figure[]> {
  const { toAnswer, toDelivery, perSecond } = await sendLoad(path, what, load);
  const time = (name: string, times: readonly number[]): readonly Figure[] => [
    figureOf({ id: 'path', what: `${what}: ${name}`, unit: 'ms' }, spreadOf(times)),
    { id: 'path', what: `${what}: ${name}, p99`, unit: 'ms', value: round(percentile(times, 0.99)) },
  ];
  return [
    { id: 'path', what: `${what}: webhooks at the door`, unit: 'per s', value: round(perSecond) },
    ...time('to the 200', toAnswer),
    ...time('to delivery', toDelivery),
  ];
}
