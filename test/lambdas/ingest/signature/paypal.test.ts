import { sign } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { checkSigningSecret } from '../../../../cli/secrets/kind.ts';
import { answerFailure } from '../../../../lambdas/ingest/failure-answer.ts';
import { formatReceived } from '../../../../lambdas/ingest/log-line.ts';
import { findProfile } from '../../../../lambdas/ingest/signature/profiles/profiles.ts';
import { verifySignature } from '../../../../lambdas/ingest/signature/verify.ts';
import { fail } from '../../../../lambdas/result.ts';
import { OTHER_CERTIFICATE, PAYPAL_CERTIFICATE, PAYPAL_KEY } from '../../../fixtures/paypal.ts';

// docs/decisions/0032: a certificate that is stored, and none that is fetched.

const AT = new Date('2026-11-24T09:30:00Z');
const BODY = '{"id":"WH-1","event_type":"PAYMENT.SALE.COMPLETED"}';
const WEBHOOK_ID = '4JH86294D6297924G';
const CERTIFICATE = 'CERT-360caa42-fca2a594-a5cafa77';
const secretOf = (certificate: string, { webhookId = WEBHOOK_ID, pem = PAYPAL_CERTIFICATE } = {}) =>
  `webhook-id: ${webhookId}\ncertificate: ${certificate}\n${pem}`;

type Sent = { readonly headers: Readonly<Record<string, string>>; readonly body: string };

function signed({ body = BODY, id = 'dfb3be50-fd74', time = '2026-11-24T09:29:59Z' } = {}): Sent {
  const content = Buffer.from(`${id}|${time}|${WEBHOOK_ID}|${crc32(body)}`);
  return {
    body,
    headers: {
      'paypal-transmission-id': id,
      'paypal-transmission-time': time,
      'paypal-transmission-sig': sign('sha256', content, PAYPAL_KEY).toString('base64'),
      'paypal-cert-url': `https://api.paypal.com/v1/notifications/certs/${CERTIFICATE}`,
      'paypal-auth-algo': 'SHA256withRSA',
    },
  };
}

function judge({ headers, body }: Sent, ...secrets: readonly string[]) {
  const scheme = findProfile('paypal')?.signature;
  if (scheme === undefined) throw new Error('There is no profile paypal.');
  const request = { method: 'POST', query: '', rawBody: Buffer.from(body), receivedAt: AT };
  const verified = verifySignature(scheme, {
    ...request,
    headers: new Map(Object.entries(headers)),
    secrets,
  });
  return verified.ok ? verified.value : verified.failure;
}

const withHeader = ({ headers, body }: Sent, name: string, value: string): Sent => ({
  headers: { ...headers, [name]: value },
  body,
});

describe('a webhook of PayPal', () => {
  test('is verified by the certificate that it names, whichever of the secrets has it, and is told once', () => {
    const secrets = [secretOf('CERT-newer'), secretOf(CERTIFICATE)];

    expect(judge(signed(), ...secrets)).toEqual({ secretIndex: 1, signedId: 'dfb3be50-fd74' });
    expect(judge(signed({ id: 'another' }), ...secrets)).toEqual({ secretIndex: 1, signedId: 'another' });
  });

  test('has the same id if its body is changed to another of the same CRC-32', () => {
    // Four bytes after any text make any CRC-32 of it: https://www.nayuki.io/page/forcing-a-files-crc-to-any-value.
    const [one, other] = ['plumless', 'buckeroo'];
    expect(crc32(one)).toBe(crc32(other));
    const sent = signed({ body: one });

    expect(judge({ ...sent, body: other }, secretOf(CERTIFICATE))).toEqual(
      judge(sent, secretOf(CERTIFICATE)),
    );
  });

  test('by a certificate that is not stored is answered 503, names it, and wakes a person', () => {
    const failure = judge(signed(), secretOf('CERT-older'));

    expect(failure).toEqual({ code: 'secret-certificate-missing', certificate: CERTIFICATE });
    const answer = answerFailure({ code: 'secret-certificate-missing', certificate: CERTIFICATE });
    expect([answer.statusCode, answer.body]).toEqual([503, expect.stringContaining(CERTIFICATE)]);
    const line = formatReceived('r1', AT, {
      received: fail({ code: 'secret-certificate-missing', certificate: CERTIFICATE }),
    });
    expect(JSON.stringify(line)).toContain('"Misconfigurations":1');
  });

  test.each([
    ['paypal-cert-url', `https://api.paypal.com.evil.example/v1/notifications/certs/${CERTIFICATE}`],
    ['paypal-cert-url', `http://api.paypal.com/v1/notifications/certs/${CERTIFICATE}`],
    ['paypal-cert-url', `https://evil.example/?https://api.paypal.com/v1/notifications/certs/${CERTIFICATE}`],
    ['paypal-cert-url', `https://api.paypal.com/v1/notifications/certs/../${CERTIFICATE}`],
    ['paypal-auth-algo', 'SHA1withRSA'],
    ['paypal-transmission-id', 'a|b'],
    ['paypal-transmission-time', '2026-11-24'],
    ['paypal-transmission-sig', 'no base64!'],
  ])('with %s: %s is refused as what no PayPal sends', (name, value) => {
    expect(judge(withHeader(signed(), name, value), secretOf(CERTIFICATE))).toMatchObject({
      code: 'malformed-header',
      header: name,
    });
  });

  test('is refused once a week has passed, and for another webhook', () => {
    expect(judge(signed({ time: '2026-11-17T09:29:59Z' }), secretOf(CERTIFICATE))).toMatchObject({
      code: 'timestamp-too-old',
    });
    expect(judge(signed(), secretOf(CERTIFICATE, { webhookId: 'WEBHOOKID' }))).toEqual({
      code: 'no-matching-secret',
      secretsTried: 1,
    });
  });

  test('is refused once a single byte of its body has changed', () => {
    const sent = signed();
    fc.assert(
      fc.property(fc.nat({ max: BODY.length - 1 }), fc.integer({ min: 1, max: 127 }), (at, flip) => {
        const bytes = Buffer.from(BODY);
        bytes[at] = (bytes[at] ?? 0) ^ flip;

        expect(judge({ ...sent, body: bytes.toString('latin1') }, secretOf(CERTIFICATE))).toHaveProperty(
          'code',
        );
      }),
    );
  });
});

describe('the signing secret of PayPal', () => {
  const scheme = findProfile('paypal')?.signature;
  const check = (value: string) => (scheme === undefined ? 'no profile' : checkSigningSecret(scheme, value));

  test('is the id of the webhook, the name of the certificate, and the certificate, as the file has it', () => {
    expect(check(secretOf(CERTIFICATE))).toBeUndefined();
    expect(
      check(secretOf(CERTIFICATE, { pem: `${PAYPAL_CERTIFICATE}\n${OTHER_CERTIFICATE}` })),
    ).toBeUndefined();
  });

  test.each([
    ['the certificate alone', PAYPAL_CERTIFICATE],
    ['another host’s certificate', secretOf(CERTIFICATE, { pem: OTHER_CERTIFICATE })],
    ['half a certificate', secretOf(CERTIFICATE).slice(0, -200)],
    ['the id alone', WEBHOOK_ID],
  ])('is not %s', (_, value) => {
    expect(check(value)).toMatch(/^it cannot be read as the lines "webhook-id: …"/);
  });
});
