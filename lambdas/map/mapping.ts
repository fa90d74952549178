import * as z from 'zod';
import { isExpression } from './expression.ts';

/** A literal text, or a JSONata expression between `{%` and `%}` (the delimiters of AWS Step Functions). */
export const valueSchema = z
  .string({
    error: ({ input }) =>
      input === undefined
        ? undefined
        : 'expected text: quote a literal ("5"), or write an expression: "{% … %}"',
  })
  .refine(
    (text) => !/\{%|%\}/.test(text) || isExpression(text),
    'expected the whole value to be one expression, "{% … %}": text around it does not work',
  );

export const expressionSchema = z.string().refine(isExpression, 'expected an expression: "{% … %}"');

/** How an event key names a person: the event definition in Webex Campaign decides which kind it wants. */
const eventKeySchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.enum(['text', 'device', 'customer-id']), value: valueSchema }),
  z.strictObject({ kind: z.literal('email'), value: valueSchema, lowerCase: z.boolean() }),
  z.strictObject({
    kind: z.literal('msisdn'),
    value: valueSchema,
    /** Whether the number is written with its plus. */
    plus: z.boolean(),
    /** ISO 3166 code of the country of a number without a country code. */
    defaultRegion: z.string().length(2).optional(),
  }),
]);

/** Which webhooks become which campaign event, and with what in it. */
const eventMappingSchema = z.strictObject({
  /** Names the event in logs, the ledger and dead-letter notes. */
  name: z.string().min(1),
  /** Names that it had before: its facts are found in the ledger by them, too. */
  formerly: z.array(z.string().min(1)).optional(),
  /** Event types of the source, in the vendor's words; `*` stands for any text. */
  on: z.array(z.string().min(1)).min(1),
  /** Finds the items of a webhook; each becomes an event of its own, with the item as `$item`. */
  items: expressionSchema.optional(),
  /** There is an event only if this is exactly `true`. */
  when: expressionSchema.optional(),
  /** The event definition's identifier in Webex Campaign. */
  'event-id': z.string().min(1),
  'event-key': eventKeySchema,
  'event-params': z.record(z.string(), valueSchema),
  /** Parameters without which there is no event. */
  required: z.array(z.string()),
  /** What becomes of a parameter that is null or reads "null". */
  'on-null': z.enum(['omit', 'reject']),
  /** The id of the fact, which takes the place of the webhook's id and the item's place. */
  'deduplication-id': expressionSchema.optional(),
  /** When it happened, for `max-age`; without it, the time of receipt counts. */
  'event-time': expressionSchema.optional(),
  /** Seconds after which it is too old to be sent. */
  'max-age': z.int().min(1).optional(),
  /** Whether an event that may or may not have been accepted waits for a person, or is sent again. */
  'on-unconfirmed': z.enum(['park', 'retry']),
});

/**
 * A mapping as synth writes it: for one stage, with the file's defaults in every event. What a
 * person writes is in `lib/mapping/schema.ts`.
 */
export const mappingSchema = z.strictObject({
  source: z.string().min(1),
  /** Names that it had before: their webhooks are worked on by this mapping. */
  formerly: z.array(z.string().min(1)).optional(),
  /** Expressions with a name, for use as `$name` in all others of the file. */
  let: z.record(z.string(), expressionSchema),
  /** JSON pointers into an item: the first list of which all members are there is its id. */
  itemId: z.array(z.array(z.string()).min(1)).min(1).optional(),
  /** Which fields of a form hold JSON. */
  form: z.strictObject({ whole: z.string().optional(), json: z.array(z.string()).optional() }).optional(),
  /** The member that changed with each delivery of a body, and its value in the first. */
  redelivery: z.strictObject({ member: z.string(), first: z.literal([0, false]) }).optional(),
  events: z.array(eventMappingSchema).min(1),
});

export type EventKeyMapping = z.infer<typeof eventKeySchema>;
export type EventMapping = z.infer<typeof eventMappingSchema>;
export type Mapping = z.infer<typeof mappingSchema>;
