import * as z from 'zod';
import { headerNameSchema, signatureSchemeSchema } from './signature/scheme.ts';

/** RFC 6901; a segment `*` stands for every item of a list. */
const pointerSchema = z
  .string()
  .regex(/^(\/([^~/]|~[01])+)+$/, 'expected a JSON pointer: "/data/id" ("*" for every item of a list)');

/** Where a value stands: in a header, in the body (of several pointers the first that leads anywhere), or its hash. */
export const selectorSchema = z.union(
  [
    z.strictObject({ header: headerNameSchema }),
    z.strictObject({ body: z.union([pointerSchema, z.array(pointerSchema).min(1)]) }),
  ],
  { error: 'expected {header: NAME} or {body: "/json/pointer"}' },
);

export type Selector = z.infer<typeof selectorSchema>;

const valuesSchema = z.record(z.string().min(1), z.string());

/** A fixed answer of a source to what it takes. */
export const acknowledgementSchema = z.strictObject({
  contentType: z
    .string()
    .regex(/^[\w.+-]+\/[\w.+-]+(; ?charset=[\w-]+)?$/, 'expected a media type: text/plain'),
  body: z.string(),
});

/**
 * A request by which a vendor tries an endpoint before it trusts it with webhooks. `*` in the place of a value means
 * that there has to be one, whatever it is.
 */
export const handshakeSchema = z.strictObject({
  match: z.strictObject({
    method: z.enum(['GET', 'HEAD', 'POST']),
    query: valuesSchema.optional(),
    headers: z.record(headerNameSchema, z.string()).optional(),
    /** By JSON pointer, in a JSON or form-encoded body. */
    body: valuesSchema.optional(),
  }),
  /**
   * `signature`: verified as any webhook is. `token`: a query parameter has to equal the `verifyToken` that lies beside
   * the signing secrets. `none`: the answer tells nothing that a stranger may not know.
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

/** All that ingest has to know about a kind of SaaS, as data. */
export const profileSchema = z.strictObject({
  signature: signatureSchemeSchema,
  /**
   * What happened, in the vendor's words. Several are joined by "."; the first has to be there. A batch has as many
   * types as its items.
   */
  eventType: z.array(selectorSchema).min(1),
  /**
   * The id under which a fact is the same however often it is told, from what the signature protects; several are joined
   * by ":". Without one, and where one of them is missing, it is the body's hash (design.md, "Identity").
   */
  deduplicationId: z.array(selectorSchema).default([]),
  handshakes: z.array(handshakeSchema).default([]),
  /** What the vendor wants to read where a webhook was taken; otherwise it is `{ code, message }`. */
  acknowledge: acknowledgementSchema.optional(),
});

/** A profile as it is written down; `satisfies ProfileOptions` checks it where it stands. */
export type ProfileOptions = z.input<typeof profileSchema>;
export type Profile = z.infer<typeof profileSchema>;

/** What ingest knows of a source: its profile, where its signing secrets lie, which event types are wanted. */
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
