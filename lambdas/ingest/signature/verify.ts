import { isUtf8 } from 'node:buffer';
import { fail, type Result, succeed } from '../../result.ts';
import { explainMismatch } from './diagnosis.ts';
import { compileSignatureReader, compileTimestampReader, compileValueReader } from './header.ts';
import { createKeyDecoder, findSigned, hashSigned } from './keys.ts';
import { methodOfJwt } from './plug-ins/jwt.ts';
import { plugInOf } from './plug-ins/plug-ins.ts';
import type { SignatureScheme, SignedScheme } from './scheme.ts';
import { readSharedSecret } from './shared-secret.ts';
import { compileTemplate } from './signed-content.ts';
import type {
  MatchSecrets,
  PlugIn,
  SignatureMethod,
  SignedRequest,
  Verification,
  VerificationFailure,
} from './verification.ts';

/** Decides whether a request was signed with one of the secrets, newest first and never none; and if not, why not. */
export function verifySignature(
  scheme: SignatureScheme,
  request: SignedRequest & { readonly secrets: readonly string[] },
): Result<Verification, VerificationFailure> {
  const match = readSignature(scheme, request);
  return match.ok ? match.value(request.secrets) : match;
}

/**
 * Reads what a request says is signed: all that can be judged without a secret, so that no stranger without a signature
 * has one read. Returns what tries secrets on it.
 */
export function readSignature(
  scheme: SignatureScheme,
  request: SignedRequest,
): Result<MatchSecrets, VerificationFailure> {
  if (scheme.kind === 'sharedSecret') return readSharedSecret(scheme.sharedSecret, request);
  const method = methodOf(scheme);
  const signed = method.readSigned(request);
  if (!signed.ok) return signed;
  return succeed((secrets) => {
    for (const [secretIndex, secret] of secrets.entries()) {
      const contents = findSigned(method, signed.value, secret);
      if (contents === undefined) continue;
      return succeed({ secretIndex, ...(method.identify && { signedId: method.identify(contents) }) });
    }
    return fail(explainMismatch(method, signed.value, { ...request, secrets }));
  });
}

/** A shared secret is no signature. */
type SigningScheme = Exclude<SignatureScheme, { kind: 'sharedSecret' }>;

const METHODS = new WeakMap<SigningScheme, SignatureMethod>();

/** How a scheme signs, compiled once for each scheme. */
export function methodOf(scheme: SigningScheme): SignatureMethod {
  const known = METHODS.get(scheme);
  if (known !== undefined) return known;
  const compiled = compileMethod(scheme);
  METHODS.set(scheme, compiled);
  return compiled;
}

function compileMethod(scheme: SigningScheme): SignatureMethod {
  if (scheme.kind === 'jwt') return methodOfJwt(scheme);
  return scheme.kind === 'custom' ? ofPlugIn(plugInOf(scheme.plugIn)) : ofOptions(scheme);
}

function ofOptions(scheme: SignedScheme): SignatureMethod {
  const form = scheme.kind === 'hash' ? 'utf8' : scheme.secretEncoding;
  return {
    crypto: scheme,
    secretForm: scheme.secretPrefix === undefined ? form : `${form} after "${scheme.secretPrefix}"`,
    encoding: scheme.encoding,
    decode: createKeyDecoder(scheme),
    readSigned: compileSignedReader(scheme),
    // Whoever has caught a webhook can change a body that is not signed: what is signed is the id.
    ...(scheme.unboundBody && { identify: hashSigned }),
  };
}

function ofPlugIn(plugIn: PlugIn): SignatureMethod {
  if ('crypto' in plugIn) return plugIn;
  const { algorithm, encoding, secretEncoding, readSigned, identify } = plugIn;
  return {
    crypto: { kind: 'hmac', algorithm },
    secretForm: secretEncoding,
    encoding,
    decode: createKeyDecoder({ kind: 'hmac', secretEncoding }),
    readSigned,
    identify,
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
    const { method, url, query, headers, rawBody, receivedAt } = request;
    const timestamp = readTimestamp(request, receivedAt);
    if (!timestamp.ok) return timestamp;
    const id = readId(request);
    if (!id.ok) return id;
    const signatures = readSignatures(request);
    if (!signatures.ok) return signatures;
    const parts = { method, url, query, headers, rawBody, timestamp: timestamp.value, id: id.value };
    const wrong =
      template.explainMissing(request) ??
      template.explainAmbiguous(parts) ??
      explainLengthened(scheme.kind, rawBody);
    if (wrong !== undefined) return fail(wrong);
    return succeed([{ signatures: signatures.value, variants: [(secret) => template.write(parts, secret)] }]);
  };
}

/**
 * A plain hash can be carried on without the secret. What is added begins with a byte that no UTF-8 has there (RFC 6234,
 * 4.1: padding begins with 0x80).
 */
function explainLengthened(kind: SignedScheme['kind'], rawBody: Uint8Array): VerificationFailure | undefined {
  if (kind !== 'hash' || isUtf8(rawBody)) return undefined;
  return { code: 'ambiguous-content', part: '{body}', form: 'text in UTF-8' };
}
