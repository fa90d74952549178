import { describe, expect, test } from '@jest/globals';
import { signingSecretsSchema } from '../../../lambdas/ingest/receive.ts';
import { signatureSchemeSchema } from '../../../lambdas/ingest/signature/scheme.ts';
import {
  acknowledgementSchema,
  handshakeSchema,
  profileSchema,
  sourceSchema,
} from '../../../lambdas/ingest/source.ts';

type Schema = {
  safeParse: (value: unknown) => {
    readonly error?: { readonly issues: readonly { path: PropertyKey[]; message: string }[] } | undefined;
  };
};

function problemsOf(schema: Schema, value: unknown): readonly string[] {
  const { error } = schema.safeParse(value);
  return (error?.issues ?? []).map(({ path, message }) => `${path.map(String).join('.')}: ${message}`);
}

const signature = { header: 'X-Sig' };
const hmac = { encoding: 'hex', signature };
const timestamp = { header: 'X-Time', format: 'unix' };

describe('the options of a signature', () => {
  test('are an HMAC with SHA-256 over the body where nothing else is said', () => {
    expect(signatureSchemeSchema.parse(hmac)).toEqual({
      kind: 'hmac',
      algorithm: 'sha256',
      secretEncoding: 'utf8',
      encoding: 'hex',
      signature: { header: 'x-sig' },
      content: '{body}',
    });
  });

  test.each([
    [
      { ...hmac, kind: 'ecdsa' },
      { algorithm: 'sha256', secretEncoding: 'spki-base64' },
    ],
    [
      { ...hmac, kind: 'rsa' },
      { algorithm: 'sha256', secretEncoding: 'spki-base64' },
    ],
    [{ ...hmac, kind: 'ed25519' }, { secretEncoding: 'base64' }],
    [{ ...hmac, kind: 'hash', content: '{secret}{body}' }, { algorithm: 'sha256' }],
    [{ ...hmac, timestamp, content: '{timestamp}{body}' }, { timestamp: { header: 'x-time' } }],
    [{ ...hmac, publicUrl: 'http://h/p', content: '{method}{url}{body}' }, { publicUrl: 'http://h/p' }],
    [{ ...hmac, content: '{header:X-One}{body}' }, { content: '{header:X-One}{body}' }],
    [{ ...hmac, id: signature, content: '{id}{body}' }, { id: { header: 'x-sig' } }],
    [{ ...hmac, signature: { ...signature, split: ',', pick: 'v1=(.+)' } }, { signature: { split: ',' } }],
    [{ ...hmac, secretPrefix: 'whsec_', secretEncoding: 'base64' }, { secretPrefix: 'whsec_' }],
    [
      { kind: 'sharedSecret', sharedSecret: { in: 'header', name: 'X-A' } },
      { sharedSecret: { name: 'x-a' } },
    ],
    [{ kind: 'sharedSecret', sharedSecret: { in: 'query', name: 'aB' } }, { sharedSecret: { name: 'aB' } }],
    [{ kind: 'sharedSecret', sharedSecret: { in: 'basic' } }, { sharedSecret: { in: 'basic' } }],
    [{ kind: 'custom', plugIn: 'twilio', publicUrl: 'https://h/p' }, { plugIn: 'twilio' }],
    ...['sha1', 'sha256', 'sha512'].map((algorithm) => [{ ...hmac, algorithm }, { algorithm }] as const),
    ...['utf8', 'base64', 'hex'].map(
      (secretEncoding) => [{ ...hmac, secretEncoding }, { secretEncoding }] as const,
    ),
    ...['pem', 'spki-base64'].map(
      (secretEncoding) => [{ ...hmac, kind: 'rsa', secretEncoding }, { secretEncoding }] as const,
    ),
    ...['pem', 'spki-base64', 'base64', 'hex'].map(
      (secretEncoding) => [{ ...hmac, kind: 'ed25519', secretEncoding }, { secretEncoding }] as const,
    ),
    ...['unix', 'unix-ms', 'iso8601', 'http-date'].map(
      (format) =>
        [
          { ...hmac, timestamp: { ...timestamp, format, toleranceSeconds: 0 }, content: '{timestamp}{body}' },
          { timestamp: { format, toleranceSeconds: 0 } },
        ] as const,
    ),
    ...['twilio', 'mandrill', 'adyen-standard', 'mailgun'].map(
      (plugIn) => [{ kind: 'custom', plugIn }, { plugIn }] as const,
    ),
  ])('may be %j', (options, read) => {
    expect(signatureSchemeSchema.parse(options)).toMatchObject(read);
  });

  const pick = 'expected a regular expression with a group, as "^v1=(.+)$": the group is the value';
  const url = 'expected the whole URL that the sender calls: https://host/path';
  test.each([
    [{ content: 'x' }, ['content: expected {body} in it: what is not signed can be forged.']],
    [{ content: '{timestamp}{body}' }, ['timestamp: is missing: content has {timestamp}.']],
    [{ timestamp }, ['timestamp: is not signed: add {timestamp} to content.']],
    [{ content: '{id}{body}' }, ['id: is missing: content has {id}.']],
    [{ id: signature }, ['id: is not signed: add {id} to content.']],
    [
      { content: '{secret}{body}' },
      ['content: expected {secret} in it for kind hash, and for no other kind.'],
    ],
    [{ kind: 'hash' }, ['content: expected {secret} in it for kind hash, and for no other kind.']],
    [
      { content: '{body}{when}' },
      [
        'content: "{when}" is not known. Tokens are: {body}, {body-sha256}, {timestamp}, {id}, {method}, {url}, ' +
          '{decoded-url}, {path}, {secret}, {header:NAME}, {query:NAME}, {body:/pointer}.',
      ],
    ],
    [{ signature: { header: 'a', pick: '^v1' } }, [`signature.pick: ${pick}`]],
    [{ signature: { header: 'a', pick: '^v1(' } }, [`signature.pick: ${pick}`]],
    [{ signature: { header: 'a', pick: '(?:a)' } }, [`signature.pick: ${pick}`]],
    [{ signature: { header: 'a b' } }, ['signature.header: expected the name of a header']],
    [{ signature: { header: '' } }, ['signature.header: expected the name of a header']],
    [{ signature: { header: 'a:' } }, ['signature.header: expected the name of a header']],
    [{ publicUrl: 'h/p' }, [`publicUrl: ${url}`]],
    [{ publicUrl: 'ftp://h/p' }, [`publicUrl: ${url}`]],
    [{ publicUrl: 'xhttps://h/p' }, [`publicUrl: ${url}`]],
    [{ publicUrl: 'httpsx://h/p' }, [`publicUrl: ${url}`]],
  ])('may not be %j', (options, problems) => {
    expect(problemsOf(signatureSchemeSchema, { ...hmac, ...options })).toEqual(problems);
  });

  test.each([
    [{ ...hmac, signature: { header: 'a', split: '' } }, 'signature.split'],
    [{ ...hmac, secretPrefix: '' }, 'secretPrefix'],
    [{ ...hmac, encoding: 'base32' }, 'encoding'],
    [{ ...hmac, algorithm: 'md5' }, 'algorithm'],
    [{ ...hmac, secretEncoding: 'pem' }, 'secretEncoding'],
    [{ ...hmac, kind: 'rsa', secretEncoding: 'utf8' }, 'secretEncoding'],
    [{ ...hmac, kind: 'ed25519', secretEncoding: 'utf8' }, 'secretEncoding'],
    [{ ...hmac, kind: 'md5' }, 'kind'],
    [{ ...hmac, more: 1 }, ''],
    [{ ...hmac, signature: { ...signature, more: 1 } }, 'signature'],
    [
      { ...hmac, content: '{timestamp}{body}', timestamp: { ...timestamp, toleranceSeconds: -1 } },
      'timestamp.toleranceSeconds',
    ],
    [{ ...hmac, content: '{timestamp}{body}', timestamp: { ...timestamp, more: 1 } }, 'timestamp'],
    [{ ...hmac, content: '{timestamp}{body}', timestamp: { ...timestamp, format: 'x' } }, 'timestamp.format'],
    [{ kind: 'sharedSecret', sharedSecret: { in: 'query', name: '' } }, 'sharedSecret.name'],
    [{ kind: 'sharedSecret', sharedSecret: { in: 'basic' }, more: 1 }, ''],
    [{ kind: 'sharedSecret', sharedSecret: { in: 'basic', name: 'x' } }, 'sharedSecret'],
    [{ kind: 'sharedSecret', sharedSecret: { in: 'header', name: 'x', more: 1 } }, 'sharedSecret'],
    [{ kind: 'sharedSecret', sharedSecret: { in: 'query', name: 'x', more: 1 } }, 'sharedSecret'],
    [{ kind: 'sharedSecret', sharedSecret: { in: 'cookie', name: 'x' } }, 'sharedSecret.in'],
    [{ kind: 'sharedSecret', sharedSecret: { in: 'body', pointer: 'x' } }, 'sharedSecret.pointer'],
    [{ kind: 'custom', plugIn: 'braintree' }, 'plugIn'],
    [{ kind: 'custom', plugIn: 'twilio', more: 1 }, ''],
    [{ ...hmac, kind: 'hash', content: '{secret}{body}', more: 1 }, ''],
    [{ ...hmac, kind: 'rsa', more: 1 }, ''],
    [{ ...hmac, kind: 'ecdsa', more: 1 }, ''],
    [{ ...hmac, kind: 'ed25519', more: 1 }, ''],
    [5, ''],
    [null, ''],
    ['hmac', ''],
  ])('may not be %j, because of %j', (options, path) => {
    expect(problemsOf(signatureSchemeSchema, options).map((problem) => problem.split(':')[0])).toEqual([
      path,
    ]);
  });
});

describe('a handshake', () => {
  const handshake = {
    match: { method: 'GET' },
    authenticate: 'none',
    respond: { status: 200, contentType: 'text/plain', body: '' },
  };

  test.each([
    {},
    { match: { method: 'HEAD', query: { a: '' } } },
    { match: { method: 'POST', headers: { A: '*' }, body: { '/a': 'b' } } },
    { authenticate: 'signature' },
    { authenticate: { token: 't' } },
    { respond: { status: 299, contentType: 'application/json; charset=utf-8', body: 'x' } },
    { match: { method: 'OPTIONS', headers: { 'WebHook-Request-Origin': '*' } }, respond: { status: 204 } },
    { respond: { status: 200, headers: { 'X-Hook-Secret': '{header:X-Hook-Secret}' } } },
    { show: { body: '/verification_token' } },
    { show: { header: 'X-Hook-Secret' } },
    { respond: { status: 200, contentType: 'application/json', body: '{"a":{"b":"{body:/c}"},"d":[1,{}]}' } },
    { respond: { status: 204, contentType: 'application/vnd.a+json;charset=utf-8', body: '' } },
  ])('may have %j', (changes) => {
    expect(problemsOf(handshakeSchema, { ...handshake, ...changes })).toEqual([]);
  });

  const authenticate = 'authenticate: expected none, signature or {token: QUERY_PARAMETER}';
  const contentType = 'respond.contentType: expected a media type: text/plain';
  const answer = (changes: object) => ({ respond: { ...handshake.respond, ...changes } });
  test.each([
    [{ authenticate: 'no' }, [authenticate]],
    [{ authenticate: {} }, [expect.stringMatching(/^authenticate/)]],
    [{ authenticate: { token: '' } }, [expect.stringMatching(/^authenticate/)]],
    [{ authenticate: { token: 'a', more: 1 } }, [expect.stringMatching(/^authenticate/)]],
    [{ match: { method: 'PUT' } }, [expect.stringMatching(/^match\.method/)]],
    [{ match: { method: 'GET', more: 1 } }, [expect.stringMatching(/^match/)]],
    [{ match: { method: 'GET', query: { '': 'a' } } }, [expect.stringMatching(/^match\.query/)]],
    [{ match: { method: 'GET', headers: { 'a b': 'a' } } }, [expect.stringMatching(/^match\.headers/)]],
    [
      answer({ body: '{querry:challenge}' }),
      [expect.stringMatching(/^respond\.body: "\{querry:challenge\}" is not known/)],
    ],
    [
      answer({ body: '{challenge}' }),
      [expect.stringMatching(/^respond\.body: "\{challenge\}" is not known/)],
    ],
    [
      answer({ body: '{body:challenge}' }),
      [expect.stringMatching(/^respond\.body: "\{body:challenge\}" is not/)],
    ],
    [answer({ body: '{query:}' }), [expect.stringMatching(/^respond\.body: "\{query:\}" is not known/)]],
    [answer({ body: '{hmacHex:challenge}' }), [expect.stringMatching(/^respond\.body: .* is not known/)]],
    [
      answer({ headers: { 'x-a': '{heder:x-b}' } }),
      [expect.stringMatching(/^respond\.headers\.x-a: .* is not known/)],
    ],
    [answer({ headers: { 'Content-Type': 'text/html' } }), [expect.stringMatching(/^respond\.headers/)]],
    [
      answer({ contentType: undefined, body: 'x' }),
      [expect.stringMatching(/^respond\.contentType: is missing/)],
    ],
    [{ match: { method: 'POST', body: { type: 'ping' } } }, [expect.stringMatching(/^match\.body/)]],
    [{ show: { body: 'token' } }, [expect.stringMatching(/^show/)]],
    [answer({ status: 199 }), [expect.stringMatching(/^respond\.status/)]],
    [answer({ status: 300 }), [expect.stringMatching(/^respond\.status/)]],
    [answer({ status: 200.5 }), [expect.stringMatching(/^respond\.status/)]],
    [answer({ more: 1 }), [expect.stringMatching(/^respond/)]],
    [answer({ contentType: 'text' }), [contentType]],
    [answer({ contentType: 'text/' }), [contentType]],
    [answer({ contentType: '/plain' }), [contentType]],
    [answer({ contentType: ' text/plain' }), [contentType]],
    [answer({ contentType: 'text/plain\r\nx: y' }), [contentType]],
    [answer({ contentType: 'text/plain;  charset=utf-8' }), [contentType]],
    [answer({ contentType: 'text/plain; charset=' }), [contentType]],
    [answer({ contentType: 'text/plain; charset=a b' }), [contentType]],
    [{ more: 1 }, [expect.stringMatching(/^: /)]],
  ])('may not have %j', (changes, problems) => {
    expect(problemsOf(handshakeSchema, { ...handshake, ...changes })).toEqual(problems);
  });

  test('has nothing but type and body in an acknowledgement', () => {
    expect(problemsOf(acknowledgementSchema, { contentType: 'a/b', body: 'ok' })).toEqual([]);
    expect(problemsOf(acknowledgementSchema, { contentType: 'a/b', body: 'ok', status: 200 })).toHaveLength(
      1,
    );
  });
});

describe('an acknowledgement', () => {
  test('has no tokens: nothing would be filled in', () => {
    const acknowledge = { contentType: 'text/plain', body: '{query:challenge}' };

    expect(problemsOf(acknowledgementSchema, acknowledge)).toEqual([
      'body: "{query:challenge}" is sent as it stands: only a handshake\'s answer is filled in.',
    ]);
    expect(
      problemsOf(acknowledgementSchema, { contentType: 'application/json', body: '{"ok":true}' }),
    ).toEqual([]);
  });
});

describe('an HMAC in the answer to a stranger', () => {
  const handshake = {
    match: { method: 'GET', query: { crc_token: '*' } },
    authenticate: 'none',
    respond: { status: 200, contentType: 'text/plain', body: '{hmacHex:query:crc_token}' },
  };
  const profile = { signature: hmac, eventType: [{ body: '/type' }], handshakes: [handshake] };

  test.each([
    [{}, 0],
    [{ eventType: [{ header: 'x-type' }] }, 1],
    [{ eventType: [{ constant: 'a' }] }, 1],
    [{ signature: { ...hmac, content: '{body-sha256}' } }, 1],
    [{ signature: { kind: 'custom', plugIn: 'mailgun' } }, 1],
    [{ handshakes: [{ ...handshake, authenticate: 'signature' }], eventType: [{ constant: 'a' }] }, 0],
  ])('with %j is refused %d times: it could sign a webhook', (changes, problems) => {
    expect(problemsOf(profileSchema, { ...profile, ...changes })).toHaveLength(problems);
  });
});

describe('a source', () => {
  const profile = { signature: hmac, eventType: [{ body: '/type' }] };
  const source = { source: 'acme', secret: 'webhooks/acme', profile, eventTypes: ['a'], mappedHeaders: [] };

  test('has no id of its own, no handshakes and no acknowledgement where nothing is said', () => {
    expect(profileSchema.parse(profile)).toMatchObject({ deduplicationId: [], handshakes: [] });
    expect(problemsOf(sourceSchema, source)).toEqual([]);
  });

  const name = 'source: expected lower-case words joined by "-"';
  const secret = 'secret: expected a Secrets Manager name (letters, digits and /_+=.@-)';
  test.each([
    [{ source: 'a-1' }, []],
    [{ source: 'a1-b2-c3' }, []],
    [{ source: '' }, [name]],
    [{ source: 'A' }, [name]],
    [{ source: '-a' }, [name]],
    [{ source: 'a-' }, [name]],
    [{ source: 'a--b' }, [name]],
    [{ source: 'a/b' }, [name]],
    [{ source: ' a' }, [name]],
    [{ source: 'a ' }, [name]],
    [{ secret: 'a'.repeat(512) }, []],
    [{ secret: 'aZ09/_+=.@-' }, []],
    [{ secret: '' }, [secret]],
    [{ secret: 'a'.repeat(513) }, [secret]],
    [{ secret: 'a b' }, [secret]],
    [{ secret: ' a' }, [secret]],
    [{ secret: 'a\n' }, [secret]],
  ])('with %j has the problems %j', (changes, problems) => {
    expect(problemsOf(sourceSchema, { ...source, ...changes })).toEqual(problems);
  });

  test.each([
    [{ eventTypes: [''] }, 'eventTypes.0'],
    [{ more: 1 }, ''],
    [{ profile: { ...profile, eventType: [] } }, 'profile.eventType'],
    [{ profile: { ...profile, more: 1 } }, 'profile'],
    [{ profile: { ...profile, deduplicationId: [5] } }, 'profile.deduplicationId.0'],
    [{ profile: { ...profile, handshakes: [5] } }, 'profile.handshakes.0'],
    [{ profile: { ...profile, acknowledge: 5 } }, 'profile.acknowledge'],
  ])('may not have %j, because of %j', (changes, path) => {
    expect(
      problemsOf(sourceSchema, { ...source, ...changes }).map((problem) => problem.split(':')[0]),
    ).toEqual([path]);
  });
});

describe('the signing secrets of a source', () => {
  test.each([
    [{ signingSecrets: ['a'] }, 0],
    [{ signingSecrets: ['a', 'b'], verifyToken: 't' }, 0],
    [{ signingSecrets: [] }, 1],
    [{ signingSecrets: [''] }, 1],
    [{ signingSecrets: ['a', ''] }, 1],
    [{ signingSecrets: ['a'], verifyToken: '' }, 1],
    [{ signingSecrets: ['a'], more: 1 }, 1],
    [{}, 1],
  ])('as %j have %d problems', (secrets, problems) => {
    expect(problemsOf(signingSecretsSchema, secrets)).toHaveLength(problems);
  });
});
