import * as z from 'zod';
import { answerTokensOf, hasHmac } from './answer-template.ts';
import {
  headerNameSchema,
  parameterSchema,
  pointerSchema,
  type SignatureScheme,
  signatureSchemeSchema,
  uncoveredBody,
} from './signature/scheme.ts';
import { tokensOf } from './signature/signed-content.ts';

/** Where a value stands: in a header, or in the body (of several pointers, the first that leads to a value counts). */
export const selectorSchema = z.union(
  [
    z.strictObject({ header: headerNameSchema }),
    z.strictObject({ body: z.union([pointerSchema, z.array(pointerSchema).min(1)]) }),
  ],
  { error: 'expected {header: NAME} or {body: "/json/pointer"}' },
);

export type Selector = z.infer<typeof selectorSchema>;

/** What happened: where it stands, or a constant for a sender that has one kind of webhook and does not name it. */
export const eventTypeSchema = z.union(
  [
    ...selectorSchema.options,
    z.strictObject({ constant: z.string().regex(/^[!-~]([ -~]{0,254}[!-~])?$/, 'expected a text') }),
  ],
  { error: 'expected {header: NAME}, {body: "/json/pointer"} or {constant: TEXT}' },
);

export type EventTypeSelector = z.infer<typeof eventTypeSchema>;

const valuesSchema = z.record(z.string().min(1), z.string());

const contentTypeSchema = z
  .string()
  .regex(/^[\w.+-]+\/[\w.+-]+(; ?charset=[\w-]+)?$/, 'expected a media type: text/plain');

/** A text of an answer; what looks like a token is one. */
const answerTextSchema = z.string({ error: quoteJson }).superRefine((text, context) => {
  for (const { text: token, problem } of answerTokensOf(text)) {
    if (problem !== undefined) context.addIssue(`"${token}" ${problem}`);
  }
});

/** JSON is written as a text, since its bytes are sent as they stand. */
function quoteJson({ input }: { readonly input?: unknown }): string | undefined {
  if (typeof input !== 'object' || input === null) return undefined;
  return `expected JSON as a text, in quotes: '${JSON.stringify(input).replaceAll("'", "''")}'`;
}

/** A fixed answer that a vendor wants to read. */
export const acknowledgementSchema = z.strictObject({
  contentType: contentTypeSchema,
  body: z.string({ error: quoteJson }).superRefine((text, context) => {
    for (const token of answerTokensOf(text)) {
      context.addIssue(`"${token.text}" is sent as it stands: only a handshake's answer is filled in.`);
    }
  }),
});

/** Those that are written from other options, or that belong to the connection. */
const OWN_HEADERS = [
  'content-type',
  'content-length',
  'x-content-type-options',
  'connection',
  'transfer-encoding',
];

const answerHeadersSchema = z.record(
  headerNameSchema.refine(
    (name) => !OWN_HEADERS.includes(name),
    'is not yours to set: contentType is an option.',
  ),
  answerTextSchema,
);

/** A request by which a vendor tests an endpoint before it sends webhooks. `*` as a value matches any value. */
export const handshakeSchema = z.strictObject({
  match: z.strictObject({
    method: z.enum(['GET', 'HEAD', 'POST', 'OPTIONS']),
    query: valuesSchema.optional(),
    headers: z.record(headerNameSchema, z.string()).optional(),
    /** By JSON pointer, in a body of any format. */
    body: z.record(pointerSchema, z.string()).optional(),
  }),
  /**
   * `signature`: verified like any webhook. `token`: a query parameter has to equal the `verifyToken` that is stored beside
   * the signing secrets. `none`: a stranger may read the answer.
   */
  authenticate: z.union([z.enum(['none', 'signature']), z.strictObject({ token: parameterSchema })], {
    error: 'expected none, signature or {token: QUERY_PARAMETER}',
  }),
  /** Without contentType and body, the answer has none. */
  respond: z
    .strictObject({
      status: z.int().min(200).max(299),
      headers: answerHeadersSchema.optional(),
      contentType: contentTypeSchema.optional(),
      body: answerTextSchema.default(''),
    })
    .refine(({ contentType, body }) => contentType !== undefined || body === '', {
      path: ['contentType'],
      error: 'is missing: there is a body.',
    }),
  /** What a person has to copy into the vendor's page or the signing secret: it is written to the log. */
  show: z
    .union([
      z.strictObject({ header: headerNameSchema }),
      z.strictObject({ query: parameterSchema }),
      z.strictObject({ body: pointerSchema }),
    ])
    .optional(),
});

export type Handshake = z.infer<typeof handshakeSchema>;
export type Acknowledgement = z.infer<typeof acknowledgementSchema>;

/** A kind of SaaS, as data: how it signs, and how it names what happened. */
export const profileSchema = z
  .strictObject({
    signature: signatureSchemeSchema,
    /**
     * What happened, in the vendor's words. Several are joined by "."; the first must exist. In a batch each item has a type:
     * pointers with the same `*` are joined within an item.
     */
    eventType: z.array(eventTypeSchema).min(1),
    /**
     * An id that stays the same however often the vendor sends the fact, from what the signature protects; several are joined
     * by ":". Where none is given, or one is missing, it is the body's hash (decision 0026).
     */
    deduplicationId: z.array(selectorSchema).default([]),
    /**
     * Which members name an item of a batch, by pointers into the item: they are the same in every webhook that reports the
     * fact, and differ between facts. Several are joined by ":". Of several lists, the first whose members are all there
     * counts. Where none does, the webhook's id and the item's place name the item.
     */
    itemId: z.array(z.array(pointerSchema).min(1)).min(1).optional(),
    /** The member that changes with each delivery of a body, and its value in the first; only for finding keys of 0.1.0. */
    redelivery: z
      .strictObject({ member: z.string().regex(/^\w+$/), first: z.union([z.literal(0), z.literal(false)]) })
      .optional(),
    /** Which fields of a form hold JSON: the whole webhook, or a member each. All others are texts. */
    form: z
      .strictObject({ whole: parameterSchema.optional(), json: z.array(parameterSchema).min(1).optional() })
      .optional(),
    /** Where the version of the vendor's API stands that a webhook is written in. It is only logged. */
    apiVersion: selectorSchema.optional(),
    handshakes: z.array(handshakeSchema).default([]),
    /** What the vendor wants to read when a webhook was taken; without it the answer is `{ code, message }`. */
    acknowledge: acknowledgementSchema.optional(),
  })
  .superRefine((profile, context) => {
    const why = profile.itemId && uncoveredBody(profile.signature);
    if (why) context.addIssue({ code: 'custom', path: ['itemId'], message: `is not signed: ${why}.` });
    for (const [index, handshake] of profile.handshakes.entries()) {
      const message = explainHmac(profile, handshake);
      if (message) context.addIssue({ code: 'custom', path: ['handshakes', index, 'respond'], message });
    }
  });

/**
 * Why a handshake's answer may not have an HMAC by the signing secret: a stranger would have the body of his choice signed. A
 * challenge is letters and digits (`handshake.ts`), so that it can be no body with an event type in it.
 */
function explainHmac(
  {
    signature,
    eventType,
  }: { readonly signature: SignatureScheme; readonly eventType: readonly EventTypeSelector[] },
  { authenticate, respond }: Handshake,
): string | undefined {
  const texts = [respond.body, ...Object.values(respond.headers ?? {})];
  if (authenticate !== 'none' || !texts.some(hasHmac)) return undefined;
  const isSafe =
    signature.kind === 'hmac' &&
    tokensOf(signature.content).some(({ kind }) => kind === 'body') &&
    eventType[0] !== undefined &&
    'body' in eventType[0];
  return isSafe
    ? undefined
    : 'an HMAC for strangers could sign a webhook: it needs kind hmac, {body} in content, and an event type from the body; or authenticate: signature.';
}

/** A profile as it is written; `satisfies ProfileOptions` checks it. */
export type ProfileOptions = z.input<typeof profileSchema>;
export type Profile = z.infer<typeof profileSchema>;

/** What ingest knows of a source: its profile, where its signing secrets are, and which event types are wanted. */
export const sourceSchema = z.strictObject({
  /** The last part of the webhook URL. */
  source: z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'expected lower-case words joined by "-"'),
  /** Names that the source had before: webhooks to their URLs are taken as its own. */
  formerly: z.array(z.string()).optional(),
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
