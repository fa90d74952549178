import { Buffer } from 'node:buffer';
import type { Content, SignedRequest, VerificationFailure } from './verification.ts';

/** A piece of what is signed, in the order of the template. */
export type ContentToken =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'header'; readonly text: string; readonly name: string }
  | { readonly kind: (typeof NAMES)[number]; readonly text: string }
  | { readonly kind: 'unknown'; readonly text: string };

const NAMES = ['body', 'timestamp', 'id', 'method', 'url', 'decoded-url', 'secret'] as const;

/** The tokens of a content template, as a person writes them. */
export const TOKENS: readonly string[] = NAMES.map((name) => `{${name}}`);

/** What the tokens of a content template stand for. */
type Parts = Pick<SignedRequest, 'method' | 'url' | 'headers' | 'rawBody'> & {
  readonly timestamp: string;
  readonly id: string;
};

type ContentTemplate = {
  readonly tokens: readonly ContentToken[];
  /** Names what the template needs and the request does not have. */
  readonly explainMissing: (request: SignedRequest) => VerificationFailure | undefined;
  /** Names what would let one signature fit several requests: a part that may have begun or ended elsewhere. */
  readonly explainAmbiguous: (parts: Parts) => VerificationFailure | undefined;
  /** Writes what is signed: what ingest expects, and what `adapter send` signs. */
  readonly write: (parts: Parts, secret: string) => Content;
};

/** Reads a template such as `{id}.{timestamp}.{body}` once, for all requests of its source. */
export function compileTemplate(template: string): ContentTemplate {
  const tokens = tokensOf(template);
  const open = openPartsOf(tokens);
  const needed = tokens.filter(({ kind }) => kind === 'header' || kind === 'url' || kind === 'decoded-url');
  return {
    tokens,
    explainMissing: (request) => {
      for (const token of needed) {
        const missing = explainMissing(token, request);
        if (missing !== undefined) return missing;
      }
      return undefined;
    },
    explainAmbiguous: (parts) => {
      const part = open.find((one) => !isBounded(one, parts))?.token.text;
      const form = 'text that shows where it ends (beside a body of JSON: without brackets and spaces)';
      return part === undefined ? undefined : { code: 'ambiguous-content', part, form };
    },
    write: (parts, secret) => writeContent(tokens, parts, secret),
  };
}

/** The tokens of a template; text between them is signed as it is. */
export function tokensOf(template: string): readonly ContentToken[] {
  return template.split(/(\{[^{}]*\})/).flatMap((text) => (text === '' ? [] : [readToken(text)]));
}

function readToken(text: string): ContentToken {
  if (!/^\{[^{}]*\}$/.test(text)) return { kind: 'literal', text };
  const name = text.slice(1, -1);
  const header = /^header:([A-Za-z0-9!#$%&'*+.^_`|~-]+)$/.exec(name)?.[1];
  if (header !== undefined) return { kind: 'header', text, name: header.toLowerCase() };
  const kind = NAMES.find((known) => known === name);
  return { kind: kind ?? 'unknown', text };
}

function explainMissing(
  token: ContentToken,
  { url, headers }: SignedRequest,
): VerificationFailure | undefined {
  if (token.kind !== 'header') return url === undefined ? { code: 'public-url-missing' } : undefined;
  return headers.has(token.name) ? undefined : { code: 'missing-header', header: token.name };
}

/** A part whose text the sender chooses, at any length: where it ends has to be told from the signed text alone. */
type OpenPart = {
  readonly token: ContentToken;
  /** The text between it and the side of the body. */
  readonly separator: string | undefined;
  /** Whether no other such part stands between it and the body. */
  readonly isBesideBody: boolean;
};

/** The URL, the id and the headers of a template. Timestamps and methods are of one length each. */
export function openPartsOf(tokens: readonly ContentToken[]): readonly OpenPart[] {
  const body = tokens.findIndex(({ kind }) => kind === 'body');
  return tokens.flatMap((token, at) => {
    if (!OPEN_KINDS.includes(token.kind)) return [];
    const inward = at < body ? tokens.slice(at + 1, body) : tokens.slice(body + 1, at).reverse();
    const separator = inward[0]?.kind === 'literal' ? inward[0].text : undefined;
    return [{ token, separator, isBesideBody: !inward.some(({ kind }) => OPEN_KINDS.includes(kind)) }];
  });
}

const OPEN_KINDS: readonly ContentToken['kind'][] = ['id', 'header', 'url', 'decoded-url'];

/** Whether a part ends where its separator begins, or, beside a body of JSON, where the first bracket does. */
function isBounded({ token, separator, isBesideBody }: OpenPart, parts: Parts): boolean {
  const text = String(writeToken(token, parts, ''));
  if (separator !== undefined && !text.includes(separator)) return true;
  return isBesideBody && !/[{}[\]\s]/.test(text) && isBracketed(parts.rawBody);
}

function isBracketed(rawBody: Uint8Array): boolean {
  const bytes = Buffer.from(rawBody.buffer, rawBody.byteOffset, rawBody.byteLength);
  const [start, end] = [bytes.toString('latin1', 0, 64), bytes.subarray(-64).toString('latin1')];
  return /^\s*[{[]/.test(start) && /[}\]]\s*$/.test(end);
}

/** Joins texts that follow each other: with a small body, each further piece slows a digest down. */
function writeContent(tokens: readonly ContentToken[], parts: Parts, secret: string): Content {
  const content: (string | Uint8Array)[] = [];
  let text = '';
  for (const token of tokens) {
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
 * HubSpot decodes these escapes of a URL, and no others, before it signs.
 * Source: developers.hubspot.com, "Validating requests", v3, the table of URL-encoded characters.
 */
function decodeUrl(url: string): string {
  return url.replaceAll(/%(3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)/gi, (escaped) => decodeURIComponent(escaped));
}
