import { describe, expect, test } from '@jest/globals';
import { type Check, type CheckDependencies, checkWebexCampaign, type Reached } from '../../answers/check.ts';
import type { EventRequest } from '../../lambdas/deliver/event-api/caller.ts';
import type { Attempt } from '../../lambdas/deliver/event-api/verdict.ts';
import { fail, succeed } from '../../lambdas/result.ts';

const URL = 'https://tenant.webexcampaign.example/events';
const NOW = new Date('2026-11-24T12:00:00Z');
const KEYS = { primary: 'key-1' };
const TRUSTED = succeed({ version: 'TLSv1.3', validUntil: new Date('2027-01-31T00:00:00Z') });
const REACHED: Reached = { addresses: ['192.0.2.1', '192.0.2.2'], milliseconds: 23.4, tls: TRUSTED };

function answered(status: number, body: string): Attempt {
  return { kind: 'answered', status, retryAfter: undefined, body };
}

/** What is found where everything is well but for this, and what was called. */
async function check(
  changes: Partial<CheckDependencies> & { readonly answer?: (key: string) => Attempt } = {},
  { keys }: { readonly keys: Parameters<typeof checkWebexCampaign>[1] } = { keys: KEYS },
) {
  const { answer = () => answered(200, '{"code":1002}'), ...others } = changes;
  const requests: EventRequest[] = [];
  const checks = await checkWebexCampaign(URL, keys, {
    connect: async () => succeed(REACHED),
    call: async (request) => {
      requests.push(request);
      return answer(request.headers.authorization ?? '');
    },
    now: () => NOW,
    ...others,
  });
  return { checks, requests };
}

const named = (checks: readonly Check[]) => checks.map((one) => `${one.check}: ${one.state}, ${one.code}`);
const WELL = ['address: ok, reached', 'tls: ok, trusted'];

describe('a check', () => {
  test('of what is well says so in a line each, and has nothing to do', async () => {
    const { checks } = await check();

    expect(checks.map(({ message, next }) => [message, next])).toEqual([
      ['tenant.webexcampaign.example is 192.0.2.1 and 1 more, and took a connection after 23 ms.', undefined],
      ['TLSv1.3; the certificate is valid until 2027-01-31, for 67 days.', undefined],
      ['The primary key was not refused. An event proves it: fields may be checked before keys.', undefined],
      [
        'Webex Campaign has refused the call for its missing fields, as it has to: HTTP 200, code 1002.',
        undefined,
      ],
    ]);
    expect(named(checks)).toEqual([...WELL, 'key: ok, key-not-refused', 'answer: ok, understood']);
  });

  test('calls once with each key, without event id and event key', async () => {
    const { requests } = await check({}, { keys: { primary: 'key-1', secondary: 'key-2' } });

    expect(requests.map(({ method, body, headers }) => [method, body, headers.authorization])).toEqual([
      ['POST', '{}', 'Bearer key-1'],
      ['POST', '{}', 'Bearer key-2'],
    ]);
  });

  test.each([
    ['host-unknown', 'ENOTFOUND', 'tenant.webexcampaign.example has no address (ENOTFOUND).', /event-url/],
    ['unreachable', 'ECONNREFUSED', 'tenant.webexcampaign.example cannot be reached (ECONNREFUSED).', /down/],
  ] as const)('ends at the address with %s, and sends no key', async (code, cause, message, next) => {
    const { checks, requests } = await check({ connect: async () => fail({ code, cause }) });

    expect(checks[0]).toEqual({
      ...{ check: 'address', state: 'failed', code, message },
      next: expect.stringMatching(next),
    });
    expect(named(checks.slice(1))).toEqual(
      ['tls', 'key', 'answer'].map((one) => `${one}: not-checked, not-checked`),
    );
    expect(requests).toEqual([]);
  });

  test.each([
    ['certificate-untrusted', 'CERT_HAS_EXPIRED', 'The certificate is not trusted (CERT_HAS_EXPIRED).'],
    ['tls-failed', 'EPROTO', 'No TLS connection (EPROTO).'],
  ] as const)('ends at TLS with %s, and sends no key', async (code, cause, message) => {
    const tls = fail({ code, cause });
    const { checks, requests } = await check({ connect: async () => succeed({ ...REACHED, tls }) });

    expect(checks[1]).toMatchObject({ check: 'tls', state: 'failed', code, message });
    expect(checks[1]?.next).toContain('event-url');
    expect(requests).toEqual([]);
  });

  test.each([
    ['2026-12-08T11:59:59Z', 'warning, certificate-ends-soon'],
    ['2026-12-08T12:00:00Z', 'ok, trusted'],
  ])('of a certificate that ends at %s: %s', async (end, found) => {
    const tls = succeed({ version: 'TLSv1.2', validUntil: new Date(end) });
    const { checks } = await check({ connect: async () => succeed({ ...REACHED, tls }) });

    expect(named(checks)[1]).toBe(`tls: ${found}`);
  });

  test('of an address on this machine wants no TLS', async () => {
    const { tls: _, ...plain } = REACHED;
    const { checks } = await check({ connect: async () => succeed(plain) });

    expect(named(checks)[1]).toBe('tls: ok, no-tls');
  });

  test.each([
    [undefined, 'key-not-set', 'secrets set webex-campaign'],
    ['/primary: is empty', 'key-unusable', '--replace'],
  ])('with the keys %j calls nothing, and says how to set them', async (keys, code, next) => {
    const { checks, requests } = await check({}, { keys });

    expect(checks[2]).toMatchObject({ check: 'key', state: 'failed', code });
    expect(checks[2]?.next).toContain(next);
    expect(named(checks.slice(3))).toEqual(['answer: not-checked, not-checked']);
    expect(requests).toEqual([]);
  });

  test.each([
    [401, 430],
    [401, 498],
    [200, 498],
  ])('with a key that is refused by HTTP %d, code %d', async (status, code) => {
    const { checks } = await check({ answer: () => answered(status, JSON.stringify({ code })) });

    expect(checks[2]).toMatchObject({
      ...{ state: 'failed', code: 'key-refused' },
      message: `The primary key was refused: HTTP ${status}, code ${code}.`,
    });
    expect(checks[2]?.next).toContain('API Users');
    expect(named(checks)[3]).toBe('answer: ok, understood');
  });

  test('says of each key whether it was refused, and shows the answer to the other', async () => {
    const { checks } = await check(
      {
        answer: (key) =>
          key.endsWith('1') ? answered(401, '{"code":498}') : answered(500, '{"code":"1001"}'),
      },
      { keys: { primary: 'key-1', secondary: 'key-2' } },
    );

    expect(named(checks).slice(2)).toEqual([
      'key: failed, key-refused',
      'key: ok, key-not-refused',
      'answer: ok, understood',
    ]);
    expect(checks.at(-1)?.message).toContain('HTTP 500, code 1001');
  });

  test.each([
    [answered(429, ''), 'warning, throttled', 'HTTP 429', 'events-per-second'],
    [answered(503, ''), 'failed, outage', 'HTTP 503', 'status page'],
    [answered(200, '{"code":500}'), 'failed, outage', 'HTTP 200, code 500', 'probe: event'],
    [{ kind: 'no-answer', cause: 'timeout' }, 'failed, outage', 'no answer (timeout)', 'status page'],
    [answered(403, '<html>'), 'failed, not-understood', 'HTTP 403', 'probe: event'],
    [answered(404, '{"code":404}'), 'failed, not-understood', 'HTTP 404, code 404', 'event-url'],
    [answered(200, '{"transaction-id":"e"}'), 'failed, not-understood', 'HTTP 200', 'event-url'],
  ] as const)('of the answer %j: %s', async (attempt, found, message, next) => {
    const { checks } = await check({ answer: () => attempt });

    expect(named(checks).slice(2)).toEqual(['key: not-checked, not-checked', `answer: ${found}`]);
    expect(checks[3]?.message).toContain(message);
    expect(checks[3]?.next).toContain(next);
  });
});
