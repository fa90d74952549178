import { MAX_PARAMETERS, MAX_PAYLOAD_BYTES } from '../../lambdas/map/event.ts';
import { formatMapFailure } from '../../lambdas/map/failure.ts';
import type { Mapped } from '../../lambdas/map/webhook.ts';
import { fail, type Result, succeed } from '../../lambdas/result.ts';
import { escapeUnseen, joinLines } from '../../lib/config/terminal.ts';
import { type Preview, previewIdentified, wasTooOld } from '../../lib/mapping/examples/example.ts';
import type { MappingFile } from '../../lib/mapping/file.ts';
import { findMapping, ONLY_STAGE, type Project, stageNames } from '../project.ts';
import { type DeadLetter, webhookOf } from './dead-letter.ts';

/** What the mapping, as it is in this project now, makes of a dead letter's webhook. */
export type DeadLetterPreview = {
  readonly mapping: MappingFile;
  readonly preview: Preview;
  readonly stage: string;
};

/** Maps a dead letter's webhook; fails with a sentence where that cannot be done. */
type PreviewDeadLetter = (deadLetter: DeadLetter) => Promise<Result<DeadLetterPreview, string>>;

/** Maps dead letters by the mappings of a project, each of which is read once. */
export function createPreviewer(
  project: Project,
  named: { readonly stage?: string | undefined; readonly stackName: string },
): PreviewDeadLetter {
  const mappings = new Map<string, ReturnType<typeof findMapping>>();
  const stage = chooseStage(project, named);
  return async (deadLetter) => {
    const webhook = webhookOf(deadLetter);
    if (webhook === undefined) return fail('The message cannot be read, so that it cannot be mapped.');
    const { source } = webhook;
    const mapping = mappings.get(source) ?? findMapping(project, source);
    mappings.set(source, mapping);
    if (!mapping.ok) return mapping;
    if (!stage.ok) return stage;
    const preview = await previewIdentified(mapping.value, webhook, stage.value);
    return succeed({ mapping: mapping.value, preview, stage: stage.value });
  };
}

/** The stage that was named, or the one of the stack's name, `webhook-adapter-<stage>`. */
export function chooseStage(
  project: Project,
  { stage, stackName }: { readonly stage?: string | undefined; readonly stackName: string },
): Result<string, string> {
  const stages = stageNames(project);
  if (!stages.ok) return stages;
  const fits = (name: string) => name === ONLY_STAGE || stackName === `webhook-adapter-${name}`;
  const chosen = stage ?? stages.value.find(fits);
  if (chosen !== undefined && stages.value.includes(chosen)) return succeed(chosen);
  return fail(`Give --stage: one of ${stages.value.join(', ')}.`);
}

type NamedItem = { readonly name?: string | undefined; readonly item?: number | undefined };

/** Finds what a preview has of an event of the dead letter, also if the event was renamed since. */
export function previewedEvents({
  mapping,
  preview,
}: DeadLetterPreview): (event: NamedItem) => Mapped | undefined {
  const events = preview.outcome === 'mapped' ? preview.events : [];
  const formerly = new Map(mapping.events.map((event) => [event.name, event.formerly ?? []]));
  const keyOf = (name: string | undefined, item: number | undefined) => `${name}#${item ?? ''}`;
  const known = new Map(
    events.flatMap((mapped) =>
      [mapped.name, ...(formerly.get(mapped.name) ?? [])].map((name) => [keyOf(name, mapped.item), mapped]),
    ),
  );
  // The dead letter may know of no items where the mapping has some now: then all of them are meant.
  const byName = new Map(events.toReversed().map((mapped) => [mapped.name, mapped]));
  return ({ name, item }) =>
    known.get(keyOf(name, item)) ?? (item === undefined ? byName.get(name ?? '') : undefined);
}

/** What would be sent, for a person. Values are a customer's: they are shown only if asked for, and else their sizes. */
export function formatDeadLetterPreview(
  { mapping, preview, stage }: DeadLetterPreview,
  withValues: boolean,
): string {
  if (withValues || preview.outcome !== 'mapped') return formatPreview(mapping, preview, stage);
  const title = `${mapping.source}: ${preview.eventTypes.join(', ')} (stage ${stage})`;
  return [escapeUnseen(title), ...preview.events.map(formatSizes)].join('\n');
}

function formatSizes(mapped: Mapped): string {
  const title = titleOf(mapped);
  switch (mapped.kind) {
    case 'skipped':
      return `  –  ${title}: skipped, ${mapped.code}`;
    case 'rejected':
      return formatRejectedEvent(mapped);
    case 'event': {
      const { eventId, eventKey, params } = mapped.event;
      const width = Math.max(9, ...Object.keys(params).map(({ length }) => length));
      const size = (parameter: string, value: string) =>
        `       ${parameter.padEnd(width)}  ${Buffer.byteLength(value)} bytes`;
      return joinLines([
        `  ✓  ${title}: event ${eventId}, mapping version ${mapped.terms.mappingVersion}`,
        size('event-key', eventKey),
        ...Object.entries(params).map(([parameter, value]) => size(parameter, value)),
      ]);
    }
  }
}

function titleOf({ name, item }: Mapped): string {
  return item === undefined ? name : `${name}, item ${item + 1}`;
}

function formatRejectedEvent(mapped: Extract<Mapped, { kind: 'rejected' }>): string {
  const { failure } = mapped;
  return joinLines([
    `  ✗  ${titleOf(mapped)}: rejected, ${failure.code}`,
    `       ${formatMapFailure(failure)}`,
  ]);
}

/** The same for machines. */
export function deadLetterPreviewJson({ mapping, preview }: DeadLetterPreview, withValues: boolean): object {
  if (withValues || preview.outcome !== 'mapped') return previewJson(mapping, preview);
  return {
    mapping: mapping.source,
    outcome: 'mapped',
    events: preview.events.map((mapped) => ({
      event: mapped.name,
      ...(mapped.item !== undefined && { item: mapped.item }),
      outcome: mapped.kind,
      ...(mapped.kind === 'skipped' && { code: mapped.code }),
      ...(mapped.kind === 'rejected' && mapped.failure),
      ...(mapped.kind === 'event' && {
        eventId: mapped.event.eventId,
        parameters: Object.fromEntries(
          Object.entries(mapped.event.params).map(([name, value]) => [name, Buffer.byteLength(value)]),
        ),
      }),
    })),
  };
}

/** What a webhook would become, for machines. */
export function previewJson({ source, events: mappings }: MappingFile, preview: Preview): object {
  const base = { mapping: source, outcome: preview.outcome };
  switch (preview.outcome) {
    case 'rejected':
      return { ...base, ...preview.failure, message: formatRejection(preview) };
    case 'ignored':
      return { ...base, eventTypes: preview.eventTypes, message: formatIgnored(preview.eventTypes) };
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
        message: formatMapFailure(mapped.failure),
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
        ...(mapped.identity !== undefined && { identity: mapped.identity }),
        ...(mapped.occurredAt && { occurredAt: mapped.occurredAt.toISOString() }),
        onUnconfirmed: terms.onUnconfirmed,
        ...(terms.maxAgeSeconds !== undefined && { maxAgeSeconds: terms.maxAgeSeconds }),
        ...(wasTooOld(mapped, receivedAt) && { expired: 'too-old' }),
      };
  }
}

/** What a webhook would become, for a person. */
export function formatPreview({ source, events }: MappingFile, preview: Preview, stage: string): string {
  switch (preview.outcome) {
    case 'rejected':
      return joinLines([`${source}: rejected`, `  ${formatRejection(preview)}`]);
    case 'ignored':
      return joinLines([`${source}: ignored`, `  ${formatIgnored(preview.eventTypes)}`]);
    case 'mapped': {
      const whens = new Map(events.map(({ name, when }) => [name, when]));
      const others = events.filter(({ name }) => preview.unmatched.includes(name));
      return [
        escapeUnseen(`${source}: ${preview.eventTypes.join(', ')} (stage ${stage})`),
        ...preview.events.map((mapped) => formatMapped(mapped, preview.receivedAt, whens.get(mapped.name))),
        ...others.map(({ name, on }) => `  –  ${name}: is on ${on.join(', ')}`),
      ].join('\n');
    }
  }
}

function formatRejection({ failure }: Extract<Preview, { outcome: 'rejected' }>): string {
  switch (failure.code) {
    case 'body-not-json':
      return 'body-not-json: the body cannot be read.';
    case 'body-too-deep':
      return `body-too-deep: its lists and objects are nested more than ${failure.limit} deep.`;
    case 'event-type-missing':
      return `event-type-missing: expected it in ${failure.where}. A header is given with --headers FILE.`;
  }
}

function formatIgnored(eventTypes: readonly string[]): string {
  return `No event of the mapping is on ${eventTypes.join(', ')}: it would be answered 200 and not buffered.`;
}

function formatMapped(mapped: Mapped, receivedAt: Date, when: string | undefined): string {
  const title = titleOf(mapped);
  switch (mapped.kind) {
    case 'skipped':
      return mapped.code === 'no-items'
        ? `  –  ${title}: skipped, as there is no item for it`
        : escapeUnseen(`  –  ${title}: skipped, as "when" is not true: ${when ?? ''}`);
    case 'rejected':
      return formatRejectedEvent(mapped);
    case 'event':
      return formatEvent(mapped, receivedAt);
  }
}

function formatEvent(mapped: Extract<Mapped, { kind: 'event' }>, receivedAt: Date): string {
  const { event, identity, payload, leftOut, occurredAt, terms } = mapped;
  const count = Object.keys(event.params).length;
  const names = [...Object.keys(event.params), ...leftOut.map(({ parameter }) => parameter)];
  const width = Math.max(9, ...names.map(({ length }) => length));
  const line = (name: string, value: string) => `       ${name.padEnd(width)}  ${value}`;
  const age =
    terms.maxAgeSeconds === undefined ? '' : `; not sent later than ${terms.maxAgeSeconds} s after it`;
  return joinLines([
    `  ✓  ${titleOf(mapped)}: ${Buffer.byteLength(payload)} of ${MAX_PAYLOAD_BYTES} bytes, ${count} of ${MAX_PARAMETERS} parameters`,
    line('event-id', event.eventId),
    line('event-key', event.eventKey),
    ...Object.entries(event.params).map(([name, value]) => line(name, JSON.stringify(value))),
    ...leftOut.map(({ parameter, type }) => line(parameter, `left out: ${type}`)),
    ...(identity === undefined ? [] : [line('identity', identity)]),
    ...(wasTooOld(mapped, receivedAt)
      ? [line('too old', 'for its max-age when it came in: recorded, not sent')]
      : []),
    ...(occurredAt === undefined ? [] : [line('happened', `${occurredAt.toISOString()}${age}`)]),
  ]);
}
