import { type KeyObject, X509Certificate } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { fail, succeed } from '../../../result.ts';
import { compileSignatureReader, compileTimestampReader, compileValueReader } from '../header.ts';
import type { SignatureMethod, SignedRequest } from '../verification.ts';

const CERTIFICATE_URL =
  '^https://api(?:-m)?(?:\\.sandbox)?\\.paypal\\.com/v1/notifications/certs/([A-Za-z0-9-]{1,100})$';

const readSignatures = compileSignatureReader({
  signature: { header: 'paypal-transmission-sig' },
  encoding: 'base64',
});
const readId = compileValueReader({ header: 'paypal-transmission-id', pick: '^([A-Za-z0-9-]{1,64})$' }, 'id');
/** PayPal tries for three days, and does not document whether it signs again. The ledger remembers an id for 30. */
const readTime = compileTimestampReader({
  header: 'paypal-transmission-time',
  format: 'iso8601',
  toleranceSeconds: 7 * 86_400,
});
const readCertificateName = compileValueReader(
  { header: 'paypal-cert-url', pick: CERTIFICATE_URL },
  'certificate',
);

type Stored = { readonly webhookId: string; readonly certificate: string; readonly key: KeyObject };

/** What a signing secret of PayPal is: lines that a person writes, and the file that PayPal has at the certificate's URL. */
const FORM = 'the lines "webhook-id: …" and "certificate: CERT-…", then the certificate as PEM';

const SECRET =
  /^webhook-id: *([A-Za-z0-9]{1,50})\s+certificate: *([A-Za-z0-9-]{1,100})\s+(-----BEGIN CERTIFICATE-----[\s\S]+)$/;

/** Many more than a source has at a time; reading a certificate takes longer than verifying with it. */
const MOST_SECRETS = 100;
const known = new Map<string, Stored | undefined>();

function storedIn(secret: string): Stored | undefined {
  if (!known.has(secret)) {
    if (known.size >= MOST_SECRETS) known.clear();
    known.set(secret, parseSecret(secret));
  }
  return known.get(secret);
}

function parseSecret(secret: string): Stored | undefined {
  const [, webhookId, certificate, pem] = SECRET.exec(secret) ?? [];
  if (webhookId === undefined || certificate === undefined || pem === undefined) return undefined;
  try {
    // Of a chain, the first is the one that signs.
    const { subject, publicKey } = new X509Certificate(pem);
    const isPayPals = /^CN=messageverificationcerts(\.sandbox)?\.paypal\.com$/m.test(subject);
    return isPayPals && publicKey.asymmetricKeyType === 'rsa'
      ? { webhookId, certificate, key: publicKey }
      : undefined;
  } catch {
    // OpenSSL has many errors for a text that is no certificate.
    return undefined;
  }
}

/**
 * PayPal: RSA with SHA-256 over `{id}|{time}|{webhook id}|{CRC-32 of the body}`, by a certificate that a header names by its
 * URL. The certificates lie in the signing secrets; none is fetched while PayPal waits (docs/decisions/0032). A CRC-32 binds no
 * body: whoever has caught a webhook can write another that has the same. So the transmission is the id, and is told once.
 * Source: https://developer.paypal.com/api/rest/webhooks/rest/.
 */
export const paypal: SignatureMethod = {
  crypto: { kind: 'rsa', algorithm: 'sha256' },
  secretForm: FORM,
  encoding: 'base64',
  decode: (secret) => storedIn(secret)?.key,
  readSigned: (request) => {
    const { headers, rawBody, receivedAt } = request;
    const time = readTime(request, receivedAt);
    if (!time.ok) return time;
    const id = readId(request);
    if (!id.ok) return id;
    const certificate = readCertificateName(request);
    if (!certificate.ok) return certificate;
    const signatures = readSignatures(request);
    if (!signatures.ok) return signatures;
    if (headers.get('paypal-auth-algo') !== 'SHA256withRSA') {
      return fail({ code: 'malformed-header', header: 'paypal-auth-algo', form: 'SHA256withRSA' });
    }
    const write = (secret: string) => {
      const stored = storedIn(secret);
      // Of another certificate: nothing, which nobody has signed.
      if (stored?.certificate !== certificate.value) return [];
      return [`${id.value}|${time.value}|${stored.webhookId}|${crc32(rawBody)}`];
    };
    return succeed([{ signatures: signatures.value, variants: [write] }]);
  },
  identify: ([content]) => String(content?.[0]).split('|', 1).join(),
  explainKeys: (request: SignedRequest, secrets) => {
    const certificate = readCertificateName(request);
    const isStored =
      certificate.ok && secrets.some((secret) => storedIn(secret)?.certificate === certificate.value);
    return !certificate.ok || isStored
      ? undefined
      : { code: 'secret-certificate-missing', certificate: certificate.value };
  },
};
