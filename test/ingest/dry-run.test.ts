import { expect, test } from '@jest/globals';
import type { BufferedWebhook } from '../../lambdas/buffer/buffered-webhook.ts';
import { DRY_RUN_EVENT, dryRunDependencies } from '../../lambdas/ingest/dry-run.ts';
import { httpApiEventSchema } from '../../lambdas/ingest/read-request.ts';
import { receiveWebhook } from '../../lambdas/ingest/receive-webhook.ts';
import { sourceSchema } from '../../lambdas/ingest/source.ts';
import { succeed } from '../../lambdas/result.ts';

test('the dry run goes all the way to the buffer: it is read, verified, identified and wanted', async () => {
  const put: BufferedWebhook[] = [];
  const dependencies = dryRunDependencies(async (webhook) => {
    put.push(webhook);
    return succeed(undefined);
  });
  const event = httpApiEventSchema.parse(DRY_RUN_EVENT);
  const { received } = await receiveWebhook(event, new Date(), dependencies);

  expect(received.ok && received.value.code).toBe('buffered');
  expect(put).toMatchObject([{ eventTypes: ['dry.run'], deduplicationId: 'dry-run', secretSlot: 0 }]);
});

test('the source of the dry run is what a catalogue holds', () => {
  const [source] = dryRunDependencies(async () => succeed(undefined)).sources.values();

  expect(sourceSchema.parse(source)).toEqual(source);
});
