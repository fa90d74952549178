import { fail, type Result, succeed } from '../result.ts';
import type { EventKeyMapping } from './mapping.ts';

/** An address as far as anybody can tell without writing to it (HTML's own rule is hardly stricter). */
const EMAIL = /^[^\s@]+@[^\s@]+$/;

/** Bounded, since what is longer is no address: RFC 5321, 4.5.3.1.3. */
const MAX_EMAIL_CHARACTERS = 254;

/**
 * Writes an event key as its kind wants it. Fails where it cannot be of that kind: the vendor ignores such a key
 * without a word (webex-facts.md, 5.11). The text is not empty and has no white space around it.
 */
export async function normaliseEventKey(
  mapping: EventKeyMapping,
  text: string,
): Promise<Result<string, { readonly kind: 'email' | 'msisdn' }>> {
  switch (mapping.kind) {
    case 'email':
      if (text.length > MAX_EMAIL_CHARACTERS || !EMAIL.test(text)) return fail({ kind: 'email' });
      return succeed(mapping.lowerCase ? text.toLowerCase() : text);
    case 'msisdn':
      return normaliseNumber(mapping, text);
    case 'text':
    case 'device':
    case 'customer-id':
      return succeed(text);
  }
}

type NumberMapping = Extract<EventKeyMapping, { kind: 'msisdn' }>;

/** E.164, with or without the plus. What is possible by its length is taken: lists of valid numbers age. */
async function normaliseNumber(
  { plus, defaultRegion }: NumberMapping,
  text: string,
): Promise<Result<string, { readonly kind: 'msisdn' }>> {
  // Its tables are large, and most mappings have no number in them.
  const { isSupportedCountry, parsePhoneNumberFromString } = await import('libphonenumber-js/min');
  const region = defaultRegion !== undefined && isSupportedCountry(defaultRegion) ? defaultRegion : undefined;
  const number = parsePhoneNumberFromString(text.slice(0, 250), region);
  if (number === undefined || !number.isPossible()) return fail({ kind: 'msisdn' });
  return succeed(plus ? number.number : number.number.slice(1));
}
