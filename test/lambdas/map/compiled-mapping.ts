import type { Profile } from '../../../lambdas/ingest/source.ts';
import { type CompiledMapping, compileMapping, type MappableWebhook } from '../../../lambdas/map/webhook.ts';
import { mappingFileSchema, resolveMapping } from '../../../lib/mapping/schema.ts';

const HEAD = { source: 'stripe', secret: 'webhooks/stripe', verify: 'stripe' };

/** Events as a mapping file has them, ready for use; `beside` is what the file says beside them. */
export function compiledMapping(
  events: readonly object[],
  beside: object = {},
  profile: Pick<Profile, 'itemId'> = {},
): CompiledMapping {
  const file = mappingFileSchema.parse({ ...HEAD, ...beside, events });
  return compileMapping(resolveMapping({ ...file, profile }, 'dev'));
}

/** A webhook as map sees it. */
export function webhookOf(
  body: unknown,
  eventType: string,
  changes: Partial<MappableWebhook> = {},
): MappableWebhook {
  const receivedAt = '2026-11-24T12:00:00.000Z';
  return { source: 'stripe', eventTypes: [eventType], headers: {}, receivedAt, body, ...changes };
}
