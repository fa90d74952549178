import type { Mapped } from '../../lambdas/map/webhook.ts';
import type { Problem } from '../config-file.ts';
import { INVOCATION } from '../invocation.ts';
import type { Example } from './example-file.ts';
import { differences, expectationOf } from './expectation.ts';
import type { MappingFile } from './mapping-file.ts';
import { type Preview, previewWebhook } from './preview-webhook.ts';

/** An example, and what the mapping makes of it. */
export type ExampleRun = { readonly example: Example; readonly preview: Preview };

/** Maps an example's webhook; for the stage it names, or else the one given. */
export async function runExample(mapping: MappingFile, example: Example, stage: string): Promise<ExampleRun> {
  return { example, preview: await previewWebhook(mapping, example.webhook, example.stage ?? stage) };
}

/** How what became of an example differs from what it expects. */
export function checkExpectation({ example, preview }: ExampleRun): readonly Problem[] {
  const { name, expect, problemAt } = example;
  if (expect === undefined) {
    const message = `is missing. If "${INVOCATION} map --example ${name}" shows what is right, add --accept to it.`;
    return [problemAt(['expect'], message)];
  }
  const found = differences(expect, expectationOf(preview));
  if (found.length === 0) return [];
  const advice = `Mend the mapping; or, if this is right: ${INVOCATION} map --example ${name} --accept`;
  return [problemAt(['expect'], `${found.join('; ')}. ${advice}`)];
}

/** What an example's webhook became by one event of the mapping. */
export function mappedBy({ preview }: ExampleRun, event: string): readonly Mapped[] {
  return preview.outcome === 'mapped' ? preview.events.filter(({ name }) => name === event) : [];
}
