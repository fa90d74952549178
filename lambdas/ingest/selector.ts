import { createHash } from 'node:crypto';
import type { Selector } from './selector-schema.ts';

/** A webhook whose signature is verified, and what its body says. */
export type ReadableWebhook = {
  readonly headers: ReadonlyMap<string, string>;
  readonly rawBody: Uint8Array;
  /** The body read as its format says; `undefined` where it could not be. */
  readonly body: unknown;
};

/** The values a selector finds, as text; none where there is no text, number or boolean. */
export function select(selector: Selector, { headers, body }: ReadableWebhook): readonly string[] {
  if ('header' in selector)
    return [headers.get(selector.header)?.trim() ?? ''].filter((value) => value !== '');
  for (const pointer of pointersOf(selector)) {
    const values = follow(body, pointer).flatMap(writeScalar);
    if (values.length > 0) return values;
  }
  return [];
}

/** Whether a selector leads to a number that may not be the one that was sent: a double has rounded it. */
export function readsRounded(selector: Selector, body: unknown): boolean {
  if ('header' in selector) return false;
  return pointersOf(selector).some((pointer) =>
    follow(body, pointer).some((value) => typeof value === 'number' && !Number.isSafeInteger(value)),
  );
}

function pointersOf({ body }: Extract<Selector, { readonly body: unknown }>): readonly string[] {
  return typeof body === 'string' ? [body] : body;
}

/** SHA-256 of the body, in hex: the id of last resort, which the signature always protects. */
export function hashOf(rawBody: Uint8Array): string {
  return createHash('sha256').update(rawBody).digest('hex');
}

/** Says where a selector looks, for a person. */
export function describeSelector(selector: Selector): string {
  if ('header' in selector) return `the header ${selector.header}`;
  return `the body's ${pointersOf(selector).join(' or ')}`;
}

/** Every value that a pointer leads to: one at most, unless it has a `*`. */
export function follow(value: unknown, pointer: string): readonly unknown[] {
  const segments = pointer
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
  return segments.reduce<readonly unknown[]>(
    (values, segment) => values.flatMap((one) => step(one, segment)),
    [value],
  );
}

function step(value: unknown, segment: string): readonly unknown[] {
  if (Array.isArray(value)) {
    if (segment === '*') return value;
    return /^(0|[1-9]\d{0,9})$/.test(segment) && Number(segment) < value.length
      ? [value[Number(segment)]]
      : [];
  }
  const isMember = typeof value === 'object' && value !== null && Object.hasOwn(value, segment);
  return isMember ? [(value as Readonly<Record<string, unknown>>)[segment]] : [];
}

function writeScalar(value: unknown): readonly string[] {
  const isScalar = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  return isScalar && value !== '' ? [String(value)] : [];
}
