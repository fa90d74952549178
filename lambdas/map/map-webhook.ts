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
export type Mapped =
  | { readonly kind: 'event'; readonly name: string; readonly event: CampaignEvent }
  | { readonly kind: 'skipped'; readonly name: string; readonly code: 'when-not-met' }
  | { readonly kind: 'rejected'; readonly name: string; readonly failure: MapFailure };

export type CompiledMapping = readonly CompiledEvent[];

type CompiledEvent = {
  readonly mapping: EventMapping;
  readonly when: CompiledValue;
  readonly key: CompiledValue;
  readonly params: readonly (readonly [name: string, value: CompiledValue])[];
};

/** Makes a mapping ready for use. Throws if an expression does not parse: the check at synth lets none through. */
export function compileMapping(mapping: Mapping): CompiledMapping {
  return mapping.events.map((event) => ({
    mapping: event,
    when: compileValue(event.when ?? '{% true %}'),
    key: compileValue(event['event-key']),
    params: Object.entries(event['event-params']).map(
      ([name, value]) => [name, compileValue(value)] as const,
    ),
  }));
}

/** Applies every event of a mapping that is on this event type: nothing matched, one event, or several. */
export async function mapWebhook(
  events: CompiledMapping,
  eventType: string,
  webhook: unknown,
): Promise<readonly Mapped[]> {
  const matching = events.filter(({ mapping }) => mapping.on.includes(eventType));
  return Promise.all(matching.map((event) => mapEvent(event, webhook)));
}

async function mapEvent(compiled: CompiledEvent, webhook: unknown): Promise<Mapped> {
  const { name, 'event-id': eventId } = compiled.mapping;

  const when = await compiled.when(webhook);
  if (!when.ok) return { kind: 'rejected', name, failure: { ...when.failure, path: 'when' } };
  if (when.value !== true) return { kind: 'skipped', name, code: 'when-not-met' };

  const key = await evaluate(compiled.key, 'event-key', webhook);
  if (!key.ok) return { kind: 'rejected', name, failure: key.failure };
  const eventKey = key.value?.trim();
  if (!eventKey) return { kind: 'rejected', name, failure: { code: 'event-key-missing', path: 'event-key' } };

  const params: Record<string, string> = {};
  for (const [parameter, value] of compiled.params) {
    const text = await evaluate(value, `event-params.${parameter}`, webhook);
    if (!text.ok) return { kind: 'rejected', name, failure: text.failure };
    if (text.value !== undefined) params[parameter] = text.value;
  }
  return { kind: 'event', name, event: { name, eventId, eventKey, params } };
}

async function evaluate(
  value: CompiledValue,
  path: string,
  webhook: unknown,
): Promise<Result<string | undefined, MapFailure>> {
  const result = await value(webhook);
  if (!result.ok) return fail({ ...result.failure, path });
  const text = writeValue(result.value);
  return text.ok ? succeed(text.value) : fail({ code: 'value-not-text', path, type: text.failure.type });
}
