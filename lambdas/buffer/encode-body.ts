import { Buffer, isUtf8 } from 'node:buffer';
import { gunzipSync, gzipSync } from 'node:zlib';
import { fail, type Result, succeed } from '../result.ts';

/**
 * Bytes that a body may take on the buffer, encoded or not. SQS takes 1,048,576 bytes of body and attributes together;
 * the rest is left for the attributes, which grow by the note when a webhook is dead-lettered.
 */
export const MAX_BUFFERED_BODY_BYTES = 1_000_000;

/** More than Lambda hands to ingest (6 MB): only what ingest did not write could unpack to more. */
export const MAX_RAW_BODY_BYTES = 8_000_000;

export type BodyTooLarge = {
  readonly code: 'body-too-large';
  readonly bytes: number;
  /** What it would take on the buffer, compressed. */
  readonly encodedBytes: number;
  readonly limitBytes: number;
};

/** A body as SQS carries it. */
export type EncodedBody = { readonly body: string; readonly encoding: 'utf-8' | 'base64' | 'gzip' };

/** As text where SQS takes it, else as base64; what would be too large is compressed. */
export function encodeBody(rawBody: Uint8Array): Result<EncodedBody, BodyTooLarge> {
  const bytes = Buffer.from(rawBody.buffer, rawBody.byteOffset, rawBody.byteLength);
  const encoding = travelsAsText(bytes) ? 'utf-8' : 'base64';
  const plain = bytes.toString(encoding);
  const plainBytes = encoding === 'base64' ? plain.length : bytes.length;
  if (plainBytes <= MAX_BUFFERED_BODY_BYTES) return succeed({ body: plain, encoding });

  const zipped = gzipSync(bytes).toString('base64');
  if (zipped.length <= MAX_BUFFERED_BODY_BYTES) return succeed({ body: zipped, encoding: 'gzip' });
  return fail({
    code: 'body-too-large',
    bytes: bytes.length,
    encodedBytes: zipped.length,
    limitBytes: MAX_BUFFERED_BODY_BYTES,
  });
}

/** Takes a body out of a message; `undefined` where it does not unpack. */
export function decodeBody(body: string, encoding: EncodedBody['encoding']): Buffer | undefined {
  if (encoding !== 'gzip') return Buffer.from(body, encoding);
  try {
    return gunzipSync(Buffer.from(body, 'base64'), { maxOutputLength: MAX_RAW_BODY_BYTES });
  } catch {
    return undefined;
  }
}

/** The characters SQS takes (SendMessage, API reference); anything else has to travel encoded. */
const NOT_TAKEN_BY_SQS = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

function travelsAsText(bytes: Buffer): boolean {
  return isUtf8(bytes) && !NOT_TAKEN_BY_SQS.test(bytes.toString('utf8'));
}
