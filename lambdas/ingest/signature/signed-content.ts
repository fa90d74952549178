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
  /** Writes what is signed: what ingest expects, and what `adapter send` signs. */
  readonly write: (parts: Parts, secret: string) => Content;
};

/** Reads a template such as `{id}.{timestamp}.{body}` once, for all requests of its source. */
export function compileTemplate(template: string): ContentTemplate {
  const tokens = tokensOf(template);
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
