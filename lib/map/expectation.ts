import * as z from 'zod';
import type { Mapped } from '../../lambdas/map/map-webhook.ts';
import type { Preview } from './preview-webhook.ts';

const eventSchema = z.strictObject({
  event: z.string().min(1).describe('The event’s name in the mapping.'),
  item: z.int().min(0).optional().describe('Which item of the webhook it is of, from 0.'),
  sends: z
    .strictObject({
      'event-id': z.string(),
      'event-key': z.string(),
      'event-params': z.record(z.string(), z.string()),
    })
    .optional()
    .describe('The payload that Webex Campaign is called with.'),
  skipped: z.enum(['when-not-met', 'no-items']).optional(),
  rejected: z.string().min(1).optional().describe('The code of the rejection.'),
  at: z.string().optional().describe('Where in the mapping it was rejected.'),
});

/** What a webhook is expected to become, as a person writes it beside it. */
export const expectationSchema = z.union([
  z.literal('ignored').describe('No event is on its type.'),
  z.strictObject({ rejected: z.string().min(1) }).describe('It cannot be read: the code.'),
  z.array(eventSchema).min(1),
]);

export type Expectation = z.infer<typeof expectationSchema>;

/** What a webhook became, in the words of an expectation. */
export function expectationOf(preview: Preview): Expectation {
  switch (preview.outcome) {
    case 'ignored':
      return 'ignored';
    case 'rejected':
      return { rejected: preview.failure.code };
    case 'mapped':
      return preview.events.map(describe);
  }
}

function describe(mapped: Mapped): z.infer<typeof eventSchema> {
  const which = { event: mapped.name, ...(mapped.item !== undefined && { item: mapped.item }) };
  switch (mapped.kind) {
    case 'skipped':
      return { ...which, skipped: mapped.code };
    case 'rejected': {
      const { failure } = mapped;
      return { ...which, rejected: failure.code, ...('path' in failure && { at: failure.path }) };
    }
    case 'event': {
      const { eventId, eventKey, params } = mapped.event;
      return { ...which, sends: { 'event-id': eventId, 'event-key': eventKey, 'event-params': params } };
    }
  }
}

/** Where what was found differs from what was expected, a line each; empty where it does not. */
export function differences(expected: Expectation, found: Expectation): readonly string[] {
  const wanted = new Map(flatten(expected, ''));
  const had = new Map(flatten(found, ''));
  const paths = [...new Set([...wanted.keys(), ...had.keys()])];
  return paths.flatMap((path) =>
    wanted.get(path) === had.get(path)
      ? []
      : [`${path === '' ? 'it' : path} is ${show(had.get(path))}; expected ${show(wanted.get(path))}`],
  );
}

function flatten(value: unknown, path: string): readonly (readonly [path: string, value: unknown])[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => flatten(item, `${path}[${index}]`));
  if (typeof value !== 'object' || value === null) return [[path, value]];
  return Object.entries(value).flatMap(([key, member]) =>
    flatten(member, path === '' ? key : `${path}.${key}`),
  );
}

function show(value: unknown): string {
  return value === undefined ? 'not there' : JSON.stringify(value);
}
