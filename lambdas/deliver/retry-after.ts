/** The longest pause that a vendor's hint can ask for: SQS hides a message for 12 hours at most. */
const MAX_HINT_SECONDS = 3_600;

/** `Sun, 06 Nov 1994 08:49:37 GMT`, the one date form that RFC 9110 (5.6.7) lets a sender write. */
const HTTP_DATE =
  /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/** Seconds to wait by a `Retry-After` header (seconds or a date); nonsense counts as no header at all. */
export function readRetryAfter(header: string | undefined, now: Date): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d{1,9}$/.test(text)) return Math.min(Number(text), MAX_HINT_SECONDS);
  if (!HTTP_DATE.test(text)) return undefined;
  const seconds = Math.ceil((Date.parse(text) - now.getTime()) / 1000);
  return Number.isNaN(seconds) ? undefined : Math.min(Math.max(seconds, 0), MAX_HINT_SECONDS);
}
