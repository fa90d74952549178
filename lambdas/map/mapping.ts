import * as z from 'zod';

/** A literal text, or a JSONata expression between `{%` and `%}` (the delimiters of AWS Step Functions). */
const valueSchema = z
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

const expressionSchema = z.string().refine(isExpression, 'expected an expression: "{% … %}"');

/** One or several event types of the source, in the vendor's words. */
const eventTypesSchema = z
  .union([z.string().min(1), z.array(z.string().min(1)).min(1)], {
    error: ({ input }) => (input === undefined ? undefined : 'expected an event type, or a list of them'),
  })
  .transform((on) => (typeof on === 'string' ? [on] : on));

/** Which webhooks become which campaign event, and with what in it. */
const eventMappingSchema = z.strictObject({
  /** Names the event in logs and dead-letter notes. */
  name: z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'expected lower-case words joined by "-"'),
  on: eventTypesSchema,
  /** Finds the items of a batch; each becomes an event of its own, with the item as `$item`. */
  items: expressionSchema.optional(),
  /** Only webhooks for which this is exactly `true` become an event. */
  when: expressionSchema.optional(),
  /** The event definition's identifier in Webex Campaign. */
  'event-id': z.string().min(1),
  /** Whom: an e-mail address, mobile number, device id or customer id, as the event definition has it. */
  'event-key': valueSchema,
  'event-params': z.record(z.string().min(1), valueSchema).default({}),
});

/** What map knows of a source: its events. */
export const mappingSchema = z.strictObject({
  source: z.string().min(1),
  events: z.array(eventMappingSchema).min(1),
});

export type EventMapping = z.infer<typeof eventMappingSchema>;
export type Mapping = z.infer<typeof mappingSchema>;

/** Whether a value of a mapping is an expression rather than literal text. */
export function isExpression(text: string): boolean {
  return text.startsWith('{%') && text.endsWith('%}') && text.indexOf('{%', 2) < 0 && text.length >= 4;
}

/** The JSONata between the delimiters. */
export function expressionSource(text: string): string {
  return text.slice(2, -2).trim();
}
