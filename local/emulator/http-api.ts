import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import * as z from 'zod';
import { fail, type Result, succeed } from '../../lambdas/result.ts';
import type { FunctionPool } from './functions/pool.ts';
import { listenOnLoopback } from './host.ts';
import { ACCOUNT } from './template.ts';

/** Lambda takes 6 MB of event; API Gateway answers 413 to more. */
const MAX_BODY_BYTES = 6_000_000;

/** What the API does with requests, once the rest of the stack is up. */
type HttpApiStack = {
  readonly apiId: string;
  readonly routes: readonly Route<FunctionPool>[];
  /** The answer of `GET /healthz`, which is the local run's own path. */
  readonly health: object;
  /** What `GET /logs` streams and `GET /logs/past` remembers, which are the local run's own paths too. */
  readonly logs: LogStream;
};

export type HttpApi = {
  readonly url: string;
  /** From here on requests are answered; before, with 503. */
  readonly serve: (stack: HttpApiStack) => void;
  readonly stop: () => Promise<void>;
};

const portTakenSchema = z.object({ code: z.literal('EADDRINUSE') });

/** Starts an API Gateway HTTP API on a port of 127.0.0.1 (0 takes a free one); fails when the port is taken. */
export async function startHttpApi(port: number): Promise<Result<HttpApi, string>> {
  let stack: HttpApiStack | undefined;
  const server = createServer((message, response) => {
    answer(message, response, stack).catch(() => reply(response, 500, { message: 'Internal Server Error' }));
  });
  try {
    const { url, stop } = await listenOnLoopback(server, port);
    return succeed({
      url,
      stop,
      serve: (ready) => {
        stack = ready;
      },
    });
  } catch (error) {
    if (!portTakenSchema.safeParse(error).success) throw error;
    return fail(portTaken(port));
  }
}

/** Says that a port is taken, without taking it. */
export async function explainTakenPort(port: number): Promise<string | undefined> {
  try {
    const { stop } = await listenOnLoopback(createServer(), port);
    await stop();
    return undefined;
  } catch (error) {
    if (!portTakenSchema.safeParse(error).success) throw error;
    return portTaken(port);
  }
}

function portTaken(port: number): string {
  return `Port ${port} of 127.0.0.1 is taken. Stop what listens there, or take another: --port <number>.`;
}

async function answer(
  message: IncomingMessage,
  response: ServerResponse,
  stack: HttpApiStack | undefined,
): Promise<void> {
  const { pathname } = new URL(message.url ?? '/', 'http://localhost');
  if (stack === undefined) return reply(response, 503, { message: 'Starting' });
  if (message.method === 'GET' && answerOwn(pathname, response, stack)) return;

  const route = matchRoute(stack.routes, message.method ?? '', pathname);
  if (route === undefined) return reply(response, 404, { message: 'Not Found' });
  const body = await readBody(message);
  if (body === undefined) return reply(response, 413, { message: 'Request Entity Too Large' });

  const invocation = await route.target.invoke(
    toHttpEvent({ message, body }, route, stack.apiId, new Date()),
  );
  const result = resultSchema.safeParse(invocation.ok ? invocation.value : undefined);
  if (!result.success) return reply(response, 500, { message: 'Internal Server Error' });
  const { statusCode, headers, body: text, isBase64Encoded } = result.data;
  response.writeHead(statusCode, headers).end(Buffer.from(text, isBase64Encoded ? 'base64' : 'utf8'));
}

/** The local run's own paths, which no API Gateway has. */
function answerOwn(pathname: string, response: ServerResponse, { health, logs }: HttpApiStack): boolean {
  if (pathname === '/healthz') reply(response, 200, health);
  else if (pathname === '/logs') logs.serve(response);
  else if (pathname === '/logs/past') logs.servePast(response);
  else return false;
  return true;
}

/** What a function may return in payload format 2.0, as far as ours do. */
const resultSchema = z.object({
  statusCode: z.int(),
  headers: z.record(z.string(), z.string()).default({}),
  body: z.string().default(''),
  isBase64Encoded: z.boolean().default(false),
});

/** Reads a body to its end, but keeps no more than the limit; `undefined` if there was more. */
async function readBody(message: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of message) {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return bytes <= MAX_BODY_BYTES ? Buffer.concat(chunks) : undefined;
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** A request that was read to its end. */
type HttpRequest = { readonly message: IncomingMessage; readonly body: Buffer };

/** The route that a request took, and what its path parameters are. */
type MatchedRoute = {
  readonly routeKey: string;
  readonly pathParameters: Readonly<Record<string, string>>;
};

/** Content types that API Gateway hands on as text; everything else travels as base64. */
const TEXT = /^(text\/|application\/(.+\+)?(json|xml)\b|application\/(javascript|x-www-form-urlencoded)\b)/i;

/**
 * The event of an HTTP API, payload format 2.0.
 * Source: API Gateway developer guide, "Create AWS Lambda proxy integrations for HTTP APIs".
 */
export function toHttpEvent(
  { message, body }: HttpRequest,
  route: MatchedRoute,
  apiId: string,
  now: Date,
): object {
  const { pathname, searchParams } = new URL(message.url ?? '/', 'http://localhost');
  const { cookie, ...headers } = joinHeaders(message);
  const isText =
    isUtf8(body) && (headers['content-type'] === undefined || TEXT.test(headers['content-type']));
  return {
    version: '2.0',
    routeKey: route.routeKey,
    rawPath: pathname,
    rawQueryString: queryOf(message),
    headers,
    ...(cookie !== undefined && { cookies: cookie.split('; ') }),
    ...(searchParams.size > 0 && { queryStringParameters: Object.fromEntries(searchParams) }),
    ...(Object.keys(route.pathParameters).length > 0 && { pathParameters: route.pathParameters }),
    requestContext: {
      accountId: ACCOUNT,
      apiId,
      domainName: headers.host,
      http: {
        method: message.method,
        path: pathname,
        protocol: `HTTP/${message.httpVersion}`,
        sourceIp: message.socket.remoteAddress,
        userAgent: headers['user-agent'],
      },
      requestId: randomUUID(),
      routeKey: route.routeKey,
      stage: '$default',
      time: now.toUTCString(),
      timeEpoch: now.getTime(),
    },
    ...(body.length > 0 && { body: body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: body.length > 0 && !isText,
  };
}

/** The query as it was received: `URL` would escape what a signature may cover as it is. */
function queryOf({ url = '' }: IncomingMessage): string {
  const at = url.indexOf('?');
  return at === -1 ? '' : url.slice(at + 1);
}

/** Lower-case names; a header that was sent more than once has its values joined by a comma. */
function joinHeaders({ headersDistinct }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headersDistinct).map(([name, values = []]) => [name, values.join(',')]),
  );
}

/** A route of the template: `POST /webhooks/{source}` or `$default`. */
export type Route<Target> = { readonly routeKey: string; readonly target: Target };

/** The route that a request takes: the one of its method and path, else the default one, else none. */
export function matchRoute<Target>(
  routes: readonly Route<Target>[],
  method: string,
  path: string,
): (MatchedRoute & { readonly target: Target }) | undefined {
  for (const route of routes) {
    const pathParameters = matchRouteKey(route.routeKey, method, path);
    if (pathParameters !== undefined) return { ...route, pathParameters };
  }
  const fallback = routes.find(({ routeKey }) => routeKey === '$default');
  return fallback && { ...fallback, pathParameters: {} };
}

/** The path parameters of a request that this route takes, else `undefined`. */
function matchRouteKey(
  routeKey: string,
  method: string,
  path: string,
): Readonly<Record<string, string>> | undefined {
  const [routeMethod, pattern = ''] = routeKey.split(' ');
  if (routeMethod !== 'ANY' && routeMethod !== method) return undefined;
  const match = new RegExp(`^${pattern.replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`).exec(path);
  return match === null ? undefined : { ...match.groups };
}

/** How many lines `GET /logs/past` gives: hours of a run that somebody watches. */
const KEPT_LINES = 4_000;

/** The lines that the functions print: `GET /logs` streams the coming ones, `GET /logs/past` gives the latest. */
export type LogStream = {
  readonly write: (text: string) => void;
  readonly serve: (response: ServerResponse) => void;
  readonly servePast: (response: ServerResponse) => void;
};

export function createLogStream(): LogStream {
  const listeners = new Set<ServerResponse>();
  const past: string[] = [];
  return {
    write: (text) => {
      const line = `${text.trimEnd()}\n`;
      past.push(line);
      if (past.length > KEPT_LINES) past.shift();
      // A listener that does not keep up misses lines: they must not fill this process's memory.
      for (const listener of listeners) if (!listener.writableNeedDrain) listener.write(line);
    },
    serve: (response) => {
      writeHead(response).flushHeaders();
      listeners.add(response);
      response.once('close', () => listeners.delete(response));
    },
    servePast: (response) => {
      writeHead(response).end(past.join(''));
    },
  };
}

function writeHead(response: ServerResponse): ServerResponse {
  return response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
}
