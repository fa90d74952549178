import * as z from 'zod';
import { openPartsOf, TOKENS, tokensOf } from './signature/signed-content.ts';

/** A header's name, in lower case: RFC 9110, 5.1. */
const headerNameSchema = z
  .string()
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'expected the name of a header')
  .toLowerCase();

const patternSchema = z
  .string()
  .refine(hasGroup, 'expected a regular expression with a group, as "^v1=(.+)$": the group is the value');

/** Where values stand in a header: it is split, and every part that `pick` matches gives its group 1. */
const extractorSchema = z.strictObject({
  header: headerNameSchema,
  /** What separates the parts; without it the whole header is one part. Parts are trimmed. */
  split: z.string().min(1).optional(),
  /** Which parts count, and (group 1) which text of them is the value; without it every part is a value. */
  pick: patternSchema.optional(),
});

const secondsSchema = z.int().min(0);

const timestampSchema = z.strictObject({
  ...extractorSchema.shape,
  /** Seconds or milliseconds since 1970, ISO 8601 with its offset, or `Thu, 04 Jan 2024 18:05:25 GMT`. */
  format: z.enum(['unix', 'unix-ms', 'iso8601', 'http-date']),
  /** How old a request may be when it is received; without it no request is too old. */
  toleranceSeconds: secondsSchema.optional(),
  /** How far ahead a sender's clock may be; the same as `toleranceSeconds` where it is not given. */
  futureToleranceSeconds: secondsSchema.optional(),
});

const contentSchema = z.string().superRefine((content, context) => {
  for (const { token, separator, isBesideBody } of openPartsOf(tokensOf(content))) {
    if (separator !== undefined || isBesideBody) continue;
    context.addIssue(`expected some text beside ${token.text}: without, one signature fits several values.`);
  }
  for (const token of tokensOf(content)) {
    if (token.kind !== 'unknown') continue;
    context.addIssue(`"${token.text}" is not known. Tokens are: ${TOKENS.join(', ')}, {header:NAME}.`);
  }
});

const publicUrlSchema = z.url({
  protocol: /^https?$/,
  error: 'expected the whole URL that the sender calls: https://host/path',
});

const signed = {
  encoding: z.enum(['hex', 'base64']),
  signature: extractorSchema,
  timestamp: timestampSchema.optional(),
  /** The delivery's id, where it is part of what is signed. */
  id: extractorSchema.optional(),
  /** What is signed, byte for byte. */
  content: contentSchema.default('{body}'),
  /** Cut off the front of the secret, if it is there, before it is decoded. */
  secretPrefix: z.string().min(1).optional(),
  /** The URL as the sender knows it. It is never built from headers, which anyone can set. */
  publicUrl: publicUrlSchema.optional(),
};

const algorithm = z.enum(['sha256', 'sha1', 'sha512']).default('sha256');
const secretEncoding = z.enum(['utf8', 'base64', 'hex']).default('utf8');
const publicKeyEncoding = z.enum(['pem', 'spki-base64']).default('spki-base64');

const hmacSchema = z.strictObject({ kind: z.literal('hmac'), algorithm, secretEncoding, ...signed });
const hashSchema = z.strictObject({ kind: z.literal('hash'), algorithm, ...signed });
const ecdsaSchema = z.strictObject({
  kind: z.literal('ecdsa'),
  algorithm,
  secretEncoding: publicKeyEncoding,
  ...signed,
});
const rsaSchema = z.strictObject({
  kind: z.literal('rsa'),
  algorithm,
  secretEncoding: publicKeyEncoding,
  ...signed,
});
const ed25519Schema = z.strictObject({
  kind: z.literal('ed25519'),
  /** `base64` and `hex` hold the 32 bytes of the key alone. */
  secretEncoding: z.enum(['pem', 'spki-base64', 'base64', 'hex']).default('base64'),
  ...signed,
});

/** Not a signature: each request carries the secret itself. For basic auth it is `user:password`. */
const sharedSecretSchema = z.strictObject({
  kind: z.literal('sharedSecret'),
  sharedSecret: z.discriminatedUnion('in', [
    z.strictObject({ in: z.literal('header'), name: headerNameSchema }),
    z.strictObject({ in: z.literal('query'), name: z.string().min(1) }),
    z.strictObject({ in: z.literal('basic') }),
  ]),
});

/** Where the options are not enough: code, in `plug-ins/`. */
const customSchema = z.strictObject({
  kind: z.literal('custom'),
  plugIn: z.enum(['twilio', 'mandrill', 'adyen-standard', 'mailgun', 'paypal']),
  publicUrl: publicUrlSchema.optional(),
});

const signedSchema = z
  .discriminatedUnion('kind', [hmacSchema, hashSchema, ecdsaSchema, rsaSchema, ed25519Schema])
  .superRefine(({ kind, content, timestamp, id }, context) => {
    const has = (token: string) => tokensOf(content).some(({ text }) => text === token);
    const refuse = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (!has('{body}')) refuse('content', 'expected {body} in it: what is not signed can be forged.');
    if (has('{timestamp}') && timestamp === undefined)
      refuse('timestamp', 'is missing: content has {timestamp}.');
    if (!has('{timestamp}') && timestamp !== undefined)
      refuse('timestamp', 'is not signed: add {timestamp} to content.');
    if (has('{id}') && id === undefined) refuse('id', 'is missing: content has {id}.');
    if (!has('{id}') && id !== undefined) refuse('id', 'is not signed: add {id} to content.');
    if (has('{secret}') !== (kind === 'hash'))
      refuse('content', 'expected {secret} in it for kind hash, and for no other kind.');
  });

/** How a SaaS signs, as data: the options of one verifier. The names are those of providers.md, section 4. */
export const signatureSchemeSchema = z.preprocess(
  (options) => (isObject(options) && !('kind' in options) ? { kind: 'hmac', ...options } : options),
  z.discriminatedUnion('kind', [signedSchema, sharedSecretSchema, customSchema]),
);

export type SignatureScheme = z.infer<typeof signatureSchemeSchema>;
export type SignedScheme = z.infer<typeof signedSchema>;
export type Extractor = z.infer<typeof extractorSchema>;
export type TimestampOptions = z.infer<typeof timestampSchema>;

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

/** Why what stands in the body of a source is not signed; `undefined` where it is. */
export function uncoveredBody(scheme: SignatureScheme): string | undefined {
  if (scheme.kind === 'sharedSecret')
    return 'a shared secret proves who sent the webhook, and nothing of its body';
  if (scheme.kind === 'custom' && scheme.plugIn === 'mailgun')
    return 'Mailgun signs a timestamp and a token, and nothing else of the body';
  if (scheme.kind === 'custom' && scheme.plugIn === 'paypal')
    return 'PayPal signs a CRC-32 of the body, which another body can have, too';
  return undefined;
}

/** A kind of SaaS, as data: how it signs, and how it names what happened. */
export const profileSchema = z
  .strictObject({
    signature: signatureSchemeSchema,
    /**
     * What happened, in the vendor's words. Several are joined by "."; the first must exist. In a batch each item has a type:
     * pointers with the same `*` are joined within an item.
     */
    eventType: z.array(selectorSchema).min(1),
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
    handshakes: z.array(handshakeSchema).default([]),
    /** What the vendor wants to read when a webhook was taken; without it the answer is `{ code, message }`. */
    acknowledge: acknowledgementSchema.optional(),
  })
  .superRefine(({ signature, itemId }, context) => {
    const why = itemId && uncoveredBody(signature);
    if (why) context.addIssue({ code: 'custom', path: ['itemId'], message: `is not signed: ${why}.` });
  });

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

function hasGroup(pattern: string): boolean {
  return isPattern(pattern) && (new RegExp(`${pattern}|`).exec('')?.length ?? 0) > 1;
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp;
  } catch {
    return false;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
