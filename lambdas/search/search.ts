import * as z from 'zod/mini';
import { hashEventKey } from '../deliver/ledger/entry.ts';
import { fail, type Result, succeed } from '../result.ts';
import type { SecretFailure } from '../secret.ts';

/** What the search function is asked. */
const requestSchema = z.strictObject({
  /** An event key as Webex Campaign has it. */
  eventKey: z.string().check(z.minLength(1), z.maxLength(500)),
  /** Who asks, as the caller says: the trail of the account's calls (CloudTrail) has it for certain. */
  by: z.string().check(z.minLength(1), z.maxLength(300)),
});

/** The partition of the ledger that counts the searches, an item a minute; no webhook's key begins like it. */
export const SEARCH_COUNTS = '#search';

/** More searches than that in a minute look like somebody who tries out a list of addresses. */
export const SEARCHES_A_MINUTE = 30;

/** Why no hash is given. */
type SearchCode =
  | 'search-invalid'
  | 'search-limited'
  /** The searches of this minute could not be counted. */
  | 'search-uncounted'
  /** The secret has no key for hashes. */
  | 'hash-key-missing'
  | SecretFailure['code'];

/** That no hash is given. `cause` is the name of what went wrong. */
export type SearchRefusal = { readonly code: SearchCode; readonly cause?: string };

/** What the search function answers: the keyed hash by which the ledger knows a customer, and nothing else. */
export type SearchAnswer = { readonly eventKeyHash: string } | SearchRefusal;

export type SearchDependencies = {
  /** Counts a search, and says how many there were in this minute, this one included. */
  readonly count: () => Promise<Result<number, { readonly cause: string }>>;
  readonly readHashKey: () => Promise<Result<string | undefined, SecretFailure>>;
  /** Who asked, and what came of it; never whom they asked about. */
  readonly log: (line: SearchLine) => void;
};

type SearchLine = {
  readonly code: 'customer-searched' | SearchCode;
  readonly by: string;
  readonly cause?: string;
};

/**
 * Turns an event key into its hash. Whoever may ask could find out whether somebody is a customer, so that each question is
 * counted and logged, also one that is refused.
 */
export async function answerSearch(
  request: unknown,
  { count, readHashKey, log }: SearchDependencies,
): Promise<SearchAnswer> {
  const parsed = requestSchema.safeParse(request);
  if (!parsed.success) {
    log({ code: 'search-invalid', by: 'unknown' });
    return { code: 'search-invalid' };
  }
  const { eventKey, by } = parsed.data;
  const hashKey = await hashKeyFor({ count, readHashKey });
  if (!hashKey.ok) {
    log({ ...hashKey.failure, by });
    return hashKey.failure;
  }
  log({ code: 'customer-searched', by });
  return { eventKeyHash: hashEventKey(eventKey, hashKey.value) };
}

/** The key for hashes, if there were not too many searches already. */
async function hashKeyFor({
  count,
  readHashKey,
}: Pick<SearchDependencies, 'count' | 'readHashKey'>): Promise<Result<string, SearchRefusal>> {
  const counted = await count();
  if (!counted.ok) return fail({ code: 'search-uncounted', cause: counted.failure.cause });
  if (counted.value > SEARCHES_A_MINUTE) return fail({ code: 'search-limited' });
  const read = await readHashKey();
  if (!read.ok) return fail({ code: read.failure.code });
  return read.value === undefined ? fail({ code: 'hash-key-missing' }) : succeed(read.value);
}
