import { remember } from '../remember.ts';
import { fail, type Result, succeed } from '../result.ts';
import { decodeBytes } from './decode-bytes.ts';
import type { Extractor } from './signature-scheme.ts';
import type { VerificationFailure } from './verification.ts';
import { writeForm } from './write-header.ts';

/** Without a flag, so that nothing of one header is left in it for the next. */
const patternOf = remember((pick) => new RegExp(pick));

/** Every value that a header holds for an extractor; at least one. */
function extractHeader(
  extractor: Extractor,
  headers: ReadonlyMap<string, string>,
  name: string,
): Result<readonly string[], VerificationFailure> {
  const { header, split, pick } = extractor;
  const value = headers.get(header)?.trim();
  if (value === undefined || value === '') return fail({ code: 'missing-header', header });

  const parts = split === undefined ? [value] : value.split(split).map((part) => part.trim());
  const pattern = pick === undefined ? undefined : patternOf(pick);
  const values = pattern === undefined ? parts : parts.flatMap((part) => pattern.exec(part)?.[1] ?? []);
  const filled = values.filter((found) => found !== '');
  return filled.length === 0
    ? fail({ code: 'malformed-header', header, form: writeForm(extractor, name) })
    : succeed(filled);
}

/** The one value that a header holds for an extractor; several would leave open which of them is meant. */
export function extractOne(
  extractor: Extractor,
  headers: ReadonlyMap<string, string>,
  name: string,
): Result<string, VerificationFailure> {
  const values = extractHeader(extractor, headers, name);
  if (!values.ok) return values;
  const [value = '', ...more] = values.value;
  if (more.length === 0) return succeed(value);
  return fail({ code: 'repeated-header', header: extractor.header, found: values.value.length });
}

/** The signatures that a header holds, as bytes. What is not written as it should be is no signature. */
export function extractSignatures(
  { signature, encoding }: { readonly signature: Extractor; readonly encoding: 'hex' | 'base64' },
  headers: ReadonlyMap<string, string>,
): Result<readonly Buffer[], VerificationFailure> {
  const sent = extractHeader(signature, headers, 'signature');
  if (!sent.ok) return sent;
  const signatures = sent.value.flatMap((text) => decodeBytes(text, encoding) ?? []);
  if (signatures.length > 0) return succeed(signatures);
  const form = `${writeForm(signature, 'signature')}, in ${encoding}`;
  return fail({ code: 'malformed-header', header: signature.header, form });
}
