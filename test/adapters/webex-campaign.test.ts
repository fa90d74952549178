import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createEventApi } from '../../lambdas/adapters/webex-campaign.ts';
import { buildRequest } from '../../lambdas/deliver/build-request.ts';

const REQUEST = buildRequest('{"event-key":"Zoë"}', 'key-1');
const servers: { close: () => void; closeAllConnections?: () => void }[] = [];

async function listen(onRequest: RequestListener): Promise<string> {
  return urlOf(createServer(onRequest));
}

async function urlOf(server: Server | ReturnType<typeof createTcpServer>): Promise<string> {
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`;
}

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections?.();
    server.close();
  }
});

describe('a call of the event API', () => {
  test('sends the request as it was built and gives the answer as it came', async () => {
    let seen: unknown;
    const url = await listen(async (request, response) => {
      const chunks = await request.toArray();
      seen = [request.method, request.url, request.headers.authorization, Buffer.concat(chunks).toString()];
      response.writeHead(429, { 'retry-after': '7' }).end('{"code":429}');
    });

    expect(await createEventApi(url)(REQUEST)).toEqual({
      kind: 'answered',
      status: 429,
      retryAfter: '7',
      body: '{"code":429}',
    });
    expect(seen).toEqual(['POST', '/events', 'Bearer key-1', '{"event-key":"Zoë"}']);
  });

  test('does not follow a redirect, which would carry the key away', async () => {
    let elsewhere = 0;
    const other = await listen((_request, response) => {
      elsewhere += 1;
      response.end();
    });
    const url = await listen((_request, response) => response.writeHead(307, { location: other }).end());

    expect(await createEventApi(url)(REQUEST)).toMatchObject({ kind: 'answered', status: 307 });
    expect(elsewhere).toBe(0);
  });

  test('reads a huge answer up to a limit', async () => {
    const url = await listen((_request, response) => response.end('x'.repeat(1_000_000)));

    const attempt = await createEventApi(url)(REQUEST);

    expect(attempt).toMatchObject({ kind: 'answered', status: 200 });
    expect(attempt.kind === 'answered' && attempt.body.length).toBeLessThan(200_000);
  });

  test('that is refused was certainly not sent', async () => {
    const url = await listen(() => undefined);
    for (const server of servers.splice(0)) server.close();

    expect(await createEventApi(url)(REQUEST)).toEqual({ kind: 'not-sent', cause: 'ECONNREFUSED' });
  });

  test('to a host that does not exist was certainly not sent', async () => {
    expect(await createEventApi('http://nowhere.invalid/events')(REQUEST)).toMatchObject({
      kind: 'not-sent',
    });
  });

  test('whose TLS handshake fails was certainly not sent', async () => {
    const url = await urlOf(createTcpServer((socket) => socket.end('not TLS')));

    expect(await createEventApi(url.replace('http:', 'https:'))(REQUEST)).toMatchObject({ kind: 'not-sent' });
  });

  test('whose connection is reset after it was sent is unclear', async () => {
    const url = await listen((request) => request.socket.destroy());

    expect(await createEventApi(url)(REQUEST)).toMatchObject({ kind: 'no-answer', cause: 'ECONNRESET' });
  });

  test('whose answer breaks off in the middle is unclear', async () => {
    const url = await listen((request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{"transaction-id"');
      setTimeout(() => request.socket.destroy(), 50);
    });

    expect(await createEventApi(url)(REQUEST)).toMatchObject({ kind: 'no-answer' });
  });

  test('that is never answered is unclear after ten seconds', async () => {
    const url = await listen(() => undefined);

    expect(await createEventApi(url)(REQUEST)).toEqual({ kind: 'no-answer', cause: 'timeout' });
  });
});
