import { describeMapFailure } from '../lambdas/map/failure.ts';
import type { Mapped } from '../lambdas/map/webhook.ts';
import { fail, type Result, succeed } from '../lambdas/result.ts';
import type { MappingFile } from '../lib/map/mapping-file.ts';
import { type Preview, previewIdentified } from '../lib/map/preview-webhook.ts';
import { type DeadLetter, webhookOf } from './dead-letter.ts';
import { describePreview, previewJson } from './describe-preview.ts';
import { findMapping, ONLY_STAGE, type Project, stageNames } from './project.ts';

/** What the mapping, as it lies in this project now, makes of a dead letter's webhook. */
export type LetterPreview = {
  readonly mapping: MappingFile;
  readonly preview: Preview;
  readonly stage: string;
};

/** Maps a dead letter's webhook; fails with a sentence where that cannot be done. */
export async function previewLetter(
  project: Project,
  letter: DeadLetter,
  stageName: { readonly stage?: string | undefined; readonly stackName: string },
): Promise<Result<LetterPreview, string>> {
  const webhook = webhookOf(letter);
  if (webhook === undefined) return fail('The message cannot be read, so nothing can be made of it.');
  const mapping = findMapping(project, webhook.source);
  if (!mapping.ok) return mapping;
  const stage = chooseStage(project, stageName);
  if (!stage.ok) return stage;
  return succeed({
    mapping: mapping.value,
    preview: await previewIdentified(mapping.value, webhook, stage.value),
    stage: stage.value,
  });
}

/** The stage that was named, or the one of the stack's name, `webhook-adapter-<stage>`. */
function chooseStage(
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

/** The event of a preview that a dead letter is about. */
export function previewedEvent({ note }: DeadLetter, { preview }: LetterPreview): Mapped | undefined {
  if (preview.outcome !== 'mapped' || note?.event === undefined) return undefined;
  return preview.events.find(({ name, item }) => name === note.event && item === note.item);
}

/** What would be sent, with values only where they were asked for: they are a customer's. */
export function describeLetterPreview(
  { mapping, preview, stage }: LetterPreview,
  withValues: boolean,
): string {
  if (withValues || preview.outcome !== 'mapped') return describePreview(mapping, preview, stage);
  const title = `${mapping.source}: ${preview.eventTypes.join(', ')} (stage ${stage})`;
  return [title, ...preview.events.map(describeSizes)].join('\n');
}

function describeSizes(mapped: Mapped): string {
  const { name, item } = mapped;
  const title = item === undefined ? name : `${name}, item ${item + 1}`;
  switch (mapped.kind) {
    case 'skipped':
      return `  –  ${title}: skipped, ${mapped.code}`;
    case 'rejected':
      return `  ✗  ${title}: rejected, ${mapped.failure.code}\n       ${describeMapFailure(mapped.failure)}`;
    case 'event': {
      const { eventId, eventKey, params } = mapped.event;
      const width = Math.max(9, ...Object.keys(params).map(({ length }) => length));
      const size = (parameter: string, value: string) =>
        `       ${parameter.padEnd(width)}  ${Buffer.byteLength(value)} bytes`;
      return [
        `  ✓  ${title}: event ${eventId}, mapping version ${mapped.terms.mappingVersion}`,
        size('event-key', eventKey),
        ...Object.entries(params).map(([parameter, value]) => size(parameter, value)),
      ].join('\n');
    }
  }
}

/** The same for machines. */
export function letterPreviewJson(preview: LetterPreview, withValues: boolean): object {
  if (withValues || preview.preview.outcome !== 'mapped')
    return previewJson(preview.mapping, preview.preview);
  return {
    mapping: preview.mapping.source,
    outcome: 'mapped',
    events: preview.preview.events.map((mapped) => ({
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
