import { createHash, createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeBytes } from '../../../../lambdas/ingest/signature/keys.ts';
import { signatureSchemeSchema } from '../../../../lambdas/ingest/signature/scheme.ts';
import { verifySignature } from '../../../../lambdas/ingest/signature/verify.ts';
import { signWebhook } from '../../../../signing/sign-webhook.ts';

// What options say since vendors asked for it: where a signature stands, what it covers, how it is written.

const NOW = new Date('2026-11-24T09:30:00Z');
const UNIX = '1795512600';
const SECRET = 'a secret';

type Sent = {
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly body?: string;
  readonly url?: string | undefined;
};

function verify(
  options: object,
  { headers = {}, query = '', body = '{"a":1}', ...rest }: Sent,
  secret = SECRET,
) {
  const url = 'url' in rest ? rest.url : `https://h.example/webhooks/acme${query && `?${query}`}`;
  const verified = verifySignature(signatureSchemeSchema.parse(options), {
    method: 'POST',
    url,
    query,
    headers: new Map(Object.entries(headers)),
    rawBody: Buffer.from(body),
    receivedAt: NOW,
    secrets: [secret],
  });
  return verified.ok ? 'valid' : verified.failure.code;
}

function idOf(options: object, { headers = {}, query = '', body = '{"a":1}' }: Sent) {
  const verified = verifySignature(signatureSchemeSchema.parse(options), {
    method: 'POST',
    query,
    headers: new Map(Object.entries(headers)),
    rawBody: Buffer.from(body),
    receivedAt: NOW,
    secrets: [SECRET],
  });
  return verified.ok ? verified.value.signedId : verified.failure.code;
}

function hmac(content: string, encoding: 'hex' | 'base64' | 'base64url' = 'hex'): string {
  return createHmac('sha256', SECRET).update(content).digest(encoding);
}

describe('a signature in base64url', () => {
  const options = { encoding: 'base64url', signature: { header: 'x' } };
  const body = '{"n":1}';

  test('verifies with its padding and without', () => {
    const signature = hmac(body, 'base64url');

    expect(verify(options, { headers: { x: signature }, body })).toBe('valid');
    expect(verify(options, { headers: { x: `${signature}=` }, body })).toBe('valid');
    expect(verify(options, { headers: { x: `${signature}==` }, body })).toBe('malformed-header');
    expect(verify(options, { headers: { x: hmac('{}', 'base64url') }, body })).toBe('no-matching-secret');
  });

  test('has one spelling but for the padding', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), (bytes) => {
        const text = Buffer.from(bytes).toString('base64url');
        expect(decodeBytes(text, 'base64url')).toEqual(Buffer.from(bytes));
        expect(decodeBytes(`${text}~`, 'base64url')).toBeUndefined();
        const classic = Buffer.from(bytes).toString('base64');
        if (/[+/]/.test(classic)) expect(decodeBytes(classic, 'base64url')).toBeUndefined();
      }),
    );
  });

  test('may be by a secret in base64url', () => {
    const secret = Buffer.from([251, 255, 1]);
    const signature = createHmac('sha256', secret).update(body).digest('base64url');
    const both = { ...options, secretEncoding: 'base64url' };

    expect(verify(both, { headers: { x: signature }, body }, secret.toString('base64url'))).toBe('valid');
    expect(verify(both, { headers: { x: signature }, body }, '+/')).toBe('secret-undecodable');
  });
});

describe('several signature headers', () => {
  const options = {
    encoding: 'base64',
    signature: { header: ['X-Docusign-Signature-1', 'x-docusign-signature-2'] },
  };
  const right = hmac('{"a":1}', 'base64');
  const wrong = hmac('{}', 'base64');

  test.each([
    [{ 'x-docusign-signature-1': right }, 'valid'],
    [{ 'x-docusign-signature-2': right }, 'valid'],
    [{ 'x-docusign-signature-1': wrong, 'x-docusign-signature-2': right }, 'valid'],
    [{ 'x-docusign-signature-1': '*', 'x-docusign-signature-2': right }, 'valid'],
    [{ 'x-docusign-signature-1': wrong, 'x-docusign-signature-2': wrong }, 'no-matching-secret'],
    [{ 'x-docusign-signature-3': right }, 'missing-header'],
  ])('%j: %s', (headers, code) => {
    expect(verify(options, { headers: headers as Record<string, string> })).toBe(code);
  });
});

describe('a signature in the query', () => {
  const options = {
    encoding: 'hex',
    signature: { query: 'sig', pick: '^v1=(.+)$' },
    timestamp: { query: 'ts', format: 'unix', toleranceSeconds: 300 },
    content: '{timestamp}.{path}.{query:shop}.{body}',
  };
  const signature = hmac(`${UNIX}./webhooks/acme.a.{"a":1}`);

  test.each([
    [`shop=a&ts=${UNIX}&sig=v1%3D${signature}`, 'valid'],
    [`shop=b&ts=${UNIX}&sig=v1%3D${signature}`, 'no-matching-secret'],
    [`shop=a&ts=1795512000&sig=v1%3D${signature}`, 'timestamp-too-old'],
    [`shop=a&ts=no&sig=v1%3D${signature}`, 'malformed-query-parameter'],
    [`shop=a&ts=${UNIX}&ts=${UNIX}&sig=v1%3D${signature}`, 'malformed-query-parameter'],
    [`shop=a&ts=${UNIX}`, 'missing-query-parameter'],
    [`ts=${UNIX}&sig=v1%3D${signature}`, 'missing-query-parameter'],
    [`shop=a&ts=${UNIX}&sig=v0%3D${signature}`, 'malformed-query-parameter'],
  ])('%s: %s', (query, code) => {
    expect(verify(options, { query })).toBe(code);
  });

  test('needs the URL that is configured for the path', () => {
    const query = `shop=a&ts=${UNIX}&sig=v1%3D${signature}`;

    expect(verify(options, { query, url: undefined })).toBe('public-url-missing');
  });
});

describe('a signature in the body', () => {
  const options = {
    encoding: 'hex',
    signature: { body: '/signature' },
    id: { body: '/id' },
    content: '{id}:{body:/order/total}',
    unboundBody: true,
  };
  const bodyOf = (changes: object) =>
    JSON.stringify({ id: 'o1', order: { total: 5 }, signature: hmac('o1:5'), note: 'x', ...changes });

  test.each([
    [{}, 'valid'],
    [{ note: 'changed' }, 'valid'],
    [{ id: 'o2' }, 'no-matching-secret'],
    [{ order: { total: 6 } }, 'no-matching-secret'],
    [{ order: {} }, 'missing-member'],
    [{ signature: '' }, 'missing-member'],
    [{ signature: { a: 1 } }, 'missing-member'],
    [{ signature: 'no hex' }, 'malformed-member'],
    // The id may not hold what separates it from the rest.
    [{ id: 'o1:5', order: { total: 5 }, signature: hmac('o1:5:5') }, 'ambiguous-content'],
  ])('with %j: %s', (changes, code) => {
    expect(verify(options, { body: bodyOf(changes) })).toBe(code);
  });

  test('makes what is signed the id, since all else can be changed', () => {
    const id = createHash('sha256').update('o1:5').digest('hex');

    expect(idOf(options, { body: bodyOf({}) })).toBe(id);
    expect(idOf(options, { body: bodyOf({ note: 'changed' }) })).toBe(id);
  });

  test('is read in bodies of up to 256 KB', () => {
    const body = bodyOf({ note: 'x'.repeat(256 * 1024) });

    expect(verify(options, { body })).toBe('unverified-body-too-large');
  });

  test('may stand in a form', () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const form = {
      encoding: 'hex',
      signature: { body: '/sig' },
      content: '{body:/payload}',
      unboundBody: true,
    };

    expect(verify(form, { headers, body: `sig=${hmac('a b')}&payload=a+b` })).toBe('valid');
  });
});

describe('the hash of the body in what is signed', () => {
  const options = {
    encoding: 'hex',
    signature: { header: 'x-sig' },
    id: { header: 'x-id' },
    content: '{method}:{id}{body-sha256}',
  };
  const body = '{"a":1}';
  const hash = createHash('sha256').update(body).digest('hex');

  test('binds the body', () => {
    const headers = { 'x-sig': hmac(`POST:i{1}${hash}`), 'x-id': 'i{1}' };

    expect(verify(options, { headers, body })).toBe('valid');
    expect(verify(options, { headers, body: '{"a":2}' })).toBe('no-matching-secret');
  });

  test('leaves one part beside it, or parts that can be told', () => {
    const between = { ...options, content: '{id}{body-sha256}{header:x-more}' };

    expect(signatureSchemeSchema.safeParse(between).error?.issues[0]?.message).toMatch(
      /beside \{header:x-more\}/,
    );
  });
});

describe('ECDSA in raw form', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  const body = '{"a":1}';
  const signed = (dsaEncoding: 'der' | 'ieee-p1363') =>
    sign('sha256', Buffer.from(body), { key: privateKey, dsaEncoding }).toString('base64');
  const options = { kind: 'ecdsa', encoding: 'base64', signature: { header: 'x' } };

  test.each([
    ['raw', 'ieee-p1363', 'valid'],
    ['raw', 'der', 'no-matching-secret'],
    ['der', 'der', 'valid'],
    ['der', 'ieee-p1363', 'no-matching-secret'],
  ] as const)('%s takes %s: %s', (signatureForm, dsaEncoding, code) => {
    expect(verify({ ...options, signatureForm }, { headers: { x: signed(dsaEncoding) }, body }, key)).toBe(
      code,
    );
  });
});

describe('a secret in the body', () => {
  const options = { kind: 'sharedSecret', sharedSecret: { in: 'body', pointer: '/value/*/clientState' } };
  const bodyOf = (...states: unknown[]) =>
    JSON.stringify({ value: states.map((clientState) => ({ clientState })) });

  test.each([
    [bodyOf(SECRET), 'valid'],
    [bodyOf(SECRET, SECRET), 'valid'],
    [bodyOf(SECRET, 'other'), 'no-matching-secret'],
    [bodyOf(SECRET, null), 'missing-member'],
    [bodyOf(), 'missing-member'],
    ['no JSON', 'missing-member'],
  ])('%s: %s', (body, code) => {
    expect(verify(options, { body })).toBe(code);
  });
});

describe('what no option may say', () => {
  const hmacOptions = { encoding: 'hex', signature: { header: 'x' } };
  const problems = (options: object) =>
    signatureSchemeSchema.safeParse(options).error?.issues.map(({ message }) => message) ?? [];

  test.each([
    [{ signature: {} }, /expected one of header, query and body/],
    [{ signature: { header: 'x', query: 'y' } }, /expected one of header, query and body/],
    [{ signature: { header: [] } }, /./],
    [{ signature: { body: 'x' } }, /expected a JSON pointer/],
    [{ signature: { body: '/x' } }, /cannot sign itself: name what is signed, \{body:/],
    [
      { signature: { query: 'x' }, content: '{url}.{body}' },
      /cannot sign itself: name what is signed, \{path\}/,
    ],
    [{ content: '{query:a}' }, /expected \{body\} in it/],
    [{ content: '{body}', unboundBody: true }, /leave one of the two out/],
    [{ content: '{querry:a}.{body}' }, /"\{querry:a\}" is not known/],
    [{ content: '{body:a}.{body}' }, /"\{body:a\}" is not known/],
    [{ content: '{query:a}{query:b}{body}' }, /expected some text beside \{query:a\}/],
  ])('%j', (changes, message) => {
    expect(problems({ ...hmacOptions, ...changes })[0]).toMatch(message);
  });
});

describe('what the verifier takes', () => {
  test.each([
    [{ encoding: 'base64url', signature: { header: 'x' } }],
    [{ encoding: 'hex', signature: { header: ['x', 'y'] } }],
    [{ encoding: 'hex', signature: { query: 'sig' }, id: { query: 'id' }, content: '{path}|{id}|{body}' }],
    [{ encoding: 'hex', signature: { query: 'sig', pick: '^v1=(.+)$' }, content: '{query:a}.{body}' }],
    [{ encoding: 'hex', signature: { body: '/sig' }, content: '{body:/a}', unboundBody: true }],
    [
      {
        encoding: 'hex',
        signature: { body: '/meta/sig' },
        timestamp: { body: '/meta/at', format: 'iso8601', toleranceSeconds: 9 },
        content: '{timestamp}{body:/a}',
        unboundBody: true,
      },
    ],
    [{ encoding: 'hex', signature: { header: 'x' }, content: '{url}{body-sha256}' }],
    [{ kind: 'sharedSecret', sharedSecret: { in: 'body', pointer: '/meta/token' } }],
    [
      {
        kind: 'jwt',
        algorithm: 'HS256',
        secretEncoding: 'utf8',
        token: { header: 'authorization', pick: '^Bearer (.+)$' },
        issuer: 'acme',
        audience: 'us',
        toleranceSeconds: 9,
        bodyHash: { claim: 'payload_hash', encoding: 'hex' },
      },
    ],
    [{ kind: 'jwt', algorithm: 'HS512', secretEncoding: 'utf8', token: { query: 'jwt' }, unboundBody: true }],
  ])('can be signed: %j', (options) => {
    const scheme = signatureSchemeSchema.parse(options);
    const url = 'https://h.example/webhooks/acme?a=1';
    const toSign = { secret: SECRET, url, rawBody: Buffer.from('{"a":1,"meta":{}}'), at: NOW, id: 'msg_1' };

    const signed = signWebhook(scheme, toSign);

    if (!signed.ok) throw new Error(signed.failure);
    const { query, rawBody, headers } = signed.value;
    const whole = query === '' ? url : `${url}&${query}`;
    const byName = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
    const request = {
      method: 'POST',
      url: whole,
      query: whole.split('?')[1] ?? '',
      headers: byName,
      rawBody,
    };
    expect(verifySignature(scheme, { ...request, receivedAt: NOW, secrets: [SECRET] })).toMatchObject({
      ok: true,
    });
    expect(verifySignature(scheme, { ...request, receivedAt: NOW, secrets: ['other'] })).toMatchObject({
      ok: false,
    });
  });
});
