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

/** A stretch of text in which an e-mail address could stand. */
const WORD = /[^\s"'<>(),;]+/gu;

/** What every e-mail address has, encoded or not. */
const AT_SIGN = /@|%40/gu;

/** Numbers of six digits and more: no code of the vendor's looks like them. */
const LONG_NUMBER = /\p{Nd}(?:[\s().+/-]*\p{Nd}){5,}/gu;

const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;

/**
 * The vendor's description of a failure, fit for a note. It may quote the request, so whatever equals a value that was
 * sent, or looks like an address or a phone number, is masked. It is masked before it is cut, so that no half of a value
 * is left at the end.
 */
export function maskDescription(description: string, sent: SentValues): string {
  const unquoted = maskValues(visible(description), valuesOf(sent));
  const masked = unquoted.replaceAll(WORD, maskAddress).replaceAll(LONG_NUMBER, MASK);
  return [...masked.trim()].slice(0, MAX_DESCRIPTION_CHARACTERS).join('');
}

/**
 * Masks each value wherever it stands, in capitals or small letters. The values are searched as text: a regular expression
 * made of them would fail once they are long.
 */
function maskValues(text: string, values: readonly string[]): string {
  const characters = [...text];
  const folded = characters.map(fold);
  const searched = folded.join('');
  const isMasked = new Uint8Array(searched.length);
  for (const value of values) {
    const wanted = [...value].map(fold).join('');
    for (let at = searched.indexOf(wanted); at >= 0; at = searched.indexOf(wanted, at + wanted.length))
      isMasked.fill(1, at, at + wanted.length);
  }
  let place = 0;
  const kept = folded.map(({ length }, index) => {
    const end = place + length;
    const isPartOfValue = isMasked.subarray(place, end).includes(1);
    place = end;
    return isPartOfValue ? undefined : characters[index];
  });
  return kept.map((one, index) => one ?? (index > 0 && kept[index - 1] === undefined ? '' : MASK)).join('');
}

/** A character in the one spelling that it shares with all that differ from it in case alone. */
function fold(character: string): string {
  return character.toLowerCase().toUpperCase();
}

/** Masks the word from where its address can begin: after the last colon before its first at-sign. */
function maskAddress(word: string): string {
  for (const { index } of word.matchAll(AT_SIGN)) {
    const start = word.lastIndexOf(':', index) + 1;
    if (start < index) return word.slice(0, start) + MASK;
  }
  return word;
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
