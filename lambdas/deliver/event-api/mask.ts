/** What was sent, and must not come back in a note. */
export type SentValues = {
  readonly eventKey: string;
  readonly params: Readonly<Record<string, string>>;
  /** The bearer key of the call. */
  readonly key: string;
};

/** Takes the place of whatever may be the customer's. */
const MASK = '•••';

/** How many characters of a description are kept. */
export const MAX_DESCRIPTION_CHARACTERS = 200;

/** Shorter parameter values identify nobody, and stand in every sentence. */
const SHORTEST_VALUE = 3;

/** A value of at most so many words may be quoted in part, as with the first name alone. */
const FEW_WORDS = 3;

/** E-mail addresses, and numbers of six digits and more: no code of the vendor's looks like them. */
const PERSONAL = [/[^\s"'<>(),;:]+(?:@|%40)[^\s"'<>(),;]*/giu, /\p{Nd}(?:[\s().+/-]*\p{Nd}){5,}/gu];

const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;

/**
 * The vendor's description of a failure, fit for a note. It may quote the request, so whatever equals a value that was
 * sent, or looks like an address or a phone number, is masked. It is masked before it is cut, so that no half of a value
 * is left at the end.
 */
export function maskDescription(description: string, sent: SentValues): string {
  const values = valuesOf(sent).toSorted((one, other) => other.length - one.length);
  const pattern = values.map(asPattern).join('|');
  const seen = visible(description);
  const unquoted = pattern === '' ? seen : seen.replaceAll(new RegExp(pattern, 'giu'), MASK);
  const masked = PERSONAL.reduce((text, shape) => text.replaceAll(shape, MASK), unquoted);
  return [...masked.trim()].slice(0, MAX_DESCRIPTION_CHARACTERS).join('');
}

function valuesOf({ eventKey, params, key }: SentValues): readonly string[] {
  const values = Object.values(params).flatMap((value) => {
    const words = value.split(/\s+/u);
    return words.length > FEW_WORDS ? [value] : [value, ...words];
  });
  const long = values.filter((value) => [...value.trim()].length >= SHORTEST_VALUE);
  const all = [eventKey, key, ...long].map(visible);
  return [...new Set(all.flatMap((value) => [value, encodeURIComponent(value)]))].filter(
    (value) => value.trim() !== '',
  );
}

/** As a person sees it: composed, and without invisible characters. */
function visible(text: string): string {
  return text.replaceAll(UNSEEN, '').normalize('NFC');
}

/** A pattern that finds just this text. */
function asPattern(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
