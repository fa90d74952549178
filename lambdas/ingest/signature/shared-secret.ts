import { createHash, timingSafeEqual } from 'node:crypto';
import { fail, type Result, succeed } from '../../result.ts';
import { decodeBytes } from './keys.ts';
import type { SignatureScheme } from './scheme.ts';
import { type Carrier, readMembers } from './signed-content.ts';
import type { MatchSecrets, VerificationFailure } from './verification.ts';

type SharedSecretOptions = Extract<SignatureScheme, { kind: 'sharedSecret' }>['sharedSecret'];

/** Reads the secret that a request carries itself. That it is one of ours proves who sent it, but nothing about the body. */
export function readSharedSecret(
  options: SharedSecretOptions,
  request: Carrier,
): Result<MatchSecrets, VerificationFailure> {
  const sent = readSent(options, request);
  return sent.ok ? succeed((secrets) => compare(sent.value, secrets)) : sent;
}

/** Several texts of a request have to be one and the same secret. */
function compare(sent: readonly string[], secrets: readonly string[]): ReturnType<MatchSecrets> {
  const isSent = (secret: string) => secret !== '' && sent.every((one) => isSame(one, secret));
  const secretIndex = secrets.findIndex(isSent);
  if (secretIndex >= 0) return succeed({ secretIndex });
  const spaced = secrets.findIndex((secret) => isSent(secret.trim()));
  return spaced >= 0
    ? fail({ code: 'secret-whitespace', secretIndex: spaced })
    : fail({ code: 'no-matching-secret', secretsTried: secrets.length, isShared: true });
}

function readSent(
  options: SharedSecretOptions,
  request: Carrier,
): Result<readonly string[], VerificationFailure> {
  const { headers, query } = request;
  switch (options.in) {
    case 'header': {
      const value = headers.get(options.name);
      return value ? succeed([value]) : fail({ code: 'missing-header', header: options.name });
    }
    case 'query': {
      const value = new URLSearchParams(query).get(options.name);
      return value ? succeed([value]) : fail({ code: 'missing-query-parameter', parameter: options.name });
    }
    case 'basic':
      return readBasic(headers.get('authorization'));
    case 'body':
      return readMembers(options.pointer, request);
  }
}

/** RFC 7617: `Basic <base64 of user:password>`. */
function readBasic(value: string | undefined): Result<readonly string[], VerificationFailure> {
  if (!value) return fail({ code: 'missing-header', header: 'authorization' });
  const credentials = decodeBytes(/^Basic (\S+)$/i.exec(value.trim())?.[1] ?? '', 'base64');
  if (credentials !== undefined) return succeed([credentials.toString('utf8')]);
  return fail({ code: 'malformed-header', header: 'authorization', form: 'Basic <base64 of user:password>' });
}

/** Compares hashes, so that the time it takes shows neither the content nor the length of the secret. */
function isSame(sent: string, secret: string): boolean {
  return timingSafeEqual(sha256(sent), sha256(secret));
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
