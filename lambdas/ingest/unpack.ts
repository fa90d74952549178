import { gunzipSync } from 'node:zlib';
import { MAX_RAW_BODY_BYTES } from '../buffer/message.ts';
import { fail, type Result, succeed } from '../result.ts';
import type { RequestFailure, WebhookRequest } from './request.ts';

/**
 * Unpacks the body of a request whose signature is verified, which is over the packed bytes. A function
 * loads this file when a body may be packed (`lib/bundle/bundle-function.ts`).
 */
export function unpackBody(request: WebhookRequest): Result<WebhookRequest, RequestFailure> {
  const { rawBody, headers } = request;
  const encoding = headers.get('content-encoding')?.trim().toLowerCase() ?? '';
  if (rawBody[0] !== 0x1f || rawBody[1] !== 0x8b) {
    return PLAIN_ENCODINGS.includes(encoding)
      ? succeed(request)
      : fail({ code: 'content-encoding-not-taken', encoding: encoding.slice(0, 40) });
  }
  try {
    return succeed({ ...request, rawBody: gunzipSync(rawBody, { maxOutputLength: MAX_RAW_BODY_BYTES }) });
  } catch (error) {
    const isTooLarge = (error as { readonly code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE';
    return fail(
      isTooLarge
        ? { code: 'unpacked-body-too-large', limitBytes: MAX_RAW_BODY_BYTES }
        : { code: 'body-not-gzip' },
    );
  }
}

/** A proxy that unpacks a body may leave the header as it was. */
const PLAIN_ENCODINGS = ['', 'identity', 'gzip', 'x-gzip'];
