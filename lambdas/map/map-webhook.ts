import { fail, type Result, succeed } from '../result.ts';
import type { CampaignEvent } from './campaign-event.ts';
import { type CompiledValue, compileValue, type ExpressionFailure } from './expression.ts';
import type { EventMapping, Mapping } from './mapping.ts';
import { writeValue } from './write-value.ts';

/** Why a mapping could not make an event of a webhook: which value of it, and what kind of thing stood there. */
export type MapFailure =
  | (ExpressionFailure & { readonly path: string })
  | { readonly code: 'value-not-text'; readonly path: string; readonly type: string }
  | { readonly code: 'event-key-missing'; readonly path: string };

/** What one event of a mapping makes of one webhook. */
export type Mapped = {
  /** The event's name in the mapping. */
  readonly name: string;
  /** Which item of the batch it is of, from 0; missing where the event has no `items`. */
  readonly item?: number;
} & (
  | { readonly kind: 'event'; readonly event: CampaignEvent }
  | { readonly kind: 'skipped'; readonly code: 'when-not-met' | 'no-items' }
  | { readonly kind: 'rejected'; readonly failure: MapFailure }
);

export type CompiledMapping = readonly CompiledEvent[];

type CompiledEvent = {
  readonly mapping: EventMapping;
  readonly items: CompiledValue | undefined;
  readonly when: CompiledValue;
  readonly key: CompiledValue;
  readonly params: readonly (readonly [name: string, value: CompiledValue])[];
};

/** Makes a mapping ready for use. Throws if an expression does not parse: the check at synth lets none through. */
export function compileMapping(mapping: Mapping): CompiledMapping {
  return mapping.events.map((event) => ({
    mapping: event,
    items: event.items === undefined ? undefined : compileValue(event.items),
    when: compileValue(event.when ?? '{% true %}'),
    key: compileValue(event['event-key']),
    params: Object.entries(event['event-params']).map(
      ([name, value]) => [name, compileValue(value)] as const,
    ),
  }));
}

/** Applies every event of a mapping that is on one of these event types: nothing matched, one event, or several. */
export async function mapWebhook(
  events: CompiledMapping,
  eventTypes: readonly string[],
  webhook: unknown,
): Promise<readonly Mapped[]> {
  const matching = events.filter(({ mapping }) => mapping.on.some((type) => eventTypes.includes(type)));
  const mapped = await Promise.all(matching.map((event) => mapEvents(event, webhook)));
  return mapped.flat();
}

/** One event of the mapping, for the webhook as a whole or for each of its items. */
async function mapEvents(compiled: CompiledEvent, webhook: unknown): Promise<readonly Mapped[]> {
  const { name } = compiled.mapping;
  if (compiled.items === undefined) return [{ name, ...(await mapEvent(compiled, webhook, {})) }];

  const found = await compiled.items(webhook);
  if (!found.ok) return [{ name, kind: 'rejected', failure: { ...found.failure, path: 'items' } }];
  const items = listOf(found.value);
  if (items.length === 0) return [{ name, kind: 'skipped', code: 'no-items' }];
  return Promise.all(
    items.map(async (value, item) => ({
      name,
      item,
      ...(await mapEvent(compiled, webhook, { item: value })),
    })),
  );
}

/** JSONata gives nothing for no item, and the item itself for a single one. */
function listOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? [...value] : [value];
}

type MappedOnce =
  | { readonly kind: 'event'; readonly event: CampaignEvent }
  | { readonly kind: 'skipped'; readonly code: 'when-not-met' }
  | { readonly kind: 'rejected'; readonly failure: MapFailure };

async function mapEvent(
  compiled: CompiledEvent,
  webhook: unknown,
  bindings: { readonly item?: unknown },
): Promise<MappedOnce> {
  const { name, 'event-id': eventId } = compiled.mapping;

  const when = await compiled.when(webhook, bindings);
  if (!when.ok) return { kind: 'rejected', failure: { ...when.failure, path: 'when' } };
  if (when.value !== true) return { kind: 'skipped', code: 'when-not-met' };

  const key = await evaluate(compiled.key, 'event-key', webhook, bindings);
  if (!key.ok) return { kind: 'rejected', failure: key.failure };
  const eventKey = key.value?.trim();
  if (!eventKey) return { kind: 'rejected', failure: { code: 'event-key-missing', path: 'event-key' } };

  const params: Record<string, string> = {};
  for (const [parameter, value] of compiled.params) {
    const text = await evaluate(value, `event-params.${parameter}`, webhook, bindings);
    if (!text.ok) return { kind: 'rejected', failure: text.failure };
    if (text.value !== undefined) params[parameter] = text.value;
  }
  return { kind: 'event', event: { name, eventId, eventKey, params } };
}

async function evaluate(
  value: CompiledValue,
  path: string,
  webhook: unknown,
  bindings: { readonly item?: unknown },
): Promise<Result<string | undefined, MapFailure>> {
  const result = await value(webhook, bindings);
  if (!result.ok) return fail({ ...result.failure, path });
  const text = writeValue(result.value);
  return text.ok ? succeed(text.value) : fail({ code: 'value-not-text', path, type: text.failure.type });
}
