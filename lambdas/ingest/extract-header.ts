import { fail, type Result, succeed } from '../result.ts';
import { decodeBytes } from './decode-bytes.ts';
import { readParts } from './read-parts.ts';
import type { Extractor } from './signature-scheme.ts';
import type { VerificationFailure } from './verification.ts';
import { writeForm } from './write-header.ts';

/** Every value that a header holds for an extractor; at least one. */
function extractHeader(
  extractor: Extractor,
  headers: ReadonlyMap<string, string>,
  name: string,
): Result<readonly string[], VerificationFailure> {
  const { header } = extractor;
  const value = headers.get(header) ?? '';
  const values = readParts(extractor, value);
  if (values.length > 0) return succeed(values);
  if (value.trim() === '') return fail({ code: 'missing-header', header });
  return fail({ code: 'malformed-header', header, form: writeForm(extractor, name) });
}

/** The one value that a header holds for an extractor; several would leave open which of them is meant. */
export function extractOne(
  extractor: Extractor,
  headers: ReadonlyMap<string, string>,
  name: string,
): Result<string, VerificationFailure> {
  const values = extractHeader(extractor, headers, name);
  if (!values.ok) return values;
  const found = values.value.length;
  if (found > 1) return fail({ code: 'repeated-header', header: extractor.header, found });
  return succeed(values.value[0] ?? '');
}

/** The signatures that a header holds, as bytes. What is not written as it should be is no signature. */
export function extractSignatures(
  { signature, encoding }: { readonly signature: Extractor; readonly encoding: 'hex' | 'base64' },
  headers: ReadonlyMap<string, string>,
): Result<readonly Buffer[], VerificationFailure> {
  const sent = extractHeader(signature, headers, 'signature');
  if (!sent.ok) return sent;
  const signatures: Buffer[] = [];
  for (const text of sent.value) {
    const bytes = decodeBytes(text, encoding);
    if (bytes !== undefined) signatures.push(bytes);
  }
  if (signatures.length > 0) return succeed(signatures);
  const form = `${writeForm(signature, 'signature')}, in ${encoding}`;
  return fail({ code: 'malformed-header', header: signature.header, form });
}
