import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import type { BufferedWebhook } from '../../../lambdas/buffer/message.ts';
import { identifyWebhook } from '../../../lambdas/ingest/identity.ts';
import type { IdentityFailure } from '../../../lambdas/ingest/request.ts';
import type { Mapping } from '../../../lambdas/map/mapping.ts';
import { compileMapping, isOn, type Mapped, mapWebhook } from '../../../lambdas/map/webhook.ts';
import { fail, type Result, succeed } from '../../../lambdas/result.ts';
import { parseBody } from '../../../lambdas/webhook-body.ts';
import { type ConfigFile, type Problem, parseConfigFile, readConfigText } from '../../config/file.ts';
import { INVOCATION } from '../../config/terminal.ts';
import type { MappingFile } from '../file.ts';
import { resolveMapping } from '../schema.ts';

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
const expectationSchema = z.union(
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

/** An example as a person writes it: a webhook, and what it is expected to become. */
const exampleFileSchema = z.strictObject({
  webhook: z
    .strictObject({
      'body-file': z.string().min(1).optional().describe('Path of the body, from this file.'),
      body: z
        .union([z.string(), z.record(z.string(), z.unknown()), z.array(z.unknown())])
        .optional()
        .describe('The body: as text, byte for byte, or as YAML.'),
      set: z
        .record(z.string().regex(/^(\/[^/]+)+$/, 'expected a JSON pointer: "/data/id"'), z.unknown())
        .optional()
        .describe('What is changed in it, by JSON pointer; a value of null makes it null.'),
      headers: z.record(z.string().min(1), z.string()).default({}),
      'received-at': z.iso.datetime().default('2026-01-01T00:00:00Z'),
    })
    .refine(
      (webhook) => (webhook.body === undefined) !== (webhook['body-file'] === undefined),
      'expected a body, or a body-file.',
    ),
  stage: z.string().optional().describe('The stage whose event ids are expected.'),
  expect: expectationSchema.optional(),
});

/** An example, ready to be run. */
export type Example = {
  /** `stripe/payment-failed`. */
  readonly name: string;
  /** Its path as problems show it. */
  readonly file: string;
  readonly path: string;
  readonly webhook: PreviewedWebhook;
  readonly stage?: string;
  readonly expect?: Expectation;
  readonly problemAt: ConfigFile<unknown>['problemAt'];
};

/** Parses one file of a mapping's `examples` folder. `shown` is its path as problems show it. */
export function parseExample(name: string, file: string, shown: string): Result<Example, readonly Problem[]> {
  const text = readConfigText(file, shown);
  if (!text.ok) return text;
  const parsed = parseConfigFile(shown, text.value, exampleFileSchema);
  if (!parsed.ok) return parsed;
  const { value, problemAt } = parsed.value;
  const { webhook, stage, expect } = value;
  const body = readBody(webhook, file);
  if (!body.ok) return fail([problemAt(['webhook', 'body-file'], body.failure)]);
  const headers = Object.entries({ 'content-type': 'application/json', ...webhook.headers });
  return succeed({
    name,
    file: shown,
    path: file,
    webhook: {
      rawBody: body.value,
      headers: new Map(headers.map(([header, text]) => [header.toLowerCase(), text])),
      receivedAt: new Date(webhook['received-at']),
    },
    ...(stage !== undefined && { stage }),
    ...(expect !== undefined && { expect }),
    problemAt,
  });
}

type WrittenWebhook = z.infer<typeof exampleFileSchema>['webhook'];

function readBody(
  { body, 'body-file': bodyFile, set = {} }: WrittenWebhook,
  file: string,
): Result<Uint8Array, string> {
  if (bodyFile === undefined) {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return succeed(Buffer.from(setMembers(text, set)));
  }
  const path = resolve(dirname(file), bodyFile);
  if (!existsSync(path)) return fail(`there is no file ${bodyFile}, seen from this one. Check the path.`);
  if (!statSync(path).isFile()) return fail(`${bodyFile} is no file. Check the path.`);
  const bytes = readFileSync(path);
  return succeed(
    Object.keys(set).length === 0 ? bytes : Buffer.from(setMembers(bytes.toString('utf8'), set)),
  );
}

/** An example, and what the mapping makes of its webhook. */
export type ExampleRun = { readonly example: Example; readonly preview: Preview };

/** Maps an example's webhook; for the stage it names, or else the one given. */
export async function runExample(mapping: MappingFile, example: Example, stage: string): Promise<ExampleRun> {
  return { example, preview: await previewWebhook(mapping, example.webhook, example.stage ?? stage) };
}

/** How an example differs from what it expects. */
export function checkExpectation({ example, preview }: ExampleRun): readonly Problem[] {
  const { name, expect, problemAt } = example;
  if (expect === undefined) {
    const message = `is missing. If "${INVOCATION} map --example ${name}" shows what is right, add --accept to it.`;
    return [problemAt(['expect'], message)];
  }
  const found = differences(expect, expectationOf(preview));
  if (found.length === 0) return [];
  const advice = `Mend the mapping; or, if this is right: ${INVOCATION} map --example ${name} --accept`;
  return [problemAt(['expect'], `${found.join('; ')}. ${advice}`)];
}

/** What an example's webhook became by one event of the mapping. */
export function mappedBy({ preview }: ExampleRun, event: string): readonly Mapped[] {
  return preview.outcome === 'mapped' ? preview.events.filter(({ name }) => name === event) : [];
}

declare global {
  interface JSON {
    /** ES2026; Node.js has it since 21, TypeScript does not know it yet. */
    rawJSON(text: string): object;
  }
}

type Members = Record<string, unknown>;

/**
 * Sets members of a JSON text by their pointers. All else keeps its meaning, every digit of long numbers included; a
 * member on the way that is missing is made. A text that is not JSON stays as it is.
 */
export function setMembers(json: string, changes: Readonly<Record<string, unknown>>): string {
  if (Object.keys(changes).length === 0) return json;
  const root: unknown = JSON.parse(json, (_, value, context?: { readonly source?: string }) =>
    typeof value === 'number' ? JSON.rawJSON(context?.source ?? String(value)) : value,
  );
  for (const [pointer, value] of Object.entries(changes)) setMember(root, pointer, value);
  return JSON.stringify(root);
}

function setMember(root: unknown, pointer: string, value: unknown): void {
  const segments = pointer
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
  const last = segments.pop() ?? '';
  const parent = segments.reduce<unknown>((members, segment) => {
    const child = (members as Members)[segment];
    if (typeof child === 'object' && child !== null) return child;
    const made: Members = {};
    (members as Members)[segment] = made;
    return made;
  }, root);
  (parent as Members)[last] = value;
}

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
function differences(expected: Expectation, found: Expectation): readonly string[] {
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
type IdentifiedWebhook = Pick<
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
