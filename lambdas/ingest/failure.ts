import type { BodyTooLarge } from '../buffer/message.ts';
import type { SecretFailure } from '../secret.ts';
import type { BodyFailure } from '../webhook-body.ts';
import type { VerificationFailure } from './signature/verification.ts';

/** Every reason why ingest refuses a request. The HTTP answer follows from the code (`answer.ts`). */
export type IngestFailure =
  | RequestFailure
  | { readonly code: 'unknown-source' }
  | { readonly code: 'verify-token-not-stored' }
  | SecretFailure
  | VerificationFailure
  | IdentityFailure
  | BodyTooLarge
  | BufferFailure
  | InternalFailure;

export type RequestFailure =
  | { readonly code: 'unknown-path' }
  | { readonly code: 'method-not-allowed'; readonly method: string }
  | { readonly code: 'body-empty' }
  | { readonly code: 'body-not-base64' }
  | { readonly code: 'content-encoding-not-taken'; readonly encoding: string }
  | { readonly code: 'body-not-gzip' }
  | { readonly code: 'unpacked-body-too-large'; readonly limitBytes: number };

export type IdentityFailure = BodyFailure | { readonly code: 'event-type-missing'; readonly where: string };

export type BufferFailure = { readonly code: 'buffer-unavailable'; readonly cause: string };

/** A bug or a time-out of ours: the answer asks the sender to try again. */
type InternalFailure = { readonly code: 'internal-error' };
