import { describeMapFailure } from '../lambdas/map/failure.ts';
import { MAX_PARAMETERS, MAX_PAYLOAD_BYTES } from '../lambdas/map/payload.ts';
import type { Mapped } from '../lambdas/map/webhook.ts';
import type { MappingFile } from '../lib/map/mapping-file.ts';
import { type Preview, wasTooOld } from '../lib/map/preview-webhook.ts';

/** What a webhook would become, for machines. */
export function previewJson({ source, events: mappings }: MappingFile, preview: Preview): object {
  const base = { mapping: source, outcome: preview.outcome };
  switch (preview.outcome) {
    case 'rejected':
      return { ...base, ...preview.failure, message: describeRejection(preview) };
    case 'ignored':
      return { ...base, eventTypes: preview.eventTypes, message: describeIgnored(preview.eventTypes) };
    case 'mapped': {
      const { eventTypes, events, unmatched } = preview;
      const rest = mappings.filter(({ name }) => unmatched.includes(name));
      return {
        ...base,
        eventTypes,
        events: events.map((mapped) => mappedJson(mapped, preview.receivedAt)),
        unmatched: rest.map(({ name, on }) => ({ event: name, on })),
      };
    }
  }
}

function mappedJson(mapped: Mapped, receivedAt: Date): object {
  const { name, item, terms } = mapped;
  const which = { event: name, ...(item !== undefined && { item }) };
  switch (mapped.kind) {
    case 'skipped':
      return { ...which, outcome: 'skipped', code: mapped.code };
    case 'rejected':
      return {
        ...which,
        outcome: 'rejected',
        ...mapped.failure,
        message: describeMapFailure(mapped.failure),
      };
    case 'event':
      return {
        ...which,
        outcome: 'event',
        payload: JSON.parse(mapped.payload),
        bytes: Buffer.byteLength(mapped.payload),
        maxBytes: MAX_PAYLOAD_BYTES,
        parameters: Object.keys(mapped.event.params).length,
        maxParameters: MAX_PARAMETERS,
        leftOut: mapped.leftOut,
        ...(mapped.occurredAt && { occurredAt: mapped.occurredAt.toISOString() }),
        onUnconfirmed: terms.onUnconfirmed,
        ...(terms.maxAgeSeconds !== undefined && { maxAgeSeconds: terms.maxAgeSeconds }),
        ...(wasTooOld(mapped, receivedAt) && { expired: 'too-old' }),
      };
  }
}

/** What a webhook would become, for a person. */
export function describePreview({ source, events }: MappingFile, preview: Preview, stage: string): string {
  switch (preview.outcome) {
    case 'rejected':
      return `${source}: rejected\n  ${describeRejection(preview)}`;
    case 'ignored':
      return `${source}: ignored\n  ${describeIgnored(preview.eventTypes)}`;
    case 'mapped': {
      const whens = new Map(events.map(({ name, when }) => [name, when]));
      const others = events.filter(({ name }) => preview.unmatched.includes(name));
      return [
        `${source}: ${preview.eventTypes.join(', ')} (stage ${stage})`,
        ...preview.events.map((mapped) => describeMapped(mapped, preview.receivedAt, whens.get(mapped.name))),
        ...others.map(({ name, on }) => `  –  ${name}: is on ${on.join(', ')}`),
      ].join('\n');
    }
  }
}

function describeRejection({ failure }: Extract<Preview, { outcome: 'rejected' }>): string {
  switch (failure.code) {
    case 'body-not-json':
      return 'body-not-json: the body cannot be read.';
    case 'body-too-deep':
      return `body-too-deep: its lists and objects stand more than ${failure.limit} deep within each other.`;
    case 'event-type-missing':
      return `event-type-missing: expected it in ${failure.where}. A header is given with --headers FILE.`;
  }
}

function describeIgnored(eventTypes: readonly string[]): string {
  return `No event of the mapping is on ${eventTypes.join(', ')}: it would be answered 200 and not buffered.`;
}

function describeMapped(mapped: Mapped, receivedAt: Date, when: string | undefined): string {
  const { name, item } = mapped;
  const title = item === undefined ? name : `${name}, item ${item + 1}`;
  switch (mapped.kind) {
    case 'skipped':
      return mapped.code === 'no-items'
        ? `  –  ${title}: skipped, as there is no item for it`
        : `  –  ${title}: skipped, as "when" is not true: ${when ?? ''}`;
    case 'rejected':
      return `  ✗  ${title}: rejected, ${mapped.failure.code}\n       ${describeMapFailure(mapped.failure)}`;
    case 'event':
      return describeEvent(title, mapped, receivedAt);
  }
}

function describeEvent(title: string, mapped: Extract<Mapped, { kind: 'event' }>, receivedAt: Date): string {
  const { event, payload, leftOut, occurredAt, terms } = mapped;
  const count = Object.keys(event.params).length;
  const names = [...Object.keys(event.params), ...leftOut.map(({ parameter }) => parameter)];
  const width = Math.max(9, ...names.map(({ length }) => length));
  const line = (name: string, value: string) => `       ${name.padEnd(width)}  ${value}`;
  const age =
    terms.maxAgeSeconds === undefined ? '' : `; not sent later than ${terms.maxAgeSeconds} s after it`;
  return [
    `  ✓  ${title}: ${Buffer.byteLength(payload)} of ${MAX_PAYLOAD_BYTES} bytes, ${count} of ${MAX_PARAMETERS} parameters`,
    line('event-id', event.eventId),
    line('event-key', event.eventKey),
    ...Object.entries(event.params).map(([name, value]) => line(name, JSON.stringify(value))),
    ...leftOut.map(({ parameter, type }) => line(parameter, `left out: ${type}`)),
    ...(wasTooOld(mapped, receivedAt)
      ? [line('too old', 'for its max-age when it came in: recorded, not sent')]
      : []),
    ...(occurredAt === undefined ? [] : [line('happened', `${occurredAt.toISOString()}${age}`)]),
  ].join('\n');
}
