import { memoize } from '../../memoize.ts';
import { fail, type Result, succeed } from '../../result.ts';
import { explainMismatch } from './diagnosis.ts';
import { extractOne, extractSignatures, readTimestamp } from './header.ts';
import { decodeSecret } from './keys.ts';
import type { PlugIn } from './plug-ins/plug-in.ts';
import { plugInOf } from './plug-ins/plug-ins.ts';
import type { SignatureScheme, SignedScheme } from './scheme.ts';
import { verifySharedSecret } from './shared-secret.ts';
import { type ContentToken, fits, tokensOf } from './signed-content.ts';
import type {
  Claim,
  Content,
  SignatureMethod,
  SignedRequest,
  Verification,
  VerificationFailure,
} from './verification.ts';

/** Decides whether a request was signed with one of the secrets, and if not, why not. */
export function verifySignature(
  scheme: SignatureScheme,
  request: SignedRequest,
): Result<Verification, VerificationFailure> {
  if (scheme.kind === 'sharedSecret') return verifySharedSecret(scheme.sharedSecret, request);
  const method = methodOf(scheme);
  const claims = method.readClaims(request);
  if (!claims.ok) return claims;

  const { secrets } = request;
  const secretIndex = secrets.findIndex((secret) => {
    const key = method.decode(secret);
    return key !== undefined && claims.value.every((claim) => fits(method.crypto, claim, key, secret));
  });
  return secretIndex >= 0 ? succeed({ secretIndex }) : fail(explainMismatch(method, claims.value, request));
}

type SigningScheme = Exclude<SignatureScheme, { kind: 'sharedSecret' }>;

const METHODS = new WeakMap<SigningScheme, SignatureMethod>();

/** The way a scheme signs, made once for each. A shared secret is no signature. */
export function methodOf(scheme: SigningScheme): SignatureMethod {
  const known = METHODS.get(scheme);
  if (known !== undefined) return known;
  const made = scheme.kind === 'custom' ? ofPlugIn(plugInOf(scheme.plugIn)) : ofOptions(scheme);
  METHODS.set(scheme, made);
  return made;
}

function ofOptions(scheme: SignedScheme): SignatureMethod {
  const form = scheme.kind === 'hash' ? 'utf8' : scheme.secretEncoding;
  return {
    crypto: scheme,
    secretForm: scheme.secretPrefix === undefined ? form : `${form} after "${scheme.secretPrefix}"`,
    encoding: scheme.encoding,
    decode: memoize((secret) => decodeSecret(scheme, secret)),
    readClaims: (request) => {
      const claim = readClaim(scheme, request);
      return claim.ok ? succeed([claim.value]) : claim;
    },
  };
}

function ofPlugIn({ algorithm, encoding, secretEncoding, readClaims }: PlugIn): SignatureMethod {
  return {
    crypto: { kind: 'hmac', algorithm },
    secretForm: secretEncoding,
    encoding,
    decode: memoize((secret) => decodeSecret({ kind: 'hmac', secretEncoding }, secret)),
    readClaims,
  };
}

/** Reads what a request says is signed, by a scheme's options: its signatures, and the content they should fit. */
function readClaim(scheme: SignedScheme, request: SignedRequest): Result<Claim, VerificationFailure> {
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
type Parts = Pick<SignedRequest, 'method' | 'url' | 'headers' | 'rawBody'> & {
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
