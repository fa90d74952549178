import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import * as z from 'zod/mini';
import { parseJson } from '../parse-json.ts';

/** An item as DynamoDB's client has it. */
export type Item = Record<string, AttributeValue>;

/** What an attribute can be made of; what is `undefined` is left out. */
export type Attributes = Readonly<Record<string, string | number | boolean | Date | undefined>>;

/** The attributes of an item, flat, as a person wants to read them in the console: texts, numbers, times in ISO 8601. */
export function writeAttributes(attributes: Attributes): Item {
  return Object.fromEntries(
    Object.entries(attributes).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, writeAttribute(value)]],
    ),
  );
}

function writeAttribute(value: string | number | boolean | Date): AttributeValue {
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'number') return { N: String(value) };
  return typeof value === 'boolean' ? { BOOL: value } : { S: value.toISOString() };
}

/** DynamoDB's time to live is in unix seconds. */
export function writeExpiry(expiresAt: Date): number {
  return Math.ceil(expiresAt.getTime() / 1000);
}

export const text = z.pipe(
  z.object({ S: z.string() }),
  z.transform(({ S }) => S),
);
export const isoTime = z.pipe(
  z.iso.datetime(),
  z.transform((iso) => new Date(iso)),
);
export const time = z.pipe(text, isoTime);
export const number = z.pipe(
  z.object({ N: z.coerce.number<string>() }),
  z.transform(({ N }) => N),
);

export const expiry = z.pipe(
  number,
  z.transform((seconds) => new Date(seconds * 1000)),
);

/** JSON within an attribute; what cannot be read is left out, as it is told to people alone. */
export function jsonText<Value>(schema: z.ZodMiniType<Value>) {
  return z.catch(z.optional(z.pipe(z.pipe(text, z.transform(parseJson)), schema)), undefined);
}

/** zod leaves out what is missing, but its types say `undefined`. */
export function dropUndefined(object: object): object {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
