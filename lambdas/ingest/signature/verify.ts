import { fail, type Result, succeed } from '../../result.ts';
import type { SignatureScheme, SignedScheme } from '../source.ts';
import { explainMismatch } from './diagnosis.ts';
import { compileSignatureReader, compileTimestampReader, compileValueReader } from './header.ts';
import { createKeyDecoder, fits } from './keys.ts';
import type { PlugIn } from './plug-ins/plug-in.ts';
import { plugInOf } from './plug-ins/plug-ins.ts';
import { verifySharedSecret } from './shared-secret.ts';
import { compileTemplate } from './signed-content.ts';
import type { SignatureMethod, SignedRequest, Verification, VerificationFailure } from './verification.ts';

/** Decides whether a request was signed with one of the secrets, and if not, why not. */
export function verifySignature(
  scheme: SignatureScheme,
  request: SignedRequest,
): Result<Verification, VerificationFailure> {
  if (scheme.kind === 'sharedSecret') return verifySharedSecret(scheme.sharedSecret, request);
  const method = methodOf(scheme);
  const signed = method.readSigned(request);
  if (!signed.ok) return signed;

  const { secrets } = request;
  const secretIndex = secrets.findIndex((secret) => {
    const key = method.decode(secret);
    return key !== undefined && signed.value.every((content) => fits(method.crypto, content, key, secret));
  });
  return secretIndex >= 0 ? succeed({ secretIndex }) : fail(explainMismatch(method, signed.value, request));
}

/** A shared secret is no signature. */
type SigningScheme = Exclude<SignatureScheme, { kind: 'sharedSecret' }>;

const METHODS = new WeakMap<SigningScheme, SignatureMethod>();

/** How a scheme signs, compiled once for each scheme. */
export function methodOf(scheme: SigningScheme): SignatureMethod {
  const known = METHODS.get(scheme);
  if (known !== undefined) return known;
  const compiled = scheme.kind === 'custom' ? ofPlugIn(plugInOf(scheme.plugIn)) : ofOptions(scheme);
  METHODS.set(scheme, compiled);
  return compiled;
}

function ofOptions(scheme: SignedScheme): SignatureMethod {
  const form = scheme.kind === 'hash' ? 'utf8' : scheme.secretEncoding;
  return {
    crypto: scheme,
    secretForm: scheme.secretPrefix === undefined ? form : `${form} after "${scheme.secretPrefix}"`,
    encoding: scheme.encoding,
    decode: createKeyDecoder(scheme),
    readSigned: compileSignedReader(scheme),
  };
}

function ofPlugIn({ algorithm, encoding, secretEncoding, readSigned }: PlugIn): SignatureMethod {
  return {
    crypto: { kind: 'hmac', algorithm },
    secretForm: secretEncoding,
    encoding,
    decode: createKeyDecoder({ kind: 'hmac', secretEncoding }),
    readSigned,
  };
}

const NOTHING = succeed('');

function compileSignedReader(scheme: SignedScheme): SignatureMethod['readSigned'] {
  const { timestamp: timestampOptions, id: idExtractor, content } = scheme;
  const readTimestamp =
    timestampOptions === undefined ? () => NOTHING : compileTimestampReader(timestampOptions);
  const readId = idExtractor === undefined ? () => NOTHING : compileValueReader(idExtractor, 'id');
  const readSignatures = compileSignatureReader(scheme);
  const template = compileTemplate(content);

  return (request) => {
    const { method, url, headers, rawBody, receivedAt } = request;
    const timestamp = readTimestamp(headers, receivedAt);
    if (!timestamp.ok) return timestamp;
    const id = readId(headers);
    if (!id.ok) return id;
    const signatures = readSignatures(headers);
    if (!signatures.ok) return signatures;
    const missing = template.explainMissing(request);
    if (missing !== undefined) return fail(missing);

    const parts = { method, url, headers, rawBody, timestamp: timestamp.value, id: id.value };
    return succeed([{ signatures: signatures.value, variants: [(secret) => template.write(parts, secret)] }]);
  };
}
