/** One call of the event API, and what came of it on the wire. */
export type Attempt =
  | {
      readonly kind: 'answered';
      readonly status: number;
      /** The `Retry-After` header as it came. */
      readonly retryAfter: string | undefined;
      /** The body as text, up to a limit. */
      readonly body: string;
    }
  /** The request certainly never reached Webex Campaign. */
  | { readonly kind: 'not-sent'; readonly cause: string }
  /** The request left, and no whole answer came: it may or may not have been accepted. */
  | { readonly kind: 'no-answer'; readonly cause: string };
