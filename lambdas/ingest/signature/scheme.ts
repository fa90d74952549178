import * as z from 'zod';
import { openPartsOf, TOKENS, tokensOf } from './signed-content.ts';

/** A header's name, in lower case: RFC 9110, 5.1. */
export const headerNameSchema = z
  .string()
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'expected the name of a header')
  .toLowerCase();

const patternSchema = z
  .string()
  .refine(hasGroup, 'expected a regular expression with a group, as "^v1=(.+)$": the group is the value');

/** RFC 6901; a segment `*` stands for every item of a list. */
export const pointerSchema = z
  .string()
  .regex(/^(\/([^~/]|~[01])+)+$/, 'expected a JSON pointer: "/data/id" ("*" for every item of a list)');

export const parameterSchema = z.string().min(1);

/**
 * Where values stand: in headers, in a parameter of the query, or in the body. What stands there is split, and every part that
 * `pick` matches gives its group 1.
 */
const extractorSchema = z.strictObject({
  /** Of several headers, each that is there counts. */
  header: z.union([headerNameSchema, z.array(headerNameSchema).min(1)]).optional(),
  query: parameterSchema.optional(),
  /** Has the body parsed before it is verified, and so limits its size (`signature/signed-content.ts`). */
  body: pointerSchema.optional(),
  /** What separates the parts; without it the whole header is one part. Parts are trimmed. */
  split: z.string().min(1).optional(),
  /** Which parts count, and (group 1) which text of them is the value; without it every part is a value. */
  pick: patternSchema.optional(),
});

function checkPlace(
  { header, query, body }: z.infer<typeof extractorSchema>,
  context: z.core.$RefinementCtx,
): void {
  if ([header, query, body].filter((place) => place !== undefined).length === 1) return;
  context.addIssue('expected one of header, query and body: where the value stands.');
}

const placedSchema = extractorSchema.superRefine(checkPlace);

const secondsSchema = z.int().min(0);

/** What a person may call a format, by its name here. */
const FORMAT_NAMES = {
  iso8601: ['iso', 'iso-8601', 'rfc3339', 'rfc-3339'],
  unix: ['seconds', 'unix-seconds', 'unix-s', 'epoch'],
  'unix-ms': ['milliseconds', 'ms', 'unix-milliseconds', 'unixms', 'epoch-ms'],
  'http-date': ['http', 'rfc1123', 'rfc7231', 'imf-fixdate'],
};

function suggestFormat({ input }: { readonly input?: unknown }): string | undefined {
  const written = String(input).toLowerCase();
  const meant = Object.entries(FORMAT_NAMES).find(([, names]) => names.includes(written))?.[0];
  return meant && `${JSON.stringify(input)} is called ${meant} here.`;
}

const timestampOptionsSchema = z.strictObject({
  ...extractorSchema.shape,
  /** Seconds or milliseconds since 1970, ISO 8601 with its offset, or `Thu, 04 Jan 2024 18:05:25 GMT`. */
  format: z.enum(['unix', 'unix-ms', 'iso8601', 'http-date'], { error: suggestFormat }),
  /** How old a request may be when it is received; without it no request is too old. */
  toleranceSeconds: secondsSchema.optional(),
  /** How far ahead a sender's clock may be; the same as `toleranceSeconds` where it is not given. */
  futureToleranceSeconds: secondsSchema.optional(),
});

const timestampSchema = timestampOptionsSchema.superRefine(checkPlace);

const contentSchema = z.string().superRefine((content, context) => {
  for (const { token, separator, isBesideBody } of openPartsOf(tokensOf(content))) {
    if (separator !== undefined || isBesideBody) continue;
    context.addIssue(`expected some text beside ${token.text}: without, one signature fits several values.`);
  }
  for (const token of tokensOf(content)) {
    if (token.kind !== 'unknown') continue;
    context.addIssue(
      `"${token.text}" is not known. Tokens are: ${TOKENS.join(', ')}, {header:NAME}, {query:NAME}, {body:/pointer}.`,
    );
  }
});

const publicUrlSchema = z.url({
  protocol: /^https?$/,
  error: 'expected the whole URL that the sender calls: https://host/path',
});

/**
 * Says that the signature does not cover the body, as the vendor has it: whoever has caught a webhook can change the body, and
 * its id is the hash of what was signed.
 */
const unboundBodySchema = z.literal(true).optional();

const signed = {
  /** `base64url` with or without its padding. */
  encoding: z.enum(['hex', 'base64', 'base64url']),
  signature: placedSchema,
  timestamp: timestampSchema.optional(),
  /** The delivery's id, where it is part of what is signed. */
  id: placedSchema.optional(),
  /** What is signed, byte for byte. */
  content: contentSchema.default('{body}'),
  /** Cut off the front of the secret, if it is there, before it is decoded. */
  secretPrefix: z.string().min(1).optional(),
  /** The URL as the sender knows it. It is never built from headers, which anyone can set. */
  publicUrl: publicUrlSchema.optional(),
  unboundBody: unboundBodySchema,
};

const algorithm = z.enum(['sha256', 'sha1', 'sha512']).default('sha256');
const secretEncoding = z.enum(['utf8', 'base64', 'base64url', 'hex']).default('utf8');
const publicKeyEncoding = z.enum(['pem', 'spki-base64']).default('spki-base64');

const hmacSchema = z.strictObject({ kind: z.literal('hmac'), algorithm, secretEncoding, ...signed });
const hashSchema = z.strictObject({ kind: z.literal('hash'), algorithm, ...signed });
const ecdsaSchema = z.strictObject({
  kind: z.literal('ecdsa'),
  algorithm,
  secretEncoding: publicKeyEncoding,
  /** How a signature is written: as DER, or as r and s, one after the other (IEEE P1363). */
  signatureForm: z.enum(['der', 'raw']).default('der'),
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
  sharedSecret: z.discriminatedUnion(
    'in',
    [
      z.strictObject({ in: z.literal('header'), name: headerNameSchema }),
      z.strictObject({ in: z.literal('query'), name: parameterSchema }),
      z.strictObject({ in: z.literal('basic') }),
      /** With `*`, it has to stand in every item. */
      z.strictObject({ in: z.literal('body'), pointer: pointerSchema }),
    ],
    { error: suggestCarrier },
  ),
});

/** A secret's place is not written as that of a signature, `{header: NAME}`. */
function suggestCarrier({
  code,
  input,
}: {
  readonly code: string;
  readonly input?: unknown;
}): string | undefined {
  if (code !== 'invalid_union' || !isObject(input) || 'in' in input) return undefined;
  const [place = 'header', name = 'X-Acme-Token'] =
    Object.entries(input).find(([key]) => ['header', 'query', 'body'].includes(key)) ?? [];
  const key = place === 'body' ? 'pointer' : 'name';
  return `is missing: header, query, basic or body. Say { in: ${place}, ${key}: ${String(name)} }.`;
}

/** A JSON Web Token (RFC 7519) beside the body, by a key that does not change. */
const jwtSchema = z
  .strictObject({
    kind: z.literal('jwt'),
    /** The only one that is taken, whatever the token's header says. */
    algorithm: z.enum(['HS256', 'HS512', 'RS256', 'RS512', 'ES256', 'EdDSA']),
    token: placedSchema,
    secretEncoding: z.enum(['utf8', 'base64', 'base64url', 'hex', 'pem', 'spki-base64']),
    issuer: z.string().min(1).optional(),
    audience: z.string().min(1).optional(),
    /** How far the token's `iat` may be from the time of receipt. A token that has expired is never taken. */
    toleranceSeconds: secondsSchema.optional(),
    /** The claim that holds the SHA-256 of the body. */
    bodyHash: z
      .strictObject({ claim: z.string().min(1), encoding: z.enum(['hex', 'base64', 'base64url']) })
      .optional(),
    unboundBody: unboundBodySchema,
  })
  .superRefine(({ algorithm: name, secretEncoding: form, token, bodyHash, unboundBody }, context) => {
    const refuse = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    const isPublic = form === 'pem' || form === 'spki-base64';
    if (isPublic === name.startsWith('HS')) {
      const forms = isPublic ? 'utf8, base64, base64url or hex' : 'pem or spki-base64';
      refuse('secretEncoding', `expected ${forms}: the key of ${name}.`);
    }
    if ((bodyHash === undefined) === (unboundBody === undefined))
      refuse('bodyHash', 'expected the claim that holds the hash of the body, or unboundBody: true.');
    if (bodyHash !== undefined && token.body !== undefined)
      refuse('bodyHash', 'a token within the body cannot hold its hash: say unboundBody: true.');
  });

/** Where the options are not enough: code, in `plug-ins/`. */
const customSchema = z.strictObject({
  kind: z.literal('custom'),
  plugIn: z.enum(['twilio', 'mandrill', 'adyen-standard', 'mailgun', 'paypal']),
  publicUrl: publicUrlSchema.optional(),
});

const signedSchema = z
  .discriminatedUnion('kind', [hmacSchema, hashSchema, ecdsaSchema, rsaSchema, ed25519Schema])
  .superRefine((scheme, context) => {
    for (const [path, message] of findContradictions(scheme)) {
      context.addIssue({ code: 'custom', path: [path], message });
    }
  });

type AnySigned = z.infer<
  typeof hmacSchema | typeof hashSchema | typeof ecdsaSchema | typeof rsaSchema | typeof ed25519Schema
>;

type Contradiction = readonly [path: string, message: string];

/** What a scheme says of its content, and what it says beside. */
function findContradictions(scheme: AnySigned): readonly Contradiction[] {
  const { kind, content, timestamp, id } = scheme;
  const has = (token: string) => tokensOf(content).some(({ text }) => text === token);
  const found: (Contradiction | false)[] = [
    ...findUncovered(scheme, has('{body}') || has('{body-sha256}')),
    has('{timestamp}') && timestamp === undefined && ['timestamp', 'is missing: content has {timestamp}.'],
    !has('{timestamp}') &&
      timestamp !== undefined && ['timestamp', 'is not signed: add {timestamp} to content.'],
    has('{id}') && id === undefined && ['id', 'is missing: content has {id}.'],
    !has('{id}') && id !== undefined && ['id', 'is not signed: add {id} to content.'],
    has('{secret}') !== (kind === 'hash') && [
      'content',
      'expected {secret} in it for kind hash, and for no other kind.',
    ],
  ];
  return found.filter((one) => one !== false);
}

/** Whether the signature covers the body, and not itself. */
function findUncovered(
  { content, signature, unboundBody }: AnySigned,
  isBodySigned: boolean,
): readonly (Contradiction | false)[] {
  const hasUrl = tokensOf(content).some(({ kind }) => kind === 'url' || kind === 'decoded-url');
  return [
    !isBodySigned &&
      unboundBody === undefined && ['content', 'expected {body} in it: what is not signed can be forged.'],
    isBodySigned &&
      unboundBody !== undefined && ['unboundBody', 'content has the body: leave one of the two out.'],
    isBodySigned &&
      signature.body !== undefined && [
        'content',
        'the signature stands in the body, and cannot sign itself: name what is signed, {body:/pointer}.',
      ],
    hasUrl &&
      signature.query !== undefined && [
        'content',
        'the signature stands in the query, and cannot sign itself: name what is signed, {path} or {query:NAME}.',
      ],
  ];
}

/** How a SaaS signs, as data: the options of one verifier. The names are those of providers.md, section 4. */
export const signatureSchemeSchema = z.preprocess(
  (options) => (isObject(options) && !('kind' in options) ? { kind: 'hmac', ...options } : options),
  z.discriminatedUnion('kind', [signedSchema, sharedSecretSchema, jwtSchema, customSchema]),
);

export type SignatureScheme = z.infer<typeof signatureSchemeSchema>;
export type SignedScheme = z.infer<typeof signedSchema>;
export type JwtScheme = z.infer<typeof jwtSchema>;
export type Extractor = z.infer<typeof extractorSchema>;
export type TimestampOptions = z.infer<typeof timestampOptionsSchema>;

/** Why what stands in the body of a source is not signed; `undefined` where it is. */
export function uncoveredBody(scheme: SignatureScheme): string | undefined {
  if (scheme.kind === 'sharedSecret')
    return 'a shared secret proves who sent the webhook, and nothing of its body';
  if (scheme.kind === 'custom' && scheme.plugIn === 'mailgun')
    return 'Mailgun signs a timestamp and a token, and nothing else of the body';
  if (scheme.kind === 'custom' && scheme.plugIn === 'paypal')
    return 'PayPal signs a CRC-32 of the body, which another body can have, too';
  if ('unboundBody' in scheme && scheme.unboundBody)
    return 'unboundBody says that the signature leaves it out';
  return undefined;
}

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
