import * as z from 'zod';
import { headerNameSchema, signatureSchemeSchema } from './signature/scheme.ts';

/** RFC 6901; a segment `*` stands for every item of a list. */
const pointerSchema = z
  .string()
  .regex(/^(\/([^~/]|~[01])+)+$/, 'expected a JSON pointer: "/data/id" ("*" for every item of a list)');

/** Where a value stands: in a header, or in the body (of several pointers, the first that leads to a value counts). */
export const selectorSchema = z.union(
  [
    z.strictObject({ header: headerNameSchema }),
    z.strictObject({ body: z.union([pointerSchema, z.array(pointerSchema).min(1)]) }),
  ],
  { error: 'expected {header: NAME} or {body: "/json/pointer"}' },
);

export type Selector = z.infer<typeof selectorSchema>;

const valuesSchema = z.record(z.string().min(1), z.string());

/** A fixed answer that a vendor wants to read. */
export const acknowledgementSchema = z.strictObject({
  contentType: z
    .string()
    .regex(/^[\w.+-]+\/[\w.+-]+(; ?charset=[\w-]+)?$/, 'expected a media type: text/plain'),
  body: z.string(),
});

/** A request by which a vendor tests an endpoint before it sends webhooks. `*` as a value matches any value. */
export const handshakeSchema = z.strictObject({
  match: z.strictObject({
    method: z.enum(['GET', 'HEAD', 'POST']),
    query: valuesSchema.optional(),
    headers: z.record(headerNameSchema, z.string()).optional(),
    /** By JSON pointer, in a JSON or form-encoded body. */
    body: valuesSchema.optional(),
  }),
  /**
   * `signature`: verified like any webhook. `token`: a query parameter has to equal the `verifyToken` that is stored beside
   * the signing secrets. `none`: a stranger may read the answer.
   */
  authenticate: z.union([z.enum(['none', 'signature']), z.strictObject({ token: z.string().min(1) })], {
    error: 'expected none, signature or {token: QUERY_PARAMETER}',
  }),
  respond: z.strictObject({
    status: z.int().min(200).max(299),
    ...acknowledgementSchema.shape,
  }),
});

export type Handshake = z.infer<typeof handshakeSchema>;
export type Acknowledgement = z.infer<typeof acknowledgementSchema>;

/** All that ingest knows about a kind of SaaS, as data. */
export const profileSchema = z.strictObject({
  signature: signatureSchemeSchema,
  /** What happened, in the vendor's words. Several are joined by "."; the first must exist. A batch has a type per item. */
  eventType: z.array(selectorSchema).min(1),
  /**
   * An id that stays the same however often the vendor sends the fact, from what the signature protects; several are joined
   * by ":". Where none is given, or one is missing, it is the body's hash (design.md, "Identity").
   */
  deduplicationId: z.array(selectorSchema).default([]),
  handshakes: z.array(handshakeSchema).default([]),
  /** What the vendor wants to read when a webhook was taken; without it the answer is `{ code, message }`. */
  acknowledge: acknowledgementSchema.optional(),
});

/** A profile as it is written; `satisfies ProfileOptions` checks it. */
export type ProfileOptions = z.input<typeof profileSchema>;
export type Profile = z.infer<typeof profileSchema>;

/** What ingest knows of a source: its profile, where its signing secrets are, and which event types are wanted. */
export const sourceSchema = z.strictObject({
  /** The last part of the webhook URL. */
  source: z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'expected lower-case words joined by "-"'),
  /** Name in Secrets Manager; the value is `{"signingSecrets": [newest, older]}`. */
  secret: z
    .string()
    .regex(/^[A-Za-z0-9/_+=.@-]{1,512}$/, 'expected a Secrets Manager name (letters, digits and /_+=.@-)'),
  profile: profileSchema,
  /** What `on` names, patterns included: a webhook of any other type is answered 200 and not buffered. */
  eventTypes: z.array(z.string().min(1)),
  /** Lower-case names of the headers that the mapping reads; they travel with the webhook. */
  mappedHeaders: z.array(z.string().min(1)),
});

export type Source = z.infer<typeof sourceSchema>;
