import tls, { type TLSSocket } from 'node:tls';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createCertificate } from '../../../bench/stub/self-signed-certificate.ts';
import { createEventApi } from '../../../lambdas/adapters/webex-campaign.ts';
import { buildRequest, CALL_LIMITS } from '../../../lambdas/deliver/event-api/caller.ts';
import {
  type MisbehavingServer,
  onRequest,
  reset,
  startTcpServer,
  startTlsServer,
} from './misbehaving-server.ts';
import { trustCertificate } from './trusted-certificate.ts';

const REQUEST = buildRequest('{"event-key":"Zoë"}', 'key-1');
/** More than a connection takes at once while nobody reads at the other end. */
const LARGE = buildRequest('x'.repeat(8_000_000), 'key-1');
const LIMITS = { ...CALL_LIMITS, connect: 500, total: 1_000 };
const TRUSTED = trustCertificate();
const ACCEPTED = '{"transaction-id":"event_1"}';

const servers: MisbehavingServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map(({ stop }) => stop()));
});

async function started(starting: Promise<MisbehavingServer>): Promise<MisbehavingServer> {
  const server = await starting;
  servers.push(server);
  return server;
}

function tlsServer(onConnection: (socket: TLSSocket) => void, options = {}): Promise<MisbehavingServer> {
  return started(startTlsServer({ ...TRUSTED, ...options }, onConnection));
}

/** A server that reads each request and then does this. */
function answering(answer: (socket: TLSSocket, number: number) => void): Promise<MisbehavingServer> {
  return tlsServer((socket) => onRequest(socket, (number) => answer(socket, number)));
}

/** A server that writes these very bytes for each request. */
function writing(text: string): Promise<MisbehavingServer> {
  return answering((socket) => socket.write(text));
}

function http(status: string, body: string, ...headers: readonly string[]): string {
  const head = [`HTTP/1.1 ${status}`, `content-length: ${Buffer.byteLength(body)}`, ...headers].join('\r\n');
  return `${head}\r\n\r\n${body}`;
}

async function timed<Value>(work: Promise<Value>): Promise<[Value, number]> {
  const start = performance.now();
  return [await work, performance.now() - start];
}

describe('certainly not sent is a call', () => {
  test('whose host never begins TLS: it is given up long before the whole call is', async () => {
    const { url } = await started(startTcpServer((socket) => socket.resume()));

    const [attempt, milliseconds] = await timed(createEventApi(url, LIMITS)(REQUEST));
    expect(attempt).toEqual({ kind: 'not-sent', cause: 'connect-timeout' });
    expect(milliseconds).toBeLessThan(LIMITS.total);
  });

  test('to a host that offers TLS 1.1 alone, even where Node itself would take it', async () => {
    const weak = { ciphers: 'DEFAULT@SECLEVEL=0', minVersion: 'TLSv1', maxVersion: 'TLSv1.1' };
    const { url, connections } = await tlsServer(() => undefined, weak);
    const { DEFAULT_MIN_VERSION, DEFAULT_CIPHERS } = tls;
    Object.assign(tls, { DEFAULT_MIN_VERSION: 'TLSv1', DEFAULT_CIPHERS: 'DEFAULT@SECLEVEL=0' });
    try {
      expect(await createEventApi(url, LIMITS)(REQUEST)).toMatchObject({ kind: 'not-sent' });
      expect(connections()).toBe(0);
    } finally {
      Object.assign(tls, { DEFAULT_MIN_VERSION, DEFAULT_CIPHERS });
    }
  });

  test('that is refused', async () => {
    const { url, stop } = await startTcpServer(() => undefined);
    await stop();

    expect(await createEventApi(url, LIMITS)(REQUEST)).toEqual({
      kind: 'not-sent',
      cause: 'ECONNREFUSED',
    });
  });

  test('to a host that does not exist', async () => {
    expect(await createEventApi('https://nowhere.invalid/events', LIMITS)(REQUEST)).toMatchObject({
      kind: 'not-sent',
    });
  });

  test.each([
    ['closes', (socket: { destroy: () => void }) => socket.destroy()],
    ['resets', (socket: { resetAndDestroy: () => void }) => socket.resetAndDestroy()],
    [
      'does not speak TLS',
      (socket: { end: (text: string) => void }) => socket.end('220 mail.example.com\r\n'),
    ],
  ])('to a host that %s instead of the handshake', async (_, misbehave) => {
    const { url } = await started(startTcpServer(misbehave));

    expect(await createEventApi(url, LIMITS)(REQUEST)).toMatchObject({ kind: 'not-sent' });
  });

  test.each([
    ['nobody trusts', createCertificate(), 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['is for another host', createCertificate([10, 0, 0, 1]), 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ])('to a host whose certificate %s: the key does not leave', async (_, certificate, cause) => {
    const trusted = tls.getCACertificates('default');
    tls.setDefaultCACertificates([...trusted, ...(cause.startsWith('ERR') ? [certificate.cert] : [])]);
    const { url, received } = await tlsServer(() => undefined, certificate);

    expect(await createEventApi(url, LIMITS)(REQUEST)).toEqual({ kind: 'not-sent', cause });
    expect(received()).toBe('');
    tls.setDefaultCACertificates(trusted);
  });
});

describe('unclear is a call', () => {
  test.each([
    ['before it is read', (socket: TLSSocket) => reset(socket)],
    ['in the middle of it', (socket: TLSSocket) => socket.once('data', () => reset(socket))],
    ['in the middle of it, politely', (socket: TLSSocket) => socket.once('data', () => socket.destroy())],
  ])('whose connection is closed %s', async (_, misbehave) => {
    const { url } = await tlsServer(misbehave);

    expect(await createEventApi(url, LIMITS)(LARGE)).toMatchObject({ kind: 'no-answer' });
  });

  test('whose connection is reset once it was read', async () => {
    const { url, received } = await answering((socket) => reset(socket));

    expect(await createEventApi(url, LIMITS)(REQUEST)).toEqual({
      kind: 'no-answer',
      cause: 'ECONNRESET',
    });
    expect(received()).toContain('Bearer key-1');
  });

  test('that is never answered', async () => {
    const { url } = await answering(() => undefined);

    const [attempt, milliseconds] = await timed(createEventApi(url, LIMITS)(REQUEST));
    expect(attempt).toEqual({ kind: 'no-answer', cause: 'timeout' });
    expect(milliseconds).toBeGreaterThan(LIMITS.total - 50);
  });

  test('that is never read', async () => {
    const { url } = await tlsServer((socket) => socket.pause());

    expect(await createEventApi(url, LIMITS)(LARGE)).toEqual({ kind: 'no-answer', cause: 'timeout' });
  });

  test('whose answer comes byte by byte, and not in time', async () => {
    const { url } = await answering((socket) => {
      const bytes = [...http('200 OK', ACCEPTED)];
      const timer = setInterval(() => socket.write(bytes.shift() ?? ''), 40);
      socket.once('close', () => clearInterval(timer));
    });

    const [attempt, milliseconds] = await timed(createEventApi(url, LIMITS)(REQUEST));
    expect(attempt).toEqual({ kind: 'no-answer', cause: 'timeout' });
    expect(milliseconds).toBeLessThan(LIMITS.total + 500);
  });

  test.each([
    ['in its headers', 'HTTP/1.1 200 OK\r\ncontent-le'],
    ['after its headers', 'HTTP/1.1 200 OK\r\ncontent-length: 28\r\n\r\n'],
    ['in its body', http('200 OK', ACCEPTED).slice(0, -3)],
    ['in its body, under a status that would say it all', http('429 Too Many', '{"code":429}').slice(0, -3)],
    ['in its chunks', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1c\r\n{"transaction-id":'],
    ['before its last chunk', `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1c\r\n${ACCEPTED}\r\n`],
  ])('whose answer breaks off %s', async (_, text) => {
    const { url } = await answering((socket) => socket.end(text));

    expect(await createEventApi(url, LIMITS)(REQUEST)).toMatchObject({ kind: 'no-answer' });
  });

  test.each([
    ['is no HTTP', 'SSH-2.0-OpenSSH_9.9\r\n', 'HPE_INVALID_CONSTANT'],
    [
      'has chunks that are none',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nZZZ\r\n{}\r\n0\r\n\r\n',
      'HPE_INVALID_CHUNK_SIZE',
    ],
    [
      'has two lengths',
      `HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 28\r\n\r\n${ACCEPTED}`,
      'HPE_UNEXPECTED_CONTENT_LENGTH',
    ],
    ['has headers without end', http('200 OK', ACCEPTED, `x: ${'y'.repeat(100_000)}`), 'HPE_HEADER_OVERFLOW'],
    [
      'wants to speak another protocol',
      'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n',
      'closed',
    ],
  ])('whose answer %s', async (_, text, cause) => {
    const { url } = await writing(text);

    expect(await createEventApi(url, LIMITS)(REQUEST)).toEqual({ kind: 'no-answer', cause });
  });
});

describe('answered is a call', () => {
  test.each([
    ['with a transaction id', http('200 OK', ACCEPTED), 200, ACCEPTED],
    ['under another status of success', http('202 Accepted', ACCEPTED), 202, ACCEPTED],
    ['with nothing', http('200 OK', ''), 200, ''],
    ['with no content', 'HTTP/1.1 204 No Content\r\n\r\n', 204, ''],
    ['with HTML', http('403 Forbidden', '<html>', 'content-type: text/html'), 403, '<html>'],
    ['with text beyond ASCII', http('200 OK', '{"x":"Zoë €"}'), 200, '{"x":"Zoë €"}'],
    [
      'in chunks',
      `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"tra\r\n17\r\n${ACCEPTED.slice(5)}\r\n0\r\n\r\n`,
      200,
      ACCEPTED,
    ],
    ['after a hint or two', `HTTP/1.1 103 Early Hints\r\n\r\n${http('200 OK', ACCEPTED)}`, 200, ACCEPTED],
  ])('%s', async (_, text, status, body) => {
    const { url } = await writing(text);

    expect(await createEventApi(url, LIMITS)(REQUEST)).toEqual({
      kind: 'answered',
      status,
      retryAfter: undefined,
      body,
    });
  });

  test.each([
    ['HTTP/1.0, to the end of the connection', `HTTP/1.0 200 OK\r\n\r\n${ACCEPTED}`],
    ['HTTP/1.1, with no length', `HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n${ACCEPTED}`],
  ])('in the manner of %s', async (_, text) => {
    const { url } = await answering((socket) => socket.end(text));

    expect(await createEventApi(url, LIMITS)(REQUEST)).toMatchObject({
      kind: 'answered',
      body: ACCEPTED,
    });
  });

  test('with a header that says when to come back, as it was written', async () => {
    const { url } = await writing(
      http('429 Too Many Requests', '', 'Retry-After: Fri, 31 Dec 1999 23:59:59 GMT'),
    );

    expect(await createEventApi(url, LIMITS)(REQUEST)).toMatchObject({
      status: 429,
      retryAfter: 'Fri, 31 Dec 1999 23:59:59 GMT',
    });
  });

  test.each([301, 302, 303, 307, 308])(
    'with HTTP %d to another host, which sees nothing of it',
    async (status) => {
      const other = await answering((socket) => socket.end(http('200 OK', ACCEPTED)));
      const { url } = await writing(http(`${status} Elsewhere`, '', `location: ${other.url}`));

      expect(await createEventApi(url, LIMITS)(REQUEST)).toMatchObject({ kind: 'answered', status });
      expect([other.connections(), other.received()]).toEqual([0, '']);
    },
  );

  test('at great length: it is read up to a limit, and the connection is not used again', async () => {
    const { url, connections } = await writing(http('200 OK', 'x'.repeat(5_000_000)));
    const call = createEventApi(url, LIMITS);

    const attempt = await call(REQUEST);
    expect(attempt).toMatchObject({ kind: 'answered', status: 200 });
    expect(attempt.kind === 'answered' && attempt.body.length).toBeLessThan(200_000);
    await call(REQUEST);
    expect(connections()).toBe(2);
  });

  test('without end: it is read up to the same limit', async () => {
    const { url } = await answering((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      const timer = setInterval(() => socket.write('x'.repeat(20_000)), 5);
      socket.once('close', () => clearInterval(timer));
    });

    expect(await createEventApi(url, LIMITS)(REQUEST)).toMatchObject({ kind: 'answered', status: 200 });
  });

  test('with more than it announces: the rest is not taken for the next answer', async () => {
    const { url } = await answering((socket) => {
      socket.write(
        `HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}${http('200 OK', '{"transaction-id":"stray"}')}`,
      );
    });
    const call = createEventApi(url, LIMITS);

    for (let calls = 0; calls < 3; calls += 1) {
      expect(JSON.stringify(await call(REQUEST))).not.toContain('stray');
    }
  });
});
