import { domainToASCII } from 'node:url';
import { fail, type Result, succeed } from '../result.ts';
import type { EventKeyMapping } from './mapping.ts';

/** Longer texts are no key of a checked kind: the longest address has 254 characters, and a name may stand before it. */
const MAX_CHARACTERS = 500;

/**
 * Writes an event key as its kind wants it. Fails if it cannot be of that kind: the vendor silently ignores such a key
 * (webex-facts.md, 5.11). What is clearly meant is mended: blanks around it, `mailto:`, `tel:`, a display name.
 * @param text not empty, and without white space around it
 */
export async function normaliseEventKey(
  mapping: EventKeyMapping,
  text: string,
): Promise<Result<string, { readonly kind: EventKeyMapping['kind'] }>> {
  const { kind } = mapping;
  const key = await keyOf(mapping, text);
  return key === undefined ? fail({ kind }) : succeed(key);
}

async function keyOf(mapping: EventKeyMapping, text: string): Promise<string | undefined> {
  // Half an emoji or a control character would be another key than the one that Webex Campaign knows.
  if (!text.isWellFormed()) return undefined;
  switch (mapping.kind) {
    case 'email': {
      const address = readAddress(text);
      return mapping.lowerCase ? address?.toLowerCase() : address;
    }
    case 'msisdn':
      return readNumber(mapping, text);
    case 'text':
    case 'device':
    case 'customer-id':
      return /\p{Cc}/u.test(text) ? undefined : text;
  }
}

/** Blanks and invisible characters (zero-width spaces, direction marks), which copying leaves around a text. */
const AROUND = /^[\p{Z}\p{C}]+|[\p{Z}\p{C}]+$/gu;

/** `Ann <ann@example.com>`, `"Lee, Ann" <ann@example.com>`, `<ann@example.com>` (RFC 5322, 3.4). */
const NAMED_ADDRESS = /^(?:"(?:[^"\\]|\\.)*"\s*|[^"<>@,;]*)<([^<>]*)>$/su;

/** RFC 5321, 4.1.2 (`Dot-string`) with the letters of RFC 6531. Quoted local parts are left out: 4.1.2 advises against them. */
const LOCAL_PART = /^[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+(?:\.[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+)*$/u;

/** Letters that nobody sees, such as the Hangul filler. */
const INVISIBLE_LETTER = /\p{Default_Ignorable_Code_Point}/u;

/** RFC 5321, 4.5.3.1. */
const MAX_LOCAL_BYTES = 64;
const MAX_ADDRESS_CHARACTERS = 254;

/**
 * Reads an e-mail address as strictly as a mail server does. No library is used: those for JavaScript take invisible
 * characters for letters, and these rules would have to stand before them all the same.
 */
function readAddress(text: string): string | undefined {
  if (text.length > MAX_CHARACTERS) return undefined;
  const plain = text.replaceAll(AROUND, '');
  const isLink = /^mailto:/i.test(plain);
  const address = isLink ? plain.slice('mailto:'.length) : (NAMED_ADDRESS.exec(plain)?.[1]?.trim() ?? plain);
  // A link has its own escapes and parameters.
  if (isLink && /[%?]/.test(address)) return undefined;
  const at = address.lastIndexOf('@');
  const local = address.slice(0, Math.max(at, 0));
  const isAddress =
    address.length <= MAX_ADDRESS_CHARACTERS &&
    LOCAL_PART.test(local) &&
    Buffer.byteLength(local) <= MAX_LOCAL_BYTES &&
    !INVISIBLE_LETTER.test(address) &&
    // Wide letters and the like look the same, and are another address.
    address.normalize('NFKC') === address.normalize() &&
    isDomain(address.slice(at + 1));
  return isAddress ? address.normalize() : undefined;
}

/** Labels of RFC 1123, 2.1, by IDNA where they are not ASCII; at least two, and the last is no number. */
function isDomain(domain: string): boolean {
  if (!/^[\p{L}\p{M}\p{N}.-]+$/u.test(domain)) return false;
  const labels = domainToASCII(domain).split('.');
  const isOfLabels = labels.every((label) => /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(label));
  return isOfLabels && labels.length > 1 && /^(?:[a-z]{2,}|xn--.+)$/.test(labels.at(-1) ?? '');
}

/**
 * What the library would take for a phone number: one below zero, a date, and parameters of RFC 3966 (`;phone-context=+44`),
 * which it reads right only every other time.
 */
const OTHER_NUMBER = /^-|;|^\d{4}-\d{2}-\d{2}$|^\d{1,2}([./])\d{1,2}\1\d{4}$/;

/** E.164, with or without the plus. Any number of a possible length is taken: lists of valid numbers age. */
async function readNumber(
  { plus, defaultRegion }: Extract<EventKeyMapping, { kind: 'msisdn' }>,
  text: string,
): Promise<string | undefined> {
  if (text.length > MAX_CHARACTERS) return undefined;
  // Wide digits and signs become the usual ones: the library overlooks a wide plus.
  const plain = text.normalize('NFKC').replaceAll(AROUND, '');
  const written = plain.replace(/^tel:\s*/i, '');
  if (OTHER_NUMBER.test(written)) return undefined;
  // Loaded only here: its tables are large, and most mappings have no phone number.
  const { isSupportedCountry, parsePhoneNumberFromString } = await import('libphonenumber-js/min');
  const region = defaultRegion !== undefined && isSupportedCountry(defaultRegion) ? defaultRegion : undefined;
  const options = region === undefined ? { extract: false } : { extract: false, defaultCountry: region };
  const number = parsePhoneNumberFromString(written, options);
  // An extension cannot be sent to, and without it the number is another one.
  if (number === undefined || number.ext !== undefined || !number.isPossible()) return undefined;
  return plus ? number.number : number.number.slice(1);
}
