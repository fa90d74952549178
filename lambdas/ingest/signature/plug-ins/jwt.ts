import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import { fail, parseJson, succeed } from '../../../result.ts';
import { compileValueReader, judgeAge } from '../header.ts';
import { createKeyDecoder, decodeBytes, hashSigned } from '../keys.ts';
import type { JwtScheme } from '../scheme.ts';
import { malformedAt } from '../signed-content.ts';
import type { Crypto, SignatureMethod, SignedRequest, VerificationFailure } from '../verification.ts';

/** RFC 7518, 3.1; RFC 8037, 3.1. */
const CRYPTO: Readonly<Record<JwtScheme['algorithm'], Crypto>> = {
  HS256: { kind: 'hmac', algorithm: 'sha256' },
  HS512: { kind: 'hmac', algorithm: 'sha512' },
  RS256: { kind: 'rsa', algorithm: 'sha256' },
  RS512: { kind: 'rsa', algorithm: 'sha512' },
  ES256: { kind: 'ecdsa', algorithm: 'sha256', signatureForm: 'raw' },
  EdDSA: { kind: 'ed25519' },
};

const secondsSchema = z.optional(z.number().check(z.gt(0), z.lt(1e11)));

const claimsSchema = z.looseObject({ exp: secondsSchema, nbf: secondsSchema, iat: secondsSchema });

type Claims = z.infer<typeof claimsSchema>;

type Token = {
  /** What is signed: header and claims, as they were sent. */
  readonly signed: string;
  readonly claims: Claims;
  readonly signature: Buffer;
};

/** How far the clock of who made the token may be off, in seconds. */
const LEEWAY_SECONDS = 60;

/**
 * A JSON Web Token in its compact form (RFC 7515, 7.1), by one algorithm and a key that is stored. What names or brings a key in
 * its header is not looked at. The signature covers the token alone: a claim binds the body, or nothing does, and the token is
 * the id.
 */
export function methodOfJwt(scheme: JwtScheme): SignatureMethod {
  const crypto = CRYPTO[scheme.algorithm];
  const readToken = compileValueReader(scheme.token, 'token');
  return {
    crypto,
    secretForm: scheme.secretEncoding,
    encoding: 'base64url',
    decode: createKeyDecoder({ kind: crypto.kind, secretEncoding: scheme.secretEncoding }),
    readSigned: (request) => {
      const sent = readToken(request);
      if (!sent.ok) return sent;
      const token = parseToken(sent.value, scheme.algorithm);
      if (token === undefined) return fail(malformedAt(scheme.token, `a JWT by ${scheme.algorithm}`));
      const wrong = judgeClaims(scheme, token.claims, request);
      if (wrong !== undefined) return fail(wrong);
      return succeed([{ signatures: [token.signature], variants: [() => [token.signed]] }]);
    },
    ...(scheme.unboundBody && { identify: hashSigned }),
  };
}

/** `undefined` where it is no token, by another algorithm, or has a header that changes what its parts mean. */
function parseToken(text: string, algorithm: string): Token | undefined {
  const [header = '', payload = '', signature = '', ...more] = text.split('.');
  const bytes = decodeBytes(signature, 'base64url');
  const head = headerSchema.safeParse(readPart(header));
  const claims = claimsSchema.safeParse(readPart(payload));
  if (bytes === undefined || !head.success || !claims.success || more.length > 0) return undefined;
  if (head.data.alg !== algorithm) return undefined;
  return { signed: `${header}.${payload}`, claims: claims.data, signature: bytes };
}

/** RFC 7515, 4.1.11: who does not understand what `crit` names has to refuse it. */
const headerSchema = z.looseObject({
  alg: z.string(),
  crit: z.optional(z.never()),
  b64: z.optional(z.never()),
});

function readPart(part: string): unknown {
  const bytes = decodeBytes(part, 'base64url');
  return bytes === undefined ? undefined : parseJson(Buffer.from(bytes).toString('utf8'));
}

function judgeClaims(
  { issuer, audience, toleranceSeconds, bodyHash }: JwtScheme,
  claims: Claims,
  { rawBody, receivedAt }: SignedRequest,
): VerificationFailure | undefined {
  const { exp, nbf, iat } = claims;
  if (issuer !== undefined && claims.iss !== issuer) return wrongClaim('iss', issuer);
  if (audience !== undefined && ![claims.aud].flat().includes(audience)) return wrongClaim('aud', audience);
  if (toleranceSeconds !== undefined && iat === undefined) return wrongClaim('iat', 'seconds since 1970');
  if (bodyHash !== undefined && claims[bodyHash.claim] !== hashOf(rawBody, bodyHash.encoding))
    return wrongClaim(bodyHash.claim, `the SHA-256 of the body, in ${bodyHash.encoding}`);
  const limits = [
    [exp, { toleranceSeconds: LEEWAY_SECONDS, futureToleranceSeconds: Number.POSITIVE_INFINITY }],
    [nbf, { futureToleranceSeconds: LEEWAY_SECONDS }],
    [iat, toleranceSeconds === undefined ? {} : { toleranceSeconds }],
  ] as const;
  return limits
    .map(([seconds, limit]) =>
      seconds === undefined ? undefined : judgeAge(limit, seconds * 1000, receivedAt),
    )
    .find((wrong) => wrong !== undefined);
}

function wrongClaim(claim: string, expected: string): VerificationFailure {
  return { code: 'wrong-claim', claim, expected };
}

function hashOf(rawBody: Uint8Array, encoding: 'hex' | 'base64' | 'base64url'): string {
  return createHash('sha256').update(rawBody).digest(encoding);
}
