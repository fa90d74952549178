import { Buffer, isUtf8 } from 'node:buffer';
import { type MultipartPart, parseMultipart } from '@remix-run/multipart-parser';

/** Far more than forms have fields, and than a part's headers have bytes. */
const LIMITS = { maxParts: 1_000, maxHeaderSize: 8_192, maxFileSize: 8_000_000, maxTotalSize: 8_000_000 };

/**
 * Reads the text fields of `multipart/form-data` (RFC 7578), values of one name together in the order they came. Files are passed
 * over. `undefined` where the body is none, or a field is not in UTF-8.
 *
 * The boundary is that of the first line: nobody signs the header that names it, too.
 */
export function readParts(rawBody: Uint8Array): ReadonlyMap<string, readonly string[]> | undefined {
  const boundary = /^--([^\r\n]+)\r\n/.exec(Buffer.from(rawBody.subarray(0, 256)).toString('latin1'))?.[1];
  if (boundary === undefined) return undefined;
  try {
    return readFields(parseMultipart(rawBody, { ...LIMITS, boundary }));
  } catch {
    // The library throws where a body is none, or beyond a limit.
    return undefined;
  }
}

function readFields(parts: Iterable<MultipartPart>): ReadonlyMap<string, readonly string[]> | undefined {
  const fields = new Map<string, string[]>();
  for (const part of parts) {
    if (part.isFile || !part.name) continue;
    if (!isUtf8(part.bytes)) return undefined;
    fields.set(part.name, [...(fields.get(part.name) ?? []), part.text]);
  }
  return fields;
}
