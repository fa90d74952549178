import type { CampaignEvent } from '../../map/payload.ts';
import { type Attempt, readDescription, type Verdict } from './verdict.ts';

/**
 * A verdict with what the vendor says of the failure in words, as far as it may be kept: for the ledger and the note,
 * never for the log.
 */
export function quoteAnswer(
  verdict: Verdict,
  attempt: Attempt,
  { event, key }: { readonly event: CampaignEvent; readonly key: string },
): Verdict {
  if (verdict.outcome === 'delivered' || verdict.answer === undefined || attempt.kind !== 'answered') {
    return verdict;
  }
  const description = readDescription(attempt.body);
  if (description === undefined) return verdict;
  const { eventKey, params } = event;
  const masked = maskDescription(description, { eventKey, params, key });
  return masked === '' ? verdict : { ...verdict, answer: { ...verdict.answer, description: masked } };
}

/** Stands in the place of what may be the customer's. */
const MASK = '•••';

/** So many characters of a description are kept at most. */
export const MAX_DESCRIPTION_CHARACTERS = 200;

/** Parameter values that are shorter say nothing of anybody, and stand in every sentence. */
const SHORTEST_VALUE = 3;

/** A value of so few words may be quoted in part: the first name alone. */
const FEW_WORDS = 3;

/** Nothing of this shape is a code of the vendor's: e-mail addresses, and numbers of six digits and more. */
const PERSONAL = [/[^\s"'<>(),;:]+(?:@|%40)[^\s"'<>(),;]*/giu, /\p{Nd}(?:[\s().+/-]*\p{Nd}){5,}/gu];

const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;

/** What was sent, and must not come back in a note. */
type SentValues = {
  readonly eventKey: string;
  readonly params: Readonly<Record<string, string>>;
  /** The bearer key of the call. */
  readonly key: string;
};

/**
 * The vendor's description of a failure, fit for a note: it may quote the request, so whatever equals a value that was
 * sent, or looks like somebody's address or number, is masked. Masked first and cut then, so that no half of a value is
 * left at the end.
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

/** As a person would see it: composed, and without what nobody sees. */
function visible(text: string): string {
  return text.replaceAll(UNSEEN, '').normalize('NFC');
}

/** A pattern that finds just this text. */
function asPattern(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
