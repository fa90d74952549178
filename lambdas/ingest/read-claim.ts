import { fail, type Result, succeed } from '../result.ts';
import { type ContentToken, tokensOf } from './content-template.ts';
import { extractOne, extractSignatures } from './extract-header.ts';
import { readTimestamp } from './read-timestamp.ts';
import type { SignedScheme } from './signature-scheme.ts';
import type { Claim, Content, SignedRequest, VerificationFailure } from './verification.ts';

/** Reads what a request says is signed, by a scheme's knobs: its signatures, and the content they should fit. */
export function readClaim(scheme: SignedScheme, request: SignedRequest): Result<Claim, VerificationFailure> {
  const timestamp =
    scheme.timestamp === undefined
      ? succeed('')
      : readTimestamp(scheme.timestamp, request.headers, request.receivedAt);
  if (!timestamp.ok) return timestamp;
  const id = scheme.id === undefined ? succeed('') : extractOne(scheme.id, request.headers, 'id');
  if (!id.ok) return id;
  const signatures = extractSignatures(scheme, request.headers);
  if (!signatures.ok) return signatures;

  for (const token of tokensOf(scheme.content)) {
    const missing = explainMissing(token, request);
    if (missing !== undefined) return fail(missing);
  }
  const { method, url, headers, rawBody } = request;
  const parts = { method, url, headers, rawBody, timestamp: timestamp.value, id: id.value };
  const content = (secret: string) => writeContent(scheme.content, parts, secret);
  return succeed({ signatures: signatures.value, contents: [content] });
}

function explainMissing(
  token: ContentToken,
  { url, headers }: SignedRequest,
): VerificationFailure | undefined {
  if (token.kind === 'header' && !headers.has(token.name))
    return { code: 'missing-header', header: token.name };
  const needsUrl = token.kind === 'url' || token.kind === 'decoded-url';
  return needsUrl && url === undefined ? { code: 'public-url-missing' } : undefined;
}

/** What the tokens of a content template stand for. */
export type Parts = Pick<SignedRequest, 'method' | 'url' | 'headers' | 'rawBody'> & {
  readonly timestamp: string;
  readonly id: string;
};

/**
 * What is signed, by a template: what ingest expects, and what `adapter send` signs. Texts that follow each other are one,
 * since what is dear about a digest of a small body is how often it is handed something.
 */
export function writeContent(template: string, parts: Parts, secret: string): Content {
  const content: (string | Uint8Array)[] = [];
  let text = '';
  for (const token of tokensOf(template)) {
    const written = writeToken(token, parts, secret);
    if (typeof written === 'string') {
      text += written;
      continue;
    }
    if (text !== '') content.push(text);
    text = '';
    content.push(written);
  }
  if (text !== '') content.push(text);
  return content;
}

function writeToken(token: ContentToken, parts: Parts, secret: string): string | Uint8Array {
  switch (token.kind) {
    case 'body':
      return parts.rawBody;
    case 'timestamp':
    case 'id':
    case 'method':
      return parts[token.kind];
    case 'url':
      return parts.url ?? '';
    case 'decoded-url':
      return decodeUrl(parts.url ?? '');
    case 'secret':
      return secret;
    case 'header':
      return parts.headers.get(token.name) ?? '';
    case 'literal':
    case 'unknown':
      return token.text;
  }
}

/**
 * HubSpot signs its URLs with these escapes, and no others, taken back.
 * Source: developers.hubspot.com, "Validating requests", v3, the table of URL-encoded characters.
 */
function decodeUrl(url: string): string {
  return url.replaceAll(/%(3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)/gi, (escaped) => decodeURIComponent(escaped));
}
