import { type Result, succeed } from '../result.ts';
import type { Crypto } from './check-claim.ts';
import { decodeSecret, type SigningKey } from './decode-secret.ts';
import { readClaim } from './read-claim.ts';
import type { PlugIn } from './signature-plug-ins/plug-in.ts';
import { plugInOf } from './signature-plug-ins/plug-in-of.ts';
import type { SignatureScheme } from './signature-scheme.ts';
import type { Claim, SignedRequest, VerificationFailure } from './verification.ts';

/** One way of signing, whether knobs or a plug-in say it. */
export type SignatureMethod = {
  readonly crypto: Crypto;
  /** How a secret has to be stored, for a person. */
  readonly secretForm: string;
  /** How a signature is written. */
  readonly encoding: 'hex' | 'base64';
  readonly decode: (secret: string) => SigningKey | undefined;
  readonly readClaims: (request: SignedRequest) => Result<readonly Claim[], VerificationFailure>;
};

/** The way a scheme signs. A shared secret is no signature. */
export function methodOf(scheme: Exclude<SignatureScheme, { kind: 'sharedSecret' }>): SignatureMethod {
  if (scheme.kind === 'custom') return ofPlugIn(plugInOf(scheme.plugIn));
  const form = scheme.kind === 'hash' ? 'utf8' : scheme.secretEncoding;
  return {
    crypto: scheme,
    secretForm: scheme.secretPrefix === undefined ? form : `${form} after "${scheme.secretPrefix}"`,
    encoding: scheme.encoding,
    decode: (secret) => decodeSecret(scheme, secret),
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
    decode: (secret) => decodeSecret({ kind: 'hmac', secretEncoding }, secret),
    readClaims,
  };
}
