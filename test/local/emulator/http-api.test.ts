import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import {
  createLogStream,
  type HttpApi,
  matchRoute,
  startHttpApi,
  toHttpEvent,
} from '../../../local/emulator/http-api.ts';

const ROUTES = [
  { routeKey: '$default', target: 'fallback' },
  { routeKey: 'POST /webhooks/{source}', target: 'ingest' },
  { routeKey: 'ANY /status', target: 'status' },
];

describe('a request takes the route', () => {
  test.each([
    ['POST', '/webhooks/stripe', 'ingest', { source: 'stripe' }],
    ['GET', '/status', 'status', {}],
    ['GET', '/webhooks/stripe', 'fallback', {}],
    ['POST', '/webhooks/', 'fallback', {}],
    ['POST', '/webhooks/stripe/more', 'fallback', {}],
  ])('%s %s to %s', (method, path, target, pathParameters) => {
    expect(matchRoute(ROUTES, method, path)).toMatchObject({ target, pathParameters });
  });

  test('of nobody where there is no default', () => {
    expect(matchRoute(ROUTES.slice(1), 'GET', '/elsewhere')).toBeUndefined();
  });
});

/** Sends a request to a bare server and gives the event that is made of it. */
async function eventOf(path: string, init: RequestInit): Promise<Record<string, unknown>> {
  let event: object = {};
  const server = createServer(async (message, response) => {
    const body = Buffer.concat(await message.toArray());
    const route = { routeKey: 'POST /webhooks/{source}', pathParameters: { source: 'stripe' } };
    event = toHttpEvent({ message, body }, route, 'api-1', new Date(0));
    response.end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, {
    method: 'POST',
    ...init,
  });
  server.close();
  return JSON.parse(JSON.stringify(event));
}

describe('the event of a request', () => {
  test('has the query as it was sent: a signature may cover it', async () => {
    const sent: Record<string, unknown>[] = [];
    const server = createServer((message, response) => {
      const route = { routeKey: '$default', pathParameters: {} };
      const event = toHttpEvent({ message, body: Buffer.alloc(0) }, route, 'api-1', new Date(0));
      sent.push(JSON.parse(JSON.stringify(event)));
      response.end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    // `fetch` would escape the quote itself.
    const { port } = server.address() as AddressInfo;
    for (const query of ["?a='x'&b=%27", '?', '']) {
      const asked = request({ host: '127.0.0.1', port, path: `/webhooks/acme${query}` }).end();
      const [answer] = await once(asked, 'response');
      answer.resume();
    }
    server.close();

    expect(sent.map(({ rawQueryString }) => rawQueryString)).toEqual(["a='x'&b=%27", '', '']);
  });

  test('has the form of payload version 2.0', async () => {
    const event = await eventOf('/webhooks/stripe?a=1&b=2', {
      headers: [
        ['X-Twice', '1'],
        ['x-twice', '2'],
        ['Cookie', 'a=1; b=2'],
        ['content-type', 'application/json'],
      ],
      body: '{"a":"Zoë"}',
    });

    expect(event).toMatchObject({
      version: '2.0',
      routeKey: 'POST /webhooks/{source}',
      rawPath: '/webhooks/stripe',
      rawQueryString: 'a=1&b=2',
      queryStringParameters: { a: '1', b: '2' },
      pathParameters: { source: 'stripe' },
      cookies: ['a=1', 'b=2'],
      body: '{"a":"Zoë"}',
      isBase64Encoded: false,
      requestContext: {
        apiId: 'api-1',
        stage: '$default',
        http: { method: 'POST', path: '/webhooks/stripe' },
      },
    });
    expect(String(Object(event.headers)['x-twice']).replace(' ', '')).toBe('1,2');
  });

  test.each([
    ['application/json', false, Buffer.from('{}')],
    ['application/vnd.api+json; charset=utf-8', false, Buffer.from('{}')],
    ['text/plain', false, Buffer.from('x')],
    ['application/x-www-form-urlencoded', false, Buffer.from('a=1')],
    ['application/octet-stream', true, Buffer.from('x')],
    ['application/json', true, Buffer.from([0xff])],
  ])('with %s holds its body as base64: %s', async (contentType, isBase64Encoded, body) => {
    const event = await eventOf('/', {
      headers: { 'content-type': contentType },
      body: new Uint8Array(body),
    });

    expect(event.isBase64Encoded).toBe(isBase64Encoded);
    expect(Buffer.from(String(event.body), isBase64Encoded ? 'base64' : 'utf8')).toEqual(body);
  });

  test('without a body has none', async () => {
    expect(await eventOf('/', {})).not.toHaveProperty('body');
  });
});

describe('the API', () => {
  const apis: HttpApi[] = [];
  afterEach(() => Promise.all(apis.splice(0).map((api) => api.stop())));

  async function start(): Promise<HttpApi> {
    const api = await startHttpApi(0);
    if (!api.ok) throw new Error(api.failure);
    apis.push(api.value);
    return api.value;
  }

  test('says which port is taken and what to do', async () => {
    const first = await start();
    const port = Number(new URL(first.url).port);

    expect(await startHttpApi(port)).toEqual({
      ok: false,
      failure: `Port ${port} of 127.0.0.1 is taken. Stop what listens there, or take another: --port <number>.`,
    });
    expect((await fetch(`${first.url}/healthz`)).status).toBe(503);
  });

  test('answers as API Gateway does when the function fails, answers nonsense, or the body is too large', async () => {
    const results = [
      'error',
      null,
      { statusCode: 'x' },
      { statusCode: 201, body: 'b2s=', isBase64Encoded: true },
    ];
    const target = {
      settings: {
        name: 'f',
        directory: '',
        handler: '',
        timeoutSeconds: 1,
        memoryMegabytes: 1,
        environment: {},
      },
      invoke: async () => {
        const value = results.shift();
        return value === 'error'
          ? ({ ok: false, failure: 'crashed' } as const)
          : ({ ok: true, value } as const);
      },
      killWorkers: async () => 0,
      renew: async () => {},
      memory: async () => [],
      stop: async () => {},
    };
    const api = await start();
    api.serve({
      apiId: 'a',
      routes: [{ routeKey: 'POST /', target }],
      logs: createLogStream(),
      health: { status: 'up' },
    });
    const post = async (path: string, body = '') => {
      const response = await fetch(new URL(path, api.url), { method: 'POST', body });
      return [response.status, await response.text()];
    };

    const broken = [500, '{"message":"Internal Server Error"}'];
    expect([await post('/'), await post('/'), await post('/')]).toEqual([broken, broken, broken]);
    expect(await post('/')).toEqual([201, 'ok']);
    expect(await post('/elsewhere')).toEqual([404, '{"message":"Not Found"}']);
    expect(await post('/', 'x'.repeat(6_000_001))).toEqual([413, '{"message":"Request Entity Too Large"}']);
  });
});
