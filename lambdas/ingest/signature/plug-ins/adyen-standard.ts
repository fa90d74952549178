import * as z from 'zod/mini';
import { fail, type Result, succeed } from '../../../result.ts';
import { decodeBytes } from '../keys.ts';
import type { HmacPlugIn, SignedContent, VerificationFailure } from '../verification.ts';
import { readUnverifiedJson } from './unverified-body.ts';

const textSchema = z.pipe(z.union([z.string(), z.number(), z.boolean()]), z.transform(String));

/** Adyen's library joins the members as they are: null and what is missing become nothing. */
function orNothing(schema: z.ZodMiniType<string>) {
  return z._default(
    z.pipe(
      z.nullable(schema),
      z.transform((text) => text ?? ''),
    ),
    '',
  );
}

const memberSchema = orNothing(textSchema);

/** What separates the members where they are signed: it may stand in one of them only, or they could be told in two ways. */
const separateSchema = orNothing(z.pipe(textSchema, z.string().check(z.regex(/^[^:]*$/))));

/** The members of an item that are signed; the rest of it is not. */
const itemSchema = z.object({
  pspReference: separateSchema,
  originalReference: separateSchema,
  merchantAccountCode: separateSchema,
  merchantReference: memberSchema,
  amount: z.pipe(
    z.optional(z.nullable(z.object({ value: separateSchema, currency: separateSchema }))),
    z.transform((amount) => amount ?? { value: '', currency: '' }),
  ),
  eventCode: separateSchema,
  success: separateSchema,
  additionalData: z._default(z.nullable(z.object({ hmacSignature: z.optional(z.nullable(z.string())) })), {}),
});

const bodySchema = z.object({
  notificationItems: z.array(z.object({ NotificationRequestItem: itemSchema })).check(z.minLength(1)),
});

/** In JSON, a webhook has one item ("Structure of a webhook message"); there is room for hundreds. */
const MAX_BYTES = 256 * 1024;

const FORM = 'a list of {"NotificationRequestItem": {…}}';

/**
 * Adyen standard webhooks: each item carries its signature, base64 HMAC-SHA256 with the hex-decoded key over eight of its
 * members joined by ":". Only those members are protected: do not trust the rest of an item.
 * Source: https://docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures, npm
 * `@adyen/api-library` utils/hmacValidator.
 */
export const adyenStandard: HmacPlugIn = {
  algorithm: 'sha256',
  encoding: 'base64',
  secretEncoding: 'hex',
  readSigned: ({ rawBody }) => {
    const json = readUnverifiedJson(rawBody, MAX_BYTES);
    if (!json.ok) return json;
    const body = bodySchema.safeParse(json.value);
    if (!body.success) return fail({ code: 'malformed-member', member: '/notificationItems', form: FORM });
    const items = body.data.notificationItems.map(({ NotificationRequestItem: item }) => readItem(item));
    const wrong = items.find((item) => !item.ok);
    return wrong ?? succeed(items.flatMap((item) => (item.ok ? [item.value] : [])));
  },
};

function readItem(item: z.infer<typeof itemSchema>): Result<SignedContent, VerificationFailure> {
  const { hmacSignature } = item.additionalData ?? {};
  const member = '/notificationItems/*/NotificationRequestItem/additionalData/hmacSignature';
  if (!hmacSignature) return fail({ code: 'missing-member', member });
  const signature = decodeBytes(hmacSignature, 'base64');
  if (signature === undefined) return fail({ code: 'malformed-member', member, form: 'base64' });
  return succeed({ signatures: [signature], variants: [() => [writeItem(item)]] });
}

/** What is signed of an item; `undefined` where the value is no item. */
export function signedTextOf(item: unknown): string | undefined {
  const known = itemSchema.safeParse(item);
  return known.success ? writeItem(known.data) : undefined;
}

function writeItem(item: z.infer<typeof itemSchema>): string {
  return [
    item.pspReference,
    item.originalReference,
    item.merchantAccountCode,
    item.merchantReference,
    item.amount.value,
    item.amount.currency,
    item.eventCode,
    item.success,
  ].join(':');
}
