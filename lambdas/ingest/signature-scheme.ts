/** Where in a header a value stands: the header is split, and each part that matches `pick` gives its group 1. */
export type Extractor = {
  /** Lower-case name of the header. */
  readonly header: string;
  /** What separates the parts; without it the whole header is one part. Parts are trimmed. */
  readonly split?: string;
  /** Which parts count, and (group 1) what of them is the value. */
  readonly pick: RegExp;
};

/**
 * How a SaaS signs, as data: the knobs of one verifier. A profile is nothing but a setting of these.
 * The signature is an HMAC-SHA256 over `content`, keyed with the secret as UTF-8 text.
 */
export type SignatureScheme = {
  readonly signature: Extractor;
  readonly encoding: 'hex' | 'base64';
  /** How the signature header is written, with `{signature}` and `{timestamp}`: to be shown, and to sign by. */
  readonly form: string;
  /** Unix seconds that are part of the signed content; judged against the receive time, both ways. */
  readonly timestamp?: Extractor & { readonly toleranceSeconds: number };
  /** What is signed, in order: the raw body, the timestamp as it was sent, or literal text. */
  readonly content: readonly ('{body}' | '{timestamp}' | '.')[];
};

/** Where the event type and the deduplication id of a webhook are found. */
export type Selector =
  | { readonly header: string }
  /** A top-level member of the JSON body. */
  | { readonly member: string }
  /** SHA-256 of the body: for vendors whose only id is an unsigned header. */
  | { readonly hashOf: 'body' };

/** All that ingest has to know about a kind of SaaS. */
export type Profile = {
  readonly signature: SignatureScheme;
  readonly eventType: Selector;
  readonly deduplicationId: Selector;
};
