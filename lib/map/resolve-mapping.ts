import type { EventKeyMapping, EventMapping, Mapping } from '../../lambdas/map/mapping.ts';
import type { WrittenEvent, WrittenFile } from './mapping-file-schema.ts';

/** The part of a mapping file that map goes by. */
export type WrittenMapping = Pick<WrittenFile, 'source' | 'let' | 'defaults' | 'events'>;

/**
 * Map's part of a mapping file for one stage: the file's defaults are in every event, and each has the event id of the
 * stage. An event without one for this stage has an empty id, which the check at synth does not let through.
 */
export function resolveMapping(
  { source, let: definitions, defaults, events }: WrittenMapping,
  stage: string,
): Mapping {
  return { source, let: definitions, events: events.map((event) => resolveEvent(event, defaults, stage)) };
}

/** The event id of a stage, if there is one. */
export function eventIdOf(event: Pick<WrittenEvent, 'event-id'>, stage: string): string | undefined {
  const id = event['event-id'];
  if (typeof id === 'string') return id;
  return Object.hasOwn(id, stage) ? id[stage] : undefined;
}

function resolveEvent(event: WrittenEvent, defaults: WrittenFile['defaults'], stage: string): EventMapping {
  const shared = { ...defaults, ...withoutUndefined(event) };
  const { items, when } = event;
  const { 'event-time': time, 'max-age': maxAge } = shared;
  return {
    name: event.name,
    on: event.on,
    ...(items !== undefined && { items }),
    ...(when !== undefined && { when }),
    'event-id': eventIdOf(event, stage) ?? '',
    'event-key': resolveKey(event['event-key']),
    'event-params': { ...defaults['event-params'], ...event['event-params'] },
    required: event.required,
    'on-null': shared['on-null'] ?? 'omit',
    ...(time !== undefined && { 'event-time': time }),
    ...(maxAge !== undefined && { 'max-age': maxAge }),
    'on-unconfirmed': shared['on-unconfirmed'] ?? 'park',
  };
}

function resolveKey(key: WrittenEvent['event-key']): EventKeyMapping {
  switch (key.kind) {
    case 'email':
      return { kind: 'email', value: key.value, lowerCase: key['lower-case'] };
    case 'msisdn': {
      const region = key['default-region'];
      const number = { kind: key.kind, value: key.value, plus: key.plus };
      return region === undefined ? number : { ...number, defaultRegion: region };
    }
    default:
      return key;
  }
}

function withoutUndefined(event: WrittenEvent): Partial<WrittenEvent> {
  return Object.fromEntries(Object.entries(event).filter(([, value]) => value !== undefined));
}
