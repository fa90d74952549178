/** How long a call may take, in milliseconds. */
export type CallLimits = {
  /** Until there is a connection to send over, TLS included. What fails by then was never sent. */
  readonly connect: number;
  /** Until the answer has been read to its end. */
  readonly total: number;
  /** How long a connection is kept for the next call. */
  readonly idle: number;
};

/**
 * The vendor says nothing of any of these (webex-facts.md, section 8, recommends the first two). A connection is given up
 * before the servers that are quickest to do so (Node and Apache: five seconds) close it: a request that crosses that
 * close on its way is unclear, and a new handshake is cheaper than a person's question to the vendor.
 */
export const CALL_LIMITS: CallLimits = { connect: 3_000, total: 10_000, idle: 4_000 };

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
