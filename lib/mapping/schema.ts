import * as z from 'zod';
import { PROFILE_NAMES } from '../../lambdas/ingest/signature/profiles/profiles.ts';
import { signatureSchemeSchema } from '../../lambdas/ingest/signature/scheme.ts';
import {
  acknowledgementSchema,
  eventTypeSchema,
  handshakeSchema,
  type Profile,
  profileSchema,
  selectorSchema,
  sourceSchema,
} from '../../lambdas/ingest/source.ts';
import {
  type EventKeyMapping,
  type EventMapping,
  expressionSchema,
  type Mapping,
  valueSchema,
} from '../../lambdas/map/mapping.ts';

/** A name of lower-case words: of an event, of an event definition. */
export const NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/;

const DURATION_FORM = 'expected a time span: a number and s, m, h or d, as in "24h"';
const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** A time span as a person writes it, in seconds: `90s`, `30m`, `24h`, `3d`. */
export const durationSchema = z
  .string({ error: ({ input }) => (input === undefined ? undefined : DURATION_FORM) })
  .regex(/^[1-9]\d{0,5}[smhd]$/, DURATION_FORM)
  .transform((text) => Number(text.slice(0, -1)) * (SECONDS[text.slice(-1)] ?? 1));

const eventTypesSchema = z
  .union([z.string().min(1), z.array(z.string().min(1)).min(1)], {
    error: ({ input }) => (input === undefined ? undefined : 'expected an event type, or a list of them'),
  })
  .transform((on) => (typeof on === 'string' ? [on] : on));

/** An event id of Webex Campaign: one for all stages, or one per stage. */
export const eventIdSchema = z.union([z.string().min(1), z.record(z.string().min(1), z.string().min(1))], {
  error: ({ input }) =>
    input === undefined
      ? undefined
      : 'expected the id as quoted text, or one per stage: { dev: evt_…, prod: evt_… }',
});

/** The kinds of event key. */
export const KEY_KINDS = ['text', 'device', 'customer-id', 'email', 'msisdn'] as const;

const KIND_FORM = 'expected one of: text, device, customer-id, email, msisdn.';

/** The kinds of event key, and the options of each. */
const eventKeyKinds = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({
      kind: z
        .enum(['text', 'device', 'customer-id'])
        .default('text')
        .describe('Trimmed, else sent as it is.'),
      value: valueSchema,
    }),
    z.strictObject({
      kind: z.literal('email').describe('An e-mail address, trimmed.'),
      value: valueSchema,
      'lower-case': z.boolean().default(false).describe('Whether it is sent in lower case.'),
    }),
    z.strictObject({
      kind: z.literal('msisdn').describe('A phone number, sent in E.164.'),
      value: valueSchema,
      plus: z.boolean().default(false).describe('Whether it is sent with its plus.'),
      'default-region': z
        .string()
        .regex(/^[A-Z]{2}$/, 'expected a country as ISO 3166 has it, in capitals: GB')
        .optional()
        .describe('The country of numbers that come without a country code.'),
    }),
  ],
  { error: ({ code }) => (code === 'invalid_union' ? KIND_FORM : undefined) },
);

/** A text alone is of kind `text`. */
const eventKeySchema = z.preprocess((written) => {
  if (written === undefined) return undefined;
  const isObject = typeof written === 'object' && written !== null && !Array.isArray(written);
  return isObject ? written : { value: written };
}, eventKeyKinds);

const paramsSchema = z.record(z.string().min(1), valueSchema);
const onNullSchema = z.enum(['omit', 'reject']);
const onUnconfirmedSchema = z.enum(['park', 'retry']);

const deduplicationIdSchema = expressionSchema
  .optional()
  .describe('The id of the fact, the same however often it is sent. Without it, the vendor’s id counts.');

/** What all events of a file have in common, unless they say otherwise themselves. */
const defaultsSchema = z.strictObject({
  'event-params': paramsSchema.optional().describe('Parameters that every event has.'),
  'on-null': onNullSchema.optional(),
  'deduplication-id': deduplicationIdSchema,
  'event-time': expressionSchema.optional(),
  'max-age': durationSchema.optional(),
  'on-unconfirmed': onUnconfirmedSchema.optional(),
});

const formerlySchema = z
  .array(z.string().regex(NAME, 'expected lower-case words joined by "-"'))
  .min(1)
  .optional();

const eventSchema = z.strictObject({
  name: z
    .string()
    .regex(NAME, 'expected lower-case words joined by "-"')
    .describe('Names the event in logs and dead letters.'),
  formerly: formerlySchema.describe('Names that the event had before: what is known of it by them is kept.'),
  on: eventTypesSchema.describe('The event types it is for, in the vendor’s words; * stands for any text.'),
  when: expressionSchema.optional().describe('Only where this is exactly true is there an event.'),
  items: expressionSchema
    .optional()
    .describe('Finds the items of a webhook; each becomes an event of its own, with the item as $item.'),
  definition: z
    .string()
    .min(1)
    .optional()
    .describe('The event definition in Webex Campaign, by its name in webex-events.yaml.'),
  'event-id': eventIdSchema
    .optional()
    .describe(
      'In the place of a definition, its bare id: for all stages or one per stage. Nothing checks it.',
    ),
  'event-key': eventKeySchema.describe('Whom: an e-mail address, mobile number, device id or customer id.'),
  'event-params': paramsSchema
    .default({})
    .describe(
      'What: a parameter’s name, and its value. $localTime(time, picture, zone) writes a time of a zone: ' +
        "\"{% $localTime(created, '[D1] [MNn], [H01]:[m01]', 'Europe/Berlin') %}\".",
    ),
  required: z
    .array(z.string().min(1))
    .default([])
    .describe('Parameters without which there is no event, as the event definition marks them.'),
  'on-null': onNullSchema
    .optional()
    .describe('Whether a parameter that is null or reads "null" is left out (omit), or rejects the event.'),
  'deduplication-id': deduplicationIdSchema,
  'event-time': expressionSchema
    .optional()
    .describe('When it happened: unix seconds or milliseconds, or ISO 8601. Without it, the receive time.'),
  'max-age': durationSchema
    .optional()
    .describe('How old it may be to be worth saying, as in 24h. What is older is recorded, not sent.'),
  'on-unconfirmed': onUnconfirmedSchema
    .optional()
    .describe('What becomes of an event that may have been accepted: park (for a person) or retry.'),
});

/**
 * A mapping file as a person writes it. What concerns verification is checked apart (`resolveVerify`), with the profile
 * that it names.
 */
export const mappingFileSchema = z.strictObject({
  source: sourceSchema.shape.source.describe('The folder’s name, and the last part of the webhook URL.'),
  formerly: formerlySchema.describe(
    'Names that the folder had before: webhooks to their URLs are still taken, and what is known of them is kept.',
  ),
  secret: sourceSchema.shape.secret.describe(
    'Name of the secret in Secrets Manager, after the name of the stack and "/".',
  ),
  verify: z.unknown().describe('How the source signs: the name of a profile, or options.'),
  'event-type': z
    .unknown()
    .optional()
    .describe('Where the event type stands, if not where the profile says.'),
  'deduplication-id': z
    .unknown()
    .optional()
    .describe('Where the id of a fact stands, if not where the profile says.'),
  form: z
    .unknown()
    .optional()
    .describe('Which fields of a form hold JSON: the whole webhook, or a member each.'),
  'api-version': z
    .unknown()
    .optional()
    .describe('Where the version of the vendor’s API stands, for "adapter report".'),
  handshakes: z
    .unknown()
    .optional()
    .describe('How the vendor tries the endpoint, and what it wants to read.'),
  acknowledge: z.unknown().optional().describe('What the vendor wants to read for a webhook that was taken.'),
  let: z
    .record(z.string().regex(/^[a-z][A-Za-z0-9_]*$/, 'expected a name such as "amount"'), expressionSchema)
    .default({})
    .describe('Expressions with a name, for use as $name in all others.'),
  defaults: defaultsSchema.default({}).describe('What all events have in common, unless they say otherwise.'),
  events: z.array(eventSchema).min(1).describe('What becomes of the webhooks.'),
});

export type WrittenFile = z.infer<typeof mappingFileSchema>;
export type WrittenEvent = WrittenFile['events'][number];

/** The part of a mapping file that map goes by. */
export type WrittenMapping = Pick<WrittenFile, 'source' | 'formerly' | 'let' | 'defaults' | 'events'> & {
  /** Without it, no item has an id by its profile. */
  readonly profile?: Pick<Profile, 'itemId' | 'redelivery' | 'form'>;
};

/**
 * Map's part of a mapping file for one stage: the file's defaults are in every event, and each has the event id of the
 * stage. An event without one for this stage has an empty id, which the check at synth does not let through.
 */
export function resolveMapping(
  {
    source,
    formerly,
    let: definitions,
    defaults,
    events,
    profile: { itemId, redelivery, form } = {},
  }: WrittenMapping,
  stage: string,
): Mapping {
  return {
    source,
    ...(formerly && { formerly }),
    let: definitions,
    ...(itemId !== undefined && { itemId }),
    ...(redelivery !== undefined && { redelivery }),
    ...(form !== undefined && { form }),
    events: events.map((event) => resolveEvent(event, defaults, stage)),
  };
}

/** The event id of a stage, if there is one. */
export function eventIdOf(event: Pick<WrittenEvent, 'event-id'>, stage: string): string | undefined {
  const id = event['event-id'];
  if (id === undefined || typeof id === 'string') return id;
  return Object.hasOwn(id, stage) ? id[stage] : undefined;
}

function resolveEvent(event: WrittenEvent, defaults: WrittenFile['defaults'], stage: string): EventMapping {
  const shared = { ...defaults, ...withoutUndefined(event) };
  const { items, when } = event;
  const { 'event-time': time, 'max-age': maxAge, 'deduplication-id': id } = shared;
  return {
    name: event.name,
    ...(event.formerly && { formerly: event.formerly }),
    on: event.on,
    ...(items !== undefined && { items }),
    ...(when !== undefined && { when }),
    'event-id': eventIdOf(event, stage) ?? '',
    'event-key': resolveKey(event['event-key']),
    'event-params': { ...defaults['event-params'], ...event['event-params'] },
    required: event.required,
    'on-null': shared['on-null'] ?? 'omit',
    ...(id !== undefined && { 'deduplication-id': id }),
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

/**
 * The name in Secrets Manager of one of a stack's secrets. A mapping file has one name for all stages, but each stage needs
 * a secret of its own.
 * @param name what the names of the stack's resources begin with (`WebhookAdapterProps.name`)
 */
export function secretNameOf(name: string, secret: string): string {
  return `${name}/${secret}`;
}

type JsonSchema = Record<string, unknown>;

/** What a mapping file may hold, for editors. It covers keys and forms; the check at synth covers the rest. */
export function mappingJsonSchema(): JsonSchema {
  const { $schema, ...schema } = z.toJSONSchema(mappingFileSchema, { io: 'input', unrepresentable: 'any' });
  return {
    $schema,
    title: 'Mapping file of the Webex Campaign Webhook Adapter',
    description: 'What becomes of the webhooks of one source: docs/mapping-language.md',
    ...withEitherId(withWrittenForms(schema) as JsonSchema),
  };
}

/** An event has a definition, or else an id of its own. */
function withEitherId(schema: JsonSchema): JsonSchema {
  const events = (schema.properties as { readonly events: { readonly items: object } }).events;
  const either = ['definition', 'event-id'].map((key) => ({ required: [key] }));
  const items = { ...events.items, oneOf: either };
  return { ...schema, properties: { ...(schema.properties as object), events: { ...events, items } } };
}

/** Replaces what zod makes of a key by what a person may write. */
function withWrittenForms(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => withWrittenForms(item));
  if (typeof value !== 'object' || value === null) return value;
  // What has a type is a key of the same name elsewhere: the `deduplication-id` of an event is an expression.
  const written = 'type' in value ? undefined : WRITTEN[key];
  if (written !== undefined) {
    return { ...('description' in value && { description: value.description }), ...written() };
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, withWrittenForms(inner, name)]),
  );
}

/** What a person may write for the keys whose values `file.ts` checks, or zod transforms. */
const WRITTEN: Readonly<Record<string, () => JsonSchema>> = {
  verify: () => ({
    anyOf: [
      { enum: [...PROFILE_NAMES], description: 'The name of a profile.' },
      {
        type: 'object',
        required: ['profile'],
        properties: { profile: { enum: [...PROFILE_NAMES] } },
        description: 'A profile with some of its options changed.',
      },
      { ...fragment(signatureSchemeSchema), description: 'The options of a scheme: docs/add-a-source.md.' },
    ],
  }),
  'event-type': () => oneOrMore(fragment(eventTypeSchema)),
  'deduplication-id': () => oneOrMore(fragment(selectorSchema)),
  form: () => fragment(profileSchema.shape.form),
  'api-version': () => fragment(selectorSchema),
  handshakes: () => ({ type: 'array', items: fragment(handshakeSchema) }),
  acknowledge: () => fragment(acknowledgementSchema),
  'event-key': () => ({ anyOf: [{ type: 'string' }, fragment(eventKeyKinds)] }),
};

function oneOrMore(one: JsonSchema): JsonSchema {
  return { anyOf: [one, { type: 'array', items: one, minItems: 1 }] };
}

function fragment(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return rest;
}
