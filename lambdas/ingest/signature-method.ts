import { remember } from '../remember.ts';
import { succeed } from '../result.ts';
import { decodeSecret } from './decode-secret.ts';
import { readClaim } from './read-claim.ts';
import type { PlugIn } from './signature-plug-ins/plug-in.ts';
import { plugInOf } from './signature-plug-ins/plug-in-of.ts';
import type { SignatureScheme, SignedScheme } from './signature-scheme.ts';
import type { SignatureMethod } from './verification.ts';

type SigningScheme = Exclude<SignatureScheme, { kind: 'sharedSecret' }>;

const METHODS = new WeakMap<SigningScheme, SignatureMethod>();

/** The way a scheme signs, made once for each. A shared secret is no signature. */
export function methodOf(scheme: SigningScheme): SignatureMethod {
  const known = METHODS.get(scheme);
  if (known !== undefined) return known;
  const made = scheme.kind === 'custom' ? ofPlugIn(plugInOf(scheme.plugIn)) : ofKnobs(scheme);
  METHODS.set(scheme, made);
  return made;
}

function ofKnobs(scheme: SignedScheme): SignatureMethod {
  const form = scheme.kind === 'hash' ? 'utf8' : scheme.secretEncoding;
  return {
    crypto: scheme,
    secretForm: scheme.secretPrefix === undefined ? form : `${form} after "${scheme.secretPrefix}"`,
    encoding: scheme.encoding,
    decode: remember((secret) => decodeSecret(scheme, secret)),
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
    decode: remember((secret) => decodeSecret({ kind: 'hmac', secretEncoding }, secret)),
    readClaims,
  };
}
