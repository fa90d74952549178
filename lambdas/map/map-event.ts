import { fail, type Result, succeed } from '../result.ts';
import { type CampaignEvent, writePayload } from './campaign-event.ts';
import { normaliseEventKey } from './event-key.ts';
import { readEventTime } from './event-time.ts';
import type { CompiledValue, Scope } from './expression.ts';
import type { MapFailure, MappingPlace, ValueType } from './map-failure.ts';
import type { EventMapping } from './mapping.ts';
import { type Written, writeValue } from './write-value.ts';

/** A value of a mapping, ready for use, and where it stands. */
export type PlacedValue = { readonly place: MappingPlace; readonly evaluate: CompiledValue };

/** One event of a mapping, ready for use. */
export type CompiledEvent = {
  readonly mapping: EventMapping;
  /** Changes whenever the mapping of this event does: a short hash. */
  readonly version: string;
  readonly items: PlacedValue | undefined;
  readonly when: PlacedValue | undefined;
  readonly key: PlacedValue;
  readonly time: PlacedValue | undefined;
  readonly params: readonly (PlacedValue & { readonly name: string })[];
};

/** A parameter that is not sent, and what stood there instead. */
type LeftOut = { readonly parameter: string; readonly type: ValueType };

/** What a mapping makes of one webhook, or of one item of it. */
export type MappedOnce =
  | {
      readonly kind: 'event';
      readonly event: CampaignEvent;
      /** The body of the call, within the limits of the event API. */
      readonly payload: string;
      readonly leftOut: readonly LeftOut[];
      /** When it happened; missing where the mapping does not say how to tell. */
      readonly occurredAt?: Date;
    }
  | { readonly kind: 'skipped'; readonly code: 'when-not-met' }
  | { readonly kind: 'rejected'; readonly failure: MapFailure };

/** Maps one webhook or item: whether there is an event, whom it is for, when it was, and what is in it. */
export async function mapEvent(compiled: CompiledEvent, scope: Scope): Promise<MappedOnce> {
  if (compiled.when !== undefined) {
    const when = await evaluate(compiled.when, scope);
    if (!when.ok) return rejected(when.failure);
    if (when.value !== true) return { kind: 'skipped', code: 'when-not-met' };
  }
  const key = await readKey(compiled, scope);
  if (!key.ok) return rejected(key.failure);
  const time = await readTime(compiled, scope);
  if (!time.ok) return rejected(time.failure);
  const params = await readParams(compiled, scope);
  if (!params.ok) return rejected(params.failure);

  const { name, 'event-id': eventId } = compiled.mapping;
  const event: CampaignEvent = { name, eventId, eventKey: key.value, params: params.value.params };
  const payload = writePayload(event);
  if (!payload.ok) return rejected(payload.failure);
  const { leftOut } = params.value;
  const occurredAt = time.value;
  return { kind: 'event', event, payload: payload.value, leftOut, ...(occurredAt && { occurredAt }) };
}

/** Evaluates a value of a mapping; a failure says where it stands. */
export function evaluate(
  { place, evaluate: compiled }: PlacedValue,
  scope: Scope,
): Result<unknown, MapFailure> | Promise<Result<unknown, MapFailure>> {
  const locate = (one: Awaited<ReturnType<CompiledValue>>): Result<unknown, MapFailure> =>
    one.ok ? one : fail({ code: 'expression-failed', ...place, ...one.failure });
  const result = compiled(scope);
  return result instanceof Promise ? result.then(locate) : locate(result);
}

function rejected(failure: MapFailure): MappedOnce {
  return { kind: 'rejected', failure };
}

function write(result: Result<unknown, MapFailure>, value: PlacedValue): Result<Written, MapFailure> {
  if (!result.ok) return result;
  const written = writeValue(result.value);
  if (written.kind !== 'not-text') return succeed(written);
  return fail({ code: 'value-not-text', ...value.place, type: written.type });
}

async function readKey({ key, mapping }: CompiledEvent, scope: Scope): Promise<Result<string, MapFailure>> {
  const written = write(await evaluate(key, scope), key);
  if (!written.ok) return written;
  const text = written.value.kind === 'text' ? written.value.text.trim() : '';
  if (text === '') {
    const type = written.value.kind === 'text' ? 'empty text' : written.value.type;
    return fail({ code: 'event-key-missing', ...key.place, type });
  }
  const normalised = await normaliseEventKey(mapping['event-key'], text);
  if (normalised.ok) return normalised;
  return fail({ code: 'event-key-invalid', ...key.place, ...normalised.failure });
}

async function readTime(
  { time }: CompiledEvent,
  scope: Scope,
): Promise<Result<Date | undefined, MapFailure>> {
  if (time === undefined) return succeed(undefined);
  const value = await evaluate(time, scope);
  if (!value.ok) return value;
  if (value.value === undefined || value.value === null) return succeed(undefined);
  const date = readEventTime(value.value);
  if (date !== undefined) return succeed(date);
  const written = writeValue(value.value);
  const type = written.kind === 'text' ? 'text' : written.type;
  return fail({ code: 'event-time-unreadable', ...time.place, type });
}

type Params = { readonly params: Readonly<Record<string, string>>; readonly leftOut: readonly LeftOut[] };

async function readParams(
  { params, mapping }: CompiledEvent,
  scope: Scope,
): Promise<Result<Params, MapFailure>> {
  const texts: [string, string][] = [];
  const leftOut: LeftOut[] = [];
  for (const param of params) {
    const evaluated = evaluate(param, scope);
    const written = write(evaluated instanceof Promise ? await evaluated : evaluated, param);
    if (!written.ok) return written;
    const failure = refuse(written.value, param, mapping);
    if (failure !== undefined) return fail(failure);
    if (written.value.kind === 'text') texts.push([param.name, written.value.text]);
    else leftOut.push({ parameter: param.name, type: written.value.type });
  }
  // `fromEntries` makes members of all names, `__proto__` too.
  return succeed({ params: Object.fromEntries(texts), leftOut });
}

/** Why there is no event with this value, by the mapping's own rules. */
function refuse(
  written: Written,
  { name, place }: CompiledEvent['params'][number],
  { required, 'on-null': onNull }: EventMapping,
): MapFailure | undefined {
  const isEmpty = written.kind === 'text' && written.text.trim() === '';
  const type = written.kind === 'text' ? 'empty text' : written.type;
  if (required.includes(name) && (isEmpty || written.kind !== 'text')) {
    return { code: 'parameter-missing', ...place, type };
  }
  return written.kind === 'null' && onNull === 'reject' ? { code: 'value-null', ...place, type } : undefined;
}
