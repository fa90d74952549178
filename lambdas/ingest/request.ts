import { Buffer } from 'node:buffer';
import * as z from 'zod/mini';
import type { BodyTooLarge } from '../buffer/message.ts';
import type { FormOptions } from '../form-body.ts';
import { fail, type Result, succeed } from '../result.ts';
import type { SecretFailure } from '../secret.ts';
import type { BodyFailure } from '../webhook-body.ts';
import type { VerificationFailure } from './signature/verification.ts';

/**
 * The part of an API Gateway HTTP API event (payload format 2.0) that ingest uses. AWS may add members: the schema is open.
 * Source: docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html.
 */
export const httpApiEventSchema = z.object({
  rawPath: z.string(),
  rawQueryString: z._default(z.string(), ''),
  headers: z._default(z.record(z.string(), z.string()), {}),
  body: z.optional(z.string()),
  isBase64Encoded: z.boolean(),
  requestContext: z.object({ requestId: z.string(), http: z.object({ method: z.string() }) }),
});

export type HttpApiEvent = z.infer<typeof httpApiEventSchema>;

/** A request to a webhook URL, without its body. */
export type RequestHead = {
  /** API Gateway's id of the request. */
  readonly requestId: string;
  readonly source: string;
  readonly method: string;
  /** As received, without its `?`. */
  readonly query: string;
  /** Header values by lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
};

/** A request to a webhook URL, not yet verified. */
export type WebhookRequest = RequestHead & {
  /** The exact bytes received; of a webhook that is verified, unpacked. */
  readonly rawBody: Uint8Array;
  /** How the source's forms are read. */
  readonly form?: FormOptions | undefined;
};

/** Reads all but the body of a request to a webhook URL; fails where the event is no such request. */
export function readHead(event: HttpApiEvent): Result<RequestHead, RequestFailure> {
  const source = /^\/webhooks\/([^/]+)\/?$/.exec(event.rawPath)?.[1];
  if (source === undefined) return fail({ code: 'unknown-path' });
  const { requestId, http } = event.requestContext;
  return succeed({
    requestId,
    source,
    method: http.method,
    query: event.rawQueryString,
    headers: lowerCaseNames(event.headers),
  });
}

/** Reads the body of a request; empty where there is none. */
export function readRawBody({
  body = '',
  isBase64Encoded,
}: Pick<HttpApiEvent, 'body' | 'isBase64Encoded'>): Result<Uint8Array, RequestFailure> {
  if (isBase64Encoded && !isBase64(body)) return fail({ code: 'body-not-base64' });
  return succeed(Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'));
}

/** Whether a body is packed, or is said to be. Nobody signs the header: what begins as gzip is gzip. */
export function isPacked({ rawBody, headers }: WebhookRequest): boolean {
  return headers.has('content-encoding') || (rawBody[0] === 0x1f && rawBody[1] === 0x8b);
}

/** `Buffer.from` skips what is not base64, and would change the body in silence. */
function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}

/** Header names have no case: RFC 9110, 5.1. Repeated ones are joined as API Gateway joins them. */
function lowerCaseNames(headers: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  const byName = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) {
    const key = name.toLowerCase();
    const before = byName.get(key);
    byName.set(key, before === undefined ? value : `${before},${value}`);
  }
  return byName;
}

/** Every reason why ingest refuses a request. The HTTP answer follows from the code (`failure-answer.ts`). */
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
