import type { BufferedWebhook } from '../../../lambdas/buffer/message.ts';
import { identifyWebhook } from '../../../lambdas/ingest/identity.ts';
import type { IdentityFailure } from '../../../lambdas/ingest/request.ts';
import type { Mapping } from '../../../lambdas/map/mapping.ts';
import { compileMapping, isOn, type Mapped, mapWebhook } from '../../../lambdas/map/webhook.ts';
import { parseBody } from '../../../lambdas/webhook-body.ts';
import type { MappingFile } from '../file.ts';
import { resolveMapping } from '../schema.ts';

/** A webhook to be mapped without being sent, as a person has it in a file. */
export type PreviewedWebhook = {
  readonly rawBody: Uint8Array;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  readonly receivedAt: Date;
};

/** What the adapter would make of a webhook, from its type to the payloads. */
export type Preview =
  /** Ingest found no type, or map could not read the body. */
  | { readonly outcome: 'rejected'; readonly failure: IdentityFailure }
  /** No event of the mapping is on any of its types. */
  | { readonly outcome: 'ignored'; readonly eventTypes: readonly string[] }
  | {
      readonly outcome: 'mapped';
      readonly eventTypes: readonly string[];
      readonly events: readonly Mapped[];
      readonly receivedAt: Date;
      /** Names of the events that are on other types. */
      readonly unmatched: readonly string[];
    };

/** Identifies and maps a webhook as the deployed functions would, verification aside. */
export async function previewWebhook(
  file: MappingFile,
  { rawBody, headers, receivedAt }: PreviewedWebhook,
  stage: string,
): Promise<Preview> {
  const identity = identifyWebhook(file.profile, { headers, rawBody });
  if (!identity.ok) return { outcome: 'rejected', failure: identity.failure };
  const { eventTypes, bodyFormat } = identity.value;
  return previewIdentified(
    file,
    { rawBody, headers: Object.fromEntries(headers), receivedAt, eventTypes, bodyFormat },
    stage,
  );
}

/** A webhook that ingest has identified already, as it lies in a queue. */
export type IdentifiedWebhook = Pick<
  BufferedWebhook,
  'rawBody' | 'headers' | 'receivedAt' | 'eventTypes' | 'bodyFormat'
>;

/** Maps a webhook of a queue as deliver would, by a mapping that may have changed since. */
export function previewIdentified(
  file: MappingFile,
  webhook: IdentifiedWebhook,
  stage: string,
): Promise<Preview> {
  return previewBy(resolveMapping(file, stage), webhook);
}

/** Maps an identified webhook by a mapping as it is deployed for one stage. */
export async function previewBy(
  mapping: Mapping,
  { rawBody, headers, receivedAt, eventTypes, bodyFormat }: IdentifiedWebhook,
): Promise<Preview> {
  const unmatched = mapping.events.filter((event) => !isOn(event, eventTypes));
  if (unmatched.length === mapping.events.length) return { outcome: 'ignored', eventTypes };
  const body = parseBody(rawBody, bodyFormat, { form: mapping.form });
  if (!body.ok) return { outcome: 'rejected', failure: body.failure };

  const events = await mapWebhook(compileMapping(mapping), {
    source: mapping.source,
    eventTypes,
    headers,
    receivedAt: receivedAt.toISOString(),
    body: body.value,
  });
  return { outcome: 'mapped', eventTypes, events, receivedAt, unmatched: unmatched.map(({ name }) => name) };
}

/** Whether an event was too old for its `max-age` when its webhook came in; deliver records such an event, and does not call. */
export function wasTooOld(
  { occurredAt, terms: { maxAgeSeconds } }: Extract<Mapped, { kind: 'event' }>,
  receivedAt: Date,
): boolean {
  if (occurredAt === undefined || maxAgeSeconds === undefined) return false;
  return receivedAt.getTime() - occurredAt.getTime() > maxAgeSeconds * 1000;
}
