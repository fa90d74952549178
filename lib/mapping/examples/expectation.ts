import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import type { Mapped } from '../../../lambdas/map/webhook.ts';
import { INVOCATION } from '../../config/invocation.ts';
import { type Preview, wasTooOld } from './preview.ts';

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
  expired: z
    .literal('too-old')
    .optional()
    .describe('It had been too old for its max-age when the webhook came in, and is not sent.'),
  rejected: z.string().min(1).optional().describe('The code of the rejection.'),
  at: z.string().optional().describe('Where in the mapping it was rejected.'),
});

type ExpectedEvent = z.infer<typeof eventSchema>;

/** What a webhook is expected to become, as a person writes it beside it. */
export const expectationSchema = z.union(
  [
    z.literal('ignored').describe('No event is on its type.'),
    z.strictObject({ rejected: z.string().min(1) }).describe('It cannot be read: the code.'),
    z.array(eventSchema).min(1),
  ],
  {
    error: ({ input }) =>
      input === undefined
        ? undefined
        : 'expected "ignored", or a list of events: { event: NAME, sends | skipped | expired | rejected: … }. ' +
          `"${INVOCATION} map --example … --accept" writes it.`,
  },
);

export type Expectation = z.infer<typeof expectationSchema>;

/** What a webhook became, in the words of an expectation. */
export function expectationOf(preview: Preview): Expectation {
  switch (preview.outcome) {
    case 'ignored':
      return 'ignored';
    case 'rejected':
      return { rejected: preview.failure.code };
    case 'mapped':
      return preview.events.map((mapped) => expectedEventOf(mapped, preview.receivedAt));
  }
}

function expectedEventOf(mapped: Mapped, receivedAt: Date): ExpectedEvent {
  const which = { event: mapped.name, ...(mapped.item !== undefined && { item: mapped.item }) };
  switch (mapped.kind) {
    case 'skipped':
      return { ...which, skipped: mapped.code };
    case 'rejected': {
      const { failure } = mapped;
      return { ...which, rejected: failure.code, ...('path' in failure && { at: failure.path }) };
    }
    case 'event': {
      if (wasTooOld(mapped, receivedAt)) return { ...which, expired: 'too-old' };
      const { eventId, eventKey, params } = mapped.event;
      return { ...which, sends: { 'event-id': eventId, 'event-key': eventKey, 'event-params': params } };
    }
  }
}

/** Where what was found differs from what was expected, a sentence each; empty where it does not. */
export function differences(expected: Expectation, found: Expectation): readonly string[] {
  if (!Array.isArray(expected) || !Array.isArray(found)) {
    return isDeepStrictEqual(expected, found)
      ? []
      : [`it ${formatWhole(found)}; expected that it ${formatWhole(expected)}`];
  }
  const places = Array.from({ length: Math.max(expected.length, found.length) }, (_, index) => index);
  return places.flatMap((index) => eventDifferences(expected[index], found[index]));
}

function eventDifferences(
  expected: ExpectedEvent | undefined,
  found: ExpectedEvent | undefined,
): readonly string[] {
  if (isDeepStrictEqual(expected, found)) return [];
  if (expected?.sends === undefined || found?.sends === undefined || nameOf(expected) !== nameOf(found)) {
    return [`${formatEvent(found)}; expected: ${formatEvent(expected)}`];
  }
  const wanted = valuesOf(expected.sends);
  const had = valuesOf(found.sends);
  return [...new Set([...Object.keys(wanted), ...Object.keys(had)])].flatMap((key) =>
    wanted[key] === had[key]
      ? []
      : [`${nameOf(found)}: ${key} is ${formatValue(had[key])}; expected ${formatValue(wanted[key])}`],
  );
}

function valuesOf({ 'event-params': params, ...rest }: NonNullable<ExpectedEvent['sends']>) {
  const named = Object.entries(params).map(([name, value]) => [`event-params.${name}`, value]);
  return { ...rest, ...Object.fromEntries(named) } as Readonly<Record<string, string>>;
}

function nameOf({ event, item }: ExpectedEvent): string {
  return item === undefined ? event : `${event}, item ${item}`;
}

function formatEvent(event: ExpectedEvent | undefined): string {
  if (event === undefined) return 'no further event';
  if (event.skipped !== undefined) return `${nameOf(event)} is skipped (${event.skipped})`;
  if (event.expired !== undefined) return `${nameOf(event)} is not sent (${event.expired})`;
  if (event.rejected === undefined) return `${nameOf(event)} is sent`;
  const where = event.at === undefined ? '' : ` at ${event.at}`;
  return `${nameOf(event)} is rejected (${event.rejected}${where})`;
}

function formatWhole(expectation: Expectation): string {
  if (expectation === 'ignored') return 'is ignored';
  return Array.isArray(expectation)
    ? `becomes ${expectation.map(formatEvent).join(', ')}`
    : `is rejected (${expectation.rejected})`;
}

function formatValue(value: string | undefined): string {
  return value === undefined ? 'left out' : JSON.stringify(value);
}
