import { setTimeout as pause } from 'node:timers/promises';
import tls, { type TLSSocket } from 'node:tls';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createEventApi } from '../../lambdas/adapters/webex-campaign.ts';
import { CALL_LIMITS } from '../../lambdas/deliver/attempt.ts';
import { buildRequest } from '../../lambdas/deliver/build-request.ts';
import {
  type MisbehavingServer,
  onRequest,
  reset,
  startTcpServer,
  startTlsServer,
} from './misbehaving-server.ts';
import { createCertificate } from './self-signed-certificate.ts';
import { trustCertificate } from './trusted-certificate.ts';

const REQUEST = buildRequest('{"event-key":"Zoë"}', 'key-1');
const LIMITS = { ...CALL_LIMITS, connect: 300, total: 1_000 };
const TRUSTED = trustCertificate();
const ANSWER = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}';

let server: MisbehavingServer | undefined;

afterEach(() => server?.stop());

async function tlsServer(
  onConnection: (socket: TLSSocket) => void,
  options = {},
): Promise<MisbehavingServer> {
  server = await startTlsServer({ ...TRUSTED, ...options }, onConnection);
  return server;
}

const answering = () => tlsServer((socket) => onRequest(socket, () => socket.write(ANSWER)));

/** By TLS 1.3 a client is through with its handshake before its server is. */
async function untilOpened(connections: () => number): Promise<void> {
  while (connections() === 0) await pause(5);
}

describe('a connection that is opened before there is a call', () => {
  test('serves the first call, and is kept after that as any other', async () => {
    const { url, connections, received } = await answering();
    const { call, connect } = createEventApi(url, LIMITS);

    await connect();
    await untilOpened(connections);
    expect(received()).toBe('');
    expect(await call(REQUEST)).toMatchObject({ kind: 'answered', status: 200 });
    expect(await call(REQUEST)).toMatchObject({ kind: 'answered', status: 200 });
    expect(connections()).toBe(1);
  });

  test('serves one of several calls that begin at once', async () => {
    const { url, connections } = await answering();
    const { call, connect } = createEventApi(url, LIMITS);

    await connect();
    const attempts = await Promise.all([call(REQUEST), call(REQUEST), call(REQUEST)]);
    expect(attempts.map(({ kind }) => kind)).toEqual(['answered', 'answered', 'answered']);
    expect(connections()).toBe(3);
  });

  test('is late for its answer only: it has been connected all along', async () => {
    const { url } = await tlsServer((socket) => onRequest(socket, () => undefined));
    const { call, connect } = createEventApi(url, LIMITS);

    await connect();
    expect(await call(REQUEST)).toEqual({ kind: 'no-answer', cause: 'timeout' });
  });

  test('leaves a request unclear that it took and that was not answered', async () => {
    const { url, connections } = await tlsServer((socket) => onRequest(socket, () => reset(socket)));
    const { call, connect } = createEventApi(url, LIMITS);

    await connect();
    expect(await call(REQUEST)).toEqual({ kind: 'no-answer', cause: 'ECONNRESET' });
    expect(connections()).toBe(1);
  });

  test.each<[string, (socket: TLSSocket) => void]>([
    ['closes it', (socket) => socket.end()],
    ['resets it', (socket) => reset(socket)],
    ['speaks unasked', (socket) => socket.write('HTTP/1.1 408 Request Timeout\r\n\r\n')],
  ])('is not used where the server %s meanwhile', async (_, misbehave) => {
    let sockets = 0;
    const { url, connections } = await tlsServer((socket) => {
      sockets += 1;
      onRequest(socket, () => socket.write(ANSWER));
      if (sockets === 1) setTimeout(misbehave, 10, socket);
    });
    const { call, connect } = createEventApi(url, LIMITS);

    await connect();
    await untilOpened(connections);
    await pause(60);
    expect(await call(REQUEST)).toMatchObject({ kind: 'answered', status: 200 });
    expect(connections()).toBe(2);
  });

  test.each([
    ['localhost', 'localhost'],
    ['127.0.0.1', false],
  ])('to %s asks for the certificate of %s', async (host, name) => {
    const names: unknown[] = [];
    const { url, connections } = await tlsServer((socket) => {
      names.push(socket.servername);
      onRequest(socket, () => socket.write(ANSWER));
    });
    const { call, connect } = createEventApi(url.replace('127.0.0.1', host), LIMITS);

    await connect();
    expect(await call(REQUEST)).toMatchObject({ kind: 'answered' });
    expect([connections(), names]).toEqual([1, [name]]);
  });

  test('is not used once it has been idle for too long, the process having stood still', async () => {
    const { url, connections } = await answering();
    const { call, connect } = createEventApi(url, { ...LIMITS, idle: 60 });

    await connect();
    await pause(80);
    expect(await call(REQUEST)).toMatchObject({ kind: 'answered' });
    expect(connections()).toBe(2);
  });
});

describe('where a connection cannot be opened early', () => {
  test('a call that comes later opens its own, and says what is wrong', async () => {
    const closed = await tlsServer(() => undefined);
    await closed.stop();
    server = undefined;
    const { call, connect } = createEventApi(closed.url, LIMITS);

    await expect(connect()).resolves.toBeUndefined();
    expect(await call(REQUEST)).toEqual({ kind: 'not-sent', cause: 'ECONNREFUSED' });
  });

  test('as the host never begins TLS, it is not waited for any longer than for a call', async () => {
    server = await startTcpServer((socket) => socket.resume());
    const { connect } = createEventApi(server.url, LIMITS);

    const start = performance.now();
    await connect();
    expect(performance.now() - start).toBeLessThan(LIMITS.total);
  });

  test('as nobody vouches for the host, nothing is ever sent to it', async () => {
    const { url, received } = await tlsServer((socket) => onRequest(socket, () => socket.write(ANSWER)), {
      ...createCertificate(),
    });
    const { call, connect } = createEventApi(url, LIMITS);

    await connect();
    expect(await call(REQUEST)).toMatchObject({ kind: 'not-sent' });
    expect(received()).toBe('');
  });

  test('as the host offers TLS 1.1 alone, it is not opened', async () => {
    const weak = { ciphers: 'DEFAULT@SECLEVEL=0', minVersion: 'TLSv1', maxVersion: 'TLSv1.1' };
    const { url, connections } = await tlsServer(() => undefined, weak);
    const { DEFAULT_MIN_VERSION, DEFAULT_CIPHERS } = tls;
    Object.assign(tls, { DEFAULT_MIN_VERSION: 'TLSv1', DEFAULT_CIPHERS: 'DEFAULT@SECLEVEL=0' });
    try {
      await createEventApi(url, LIMITS).connect();
      expect(connections()).toBe(0);
    } finally {
      Object.assign(tls, { DEFAULT_MIN_VERSION, DEFAULT_CIPHERS });
    }
  });
});
