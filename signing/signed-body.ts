import { isUtf8 } from 'node:buffer';
import * as z from 'zod';
import { signedTextOf } from '../lambdas/ingest/signature/plug-ins/adyen-standard.ts';
import { fail, parseJson, type Result, succeed } from '../lambdas/result.ts';
import { follow, parseBody } from '../lambdas/webhook-body.ts';
import { setMembers } from '../lib/mapping/examples/example.ts';

// Adyen and Mailgun put their signatures into the body, which is therefore re-written when it is signed or tampered with.
const itemSchema = z.looseObject({ additionalData: z.looseObject({}).default({}) });
const adyenSchema = z.looseObject({
  notificationItems: z.array(z.looseObject({ NotificationRequestItem: itemSchema })).min(1),
});
const mailgunSchema = z.looseObject({ signature: z.looseObject({}).optional() });

type Body = Result<Uint8Array, string>;

/** Signs each item of an Adyen standard webhook. */
export function signAdyenBody(rawBody: Uint8Array, write: (text: string) => string): Body {
  return changeItems(rawBody, (item) => {
    const text = signedTextOf(item);
    if (text === undefined) return undefined;
    return { ...item, additionalData: { ...item.additionalData, hmacSignature: write(text) } };
  });
}

/** Puts Mailgun's signature into a body. */
export function signMailgunBody(
  rawBody: Uint8Array,
  signature: { readonly timestamp: string; readonly token: string; readonly signature: string },
): Body {
  return changeMailgun(rawBody, (body) => ({ ...body, signature }));
}

/** Sets a member of a body, in every item that its pointer leads to; what is on the way has to be there. */
export function setBodyMember(rawBody: Uint8Array, pointer: string, value: string): Body {
  const body = read(rawBody);
  const at = pointer.lastIndexOf('/');
  const owners = follow(body, pointer.slice(0, at)).filter(
    (owner) => typeof owner === 'object' && owner !== null,
  );
  const name = pointer
    .slice(at + 1)
    .replaceAll('~1', '/')
    .replaceAll('~0', '~');
  for (const owner of owners) (owner as Record<string, unknown>)[name] = value;
  return owners.length > 0 ? succeed(write(body as object)) : fail(`The body has no place for ${pointer}.`);
}

/** Removes the signatures, by plug-in. */
export const UNSIGN: Readonly<Record<string, (rawBody: Uint8Array) => Body>> = {
  'adyen-standard': (rawBody) =>
    changeItems(rawBody, ({ additionalData: { hmacSignature, ...rest }, ...item }) => ({
      ...item,
      additionalData: rest,
    })),
  mailgun: (rawBody) => changeMailgun(rawBody, ({ signature, ...body }) => body),
};

/**
 * Changes one value of a body, which stays in its format: of JSON the first text or number, of any other format the end.
 * @param kept pointers to what stays as it is: times and ids that are read before the signature is judged
 */
export function changeValue(rawBody: Uint8Array, kept: readonly (string | undefined)[]): Uint8Array {
  const text = Buffer.from(rawBody).toString('utf8');
  const body = isUtf8(rawBody) ? parseJson(text) : undefined;
  if (typeof body !== 'object' || body === null) return Buffer.concat([rawBody, Buffer.from('!')]);
  const added = [Array.isArray(body) ? '/0' : '/changed', ''] as const;
  const [pointer, value] = leavesOf(body).find(([one]) => !kept.includes(one)) ?? added;
  const changed = typeof value === 'number' ? Number(value === 0) : `${value}!`;
  return Buffer.from(setMembers(text, { [pointer]: changed }));
}

function leavesOf(value: unknown, pointer = ''): readonly (readonly [pointer: string, value: unknown])[] {
  if (typeof value === 'string' || typeof value === 'number') return [[pointer, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) =>
    leavesOf(member, `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`),
  );
}

/** Changes a member that is signed, by plug-in: most of such a body is not signed. */
export const TAMPER: Readonly<Record<string, (rawBody: Uint8Array) => Body>> = {
  'adyen-standard': (rawBody) =>
    changeItems(rawBody, (item) => ({ ...item, merchantReference: `${item.merchantReference ?? ''}!` })),
  mailgun: (rawBody) =>
    changeMailgun(rawBody, ({ signature, ...body }) => ({
      ...body,
      signature: { ...signature, token: `${signature?.token ?? ''}!` },
    })),
};

function changeItems(
  rawBody: Uint8Array,
  change: (item: z.infer<typeof itemSchema>) => object | undefined,
): Body {
  const body = adyenSchema.safeParse(read(rawBody));
  const items = body.data?.notificationItems.map((one) => change(one.NotificationRequestItem)) ?? [undefined];
  if (items.includes(undefined)) return fail('The body is no list of notificationItems as Adyen sends them.');
  const notificationItems = items.map((item) => ({ NotificationRequestItem: item }));
  return succeed(write({ ...body.data, notificationItems }));
}

function changeMailgun(rawBody: Uint8Array, change: (body: z.infer<typeof mailgunSchema>) => object): Body {
  const body = mailgunSchema.safeParse(read(rawBody));
  return body.success ? succeed(write(change(body.data))) : fail('The body is no JSON object.');
}

function read(rawBody: Uint8Array): unknown {
  const body = parseBody(rawBody, 'json');
  return body.ok ? body.value : undefined;
}

function write(body: object): Uint8Array {
  return Buffer.from(JSON.stringify(body));
}
