import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { byName, senderUrl, verifyWebhook } from '../../../lambdas/ingest/receive.ts';
import type { WebhookRequest } from '../../../lambdas/ingest/request.ts';
import { signatureSchemeSchema } from '../../../lambdas/ingest/signature/scheme.ts';
import { withoutQuery } from '../../../lambdas/ingest/signature/signed-content.ts';
import type { Source } from '../../../lambdas/ingest/source.ts';
import { fail, succeed } from '../../../lambdas/result.ts';

const AT = new Date('2026-11-24T09:30:00Z');

function sourceWith(options: object): Source {
  const signature = signatureSchemeSchema.parse({
    encoding: 'hex',
    signature: { header: 'x-sig' },
    ...options,
  });
  const profile = { signature, eventType: [{ body: '/type' }], deduplicationId: [], handshakes: [] };
  return { source: 'acme', secret: 'webhooks/acme', profile, eventTypes: [], mappedHeaders: [] };
}

function request(signature: string, query = ''): WebhookRequest {
  const headers = new Map([['x-sig', signature]]);
  return { requestId: 'r1', source: 'acme', method: 'POST', query, headers, rawBody: Buffer.from('{}') };
}

function sign(secret: string | Buffer, content = '{}'): string {
  return createHmac('sha256', secret).update(content).digest('hex');
}

async function verify(
  { first = ['s1'], second }: { first?: readonly string[]; second?: readonly string[] | 'fails' },
  sent: WebhookRequest,
  options: object = {},
) {
  const reads: string[] = [];
  const verified = await verifyWebhook(sourceWith(options), sent, AT, {
    publicUrl: 'https://hooks.example.com',
    signingSecrets: {
      read: async (name) => {
        reads.push(`read ${name}`);
        return succeed({ signingSecrets: [...first] });
      },
      reread: async (name) => {
        reads.push(`reread ${name}`);
        if (second === 'fails') return fail({ code: 'secret-unreadable', secret: name, cause: 'x' });
        return second === undefined ? undefined : succeed({ signingSecrets: [...second] });
      },
    },
  });
  return { reads, outcome: verified.ok ? verified.value : verified.failure.code };
}

const ONCE = ['read webhooks/acme'];
const TWICE = ['read webhooks/acme', 'reread webhooks/acme'];

describe('a webhook that is verified', () => {
  test('comes with its time and its secret, and no other secret is read', async () => {
    expect(await verify({ first: ['s0', 's1'] }, request(sign('s1')))).toEqual({
      reads: ONCE,
      outcome: { secretIndex: 1, secret: 's1', secretsKept: 2, receivedAt: AT },
    });
  });

  test.each([
    ['no-matching-secret', ['s0'], {}],
    ['secret-whitespace', ['s0 '], {}],
    ['wrong-secret-kind', ['7330'], {}],
    ['secret-undecodable', ['no hex'], { secretEncoding: 'hex' }],
  ])(
    'is tried again with the current secrets, where the first try gives %s',
    async (code, first, options) => {
      const isHex = 'secretEncoding' in options;
      const sent = request(sign(isHex ? Buffer.from('ff', 'hex') : 's1'));
      const forged = code === 'no-matching-secret' || isHex ? sent : request(sign('s0'));
      const second = isHex ? ['ff'] : ['s1'];

      expect(await verify({ first }, forged, options)).toEqual({ reads: TWICE, outcome: code });
      expect(await verify({ first, second: 'fails' }, forged, options)).toEqual({
        reads: TWICE,
        outcome: code,
      });
      expect(await verify({ first: isHex ? first : ['x'], second }, sent, options)).toMatchObject({
        reads: TWICE,
        outcome: { secretIndex: 0, secret: second[0] },
      });
    },
  );

  test('is not tried again where no other secret could help', async () => {
    expect(await verify({}, request('00'))).toEqual({ reads: ONCE, outcome: 'wrong-signature-length' });
    expect(await verify({}, request(''))).toEqual({ reads: [], outcome: 'missing-header' });
    expect(await verify({}, request(sign('s1', '{}\n')))).toEqual({
      reads: ONCE,
      outcome: 'body-re-encoded',
    });
  });

  test('may be signed over the URL as the sender called it', async () => {
    const options = { content: '{url}{body}' };
    const url = 'https://hooks.example.com/webhooks/acme?a=1';

    expect(await verify({}, request(sign('s1', `${url}{}`), 'a=1'), options)).toMatchObject({
      outcome: { secret: 's1' },
    });
  });
});

describe('a source that was renamed', () => {
  const store: Source = {
    ...sourceWith({ content: '{url}{body}' }),
    source: 'store',
    formerly: ['acme', 'shop'],
  };

  test('is found by each of its names', () => {
    expect([...byName([store])]).toEqual([
      ['store', store],
      ['acme', store],
      ['shop', store],
    ]);
  });

  test.each(['acme', 'store'])(
    'verifies a webhook that was signed over its URL /webhooks/%s',
    async (name) => {
      const signature = sign('s1', `https://hooks.example.com/webhooks/${name}{}`);
      const verified = await verifyWebhook(store, { ...request(signature), source: name }, AT, {
        publicUrl: 'https://hooks.example.com',
        signingSecrets: {
          read: async () => succeed({ signingSecrets: ['s1'] }),
          reread: async () => undefined,
        },
      });

      expect(verified.ok).toBe(true);
    },
  );
});

describe("the sender's URL", () => {
  test.each([
    [{}, '', 'https://h/webhooks/acme'],
    [{}, 'a=1', 'https://h/webhooks/acme?a=1'],
    [{ publicUrl: 'https://proxy/p' }, '', 'https://proxy/p'],
    [{ publicUrl: 'https://proxy/p?old=1' }, '', 'https://proxy/p'],
    [{ publicUrl: 'https://proxy/p?old=1?' }, 'a=1', 'https://proxy/p?a=1'],
    [{ kind: 'sharedSecret', sharedSecret: { in: 'basic' } }, 'a=1', 'https://h/webhooks/acme?a=1'],
  ])('with %j and the query %j is %s', (options, query, url) => {
    const scheme =
      'kind' in options ? signatureSchemeSchema.parse(options) : sourceWith(options).profile.signature;
    const source = sourceWith({});

    expect(
      senderUrl({ ...source, profile: { ...source.profile, signature: scheme } }, 'https://h', query),
    ).toBe(url);
  });

  test.each([
    ['https://h/p', 'https://h/p'],
    ['https://h/p?', 'https://h/p'],
    ['https://h/p?a?b\n?c', 'https://h/p'],
    ['?', ''],
  ])('%j without its query is %j', (url, bare) => {
    expect(withoutQuery(url)).toBe(bare);
  });
});
