import type { CampaignEvent } from '../map/payload.ts';
import type { Attempt } from './attempt.ts';
import type { Verdict } from './classify-answer.ts';
import { maskDescription } from './mask-description.ts';
import { readDescription } from './read-answer.ts';

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
