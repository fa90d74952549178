import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createEventApi } from '../../../lambdas/adapters/webex-campaign.ts';
import { buildRequest, CALL_LIMITS } from '../../../lambdas/deliver/event-api/caller.ts';

const REQUEST = buildRequest('{"event-key":"Zoë"}', 'key-1');
const servers: Server[] = [];

async function listen(onRequest: RequestListener): Promise<string> {
  const server = createServer(onRequest);
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`;
}

function stopAll(): void {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
}

afterEach(stopAll);

/** `webex-campaign-tls.test.ts` tests how a call goes wrong over TLS; the local run calls without it. */
describe('a call of the event API', () => {
  test('sends the request as it was built and gives the answer as it came', async () => {
    let seen: unknown;
    const url = await listen(async (request, response) => {
      const chunks = await request.toArray();
      seen = [request.method, request.url, request.headers, Buffer.concat(chunks).toString()];
      response.writeHead(429, { 'retry-after': '7' }).end('{"code":429}');
    });

    expect(await createEventApi(url)(REQUEST)).toEqual({
      kind: 'answered',
      status: 429,
      retryAfter: '7',
      body: '{"code":429}',
    });
    const headers = {
      authorization: 'Bearer key-1',
      'content-type': 'application/json',
      'content-length': '20',
    };
    expect(seen).toEqual(['POST', '/events', expect.objectContaining(headers), '{"event-key":"Zoë"}']);
  });

  test('may take three seconds to connect, and ten in all', () => {
    expect(CALL_LIMITS).toEqual({ connect: 3_000, total: 10_000, idle: 4_000 });
  });

  test('that is refused was certainly not sent', async () => {
    const url = await listen(() => undefined);
    stopAll();

    expect(await createEventApi(url)(REQUEST)).toEqual({ kind: 'not-sent', cause: 'ECONNREFUSED' });
  });

  test('whose connection is reset after it was sent is unclear', async () => {
    const url = await listen((request) => request.socket.destroy());

    expect(await createEventApi(url)(REQUEST)).toEqual({ kind: 'no-answer', cause: 'ECONNRESET' });
  });

  test('that is never answered is unclear, with or without TLS', async () => {
    const url = await listen(() => undefined);
    const call = createEventApi(url, { ...CALL_LIMITS, connect: 50, total: 200 });

    expect(await call(REQUEST)).toEqual({ kind: 'no-answer', cause: 'timeout' });
  });
});
