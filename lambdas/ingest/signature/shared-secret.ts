import { createHash, timingSafeEqual } from 'node:crypto';
import { fail, type Result, succeed } from '../../result.ts';
import type { SignatureScheme } from '../source.ts';
import { decodeBytes } from './keys.ts';
import type { SignedRequest, Verification, VerificationFailure } from './verification.ts';

type SharedSecretOptions = Extract<SignatureScheme, { kind: 'sharedSecret' }>['sharedSecret'];

/** Decides whether a request carries one of the secrets itself. That proves who sent it, but nothing about the body. */
export function verifySharedSecret(
  options: SharedSecretOptions,
  request: SignedRequest,
): Result<Verification, VerificationFailure> {
  const sent = readSharedSecret(options, request);
  if (!sent.ok) return sent;
  const { secrets } = request;
  const secretIndex = secrets.findIndex((secret) => secret !== '' && isSame(sent.value, secret));
  if (secretIndex >= 0) return succeed({ secretIndex });
  const spaced = secrets.findIndex((secret) => secret.trim() !== '' && isSame(sent.value, secret.trim()));
  return spaced >= 0
    ? fail({ code: 'secret-whitespace', secretIndex: spaced })
    : fail({ code: 'no-matching-secret', secretsTried: secrets.length });
}

function readSharedSecret(
  options: SharedSecretOptions,
  { headers, query }: SignedRequest,
): Result<string, VerificationFailure> {
  switch (options.in) {
    case 'header': {
      const value = headers.get(options.name);
      return value ? succeed(value) : fail({ code: 'missing-header', header: options.name });
    }
    case 'query': {
      const value = new URLSearchParams(query).get(options.name);
      return value ? succeed(value) : fail({ code: 'missing-query-parameter', parameter: options.name });
    }
    case 'basic':
      return readBasic(headers.get('authorization'));
  }
}

/** RFC 7617: `Basic <base64 of user:password>`. */
function readBasic(value: string | undefined): Result<string, VerificationFailure> {
  if (!value) return fail({ code: 'missing-header', header: 'authorization' });
  const credentials = decodeBytes(/^Basic (\S+)$/i.exec(value.trim())?.[1] ?? '', 'base64');
  if (credentials !== undefined) return succeed(credentials.toString('utf8'));
  return fail({ code: 'malformed-header', header: 'authorization', form: 'Basic <base64 of user:password>' });
}

/** Compares hashes, so that the time it takes shows neither the content nor the length of the secret. */
function isSame(sent: string, secret: string): boolean {
  return timingSafeEqual(sha256(sent), sha256(secret));
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
