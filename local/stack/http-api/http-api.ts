import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import * as z from 'zod';
import { fail, type Result, succeed } from '../../../lambdas/result.ts';
import type { FunctionPool } from '../functions/function-pool.ts';
import { toHttpEvent } from './http-event.ts';
import type { LogStream } from './log-stream.ts';
import { matchRoute, type Route } from './match-route.ts';

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
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  } catch (error) {
    if (!portTakenSchema.safeParse(error).success) throw error;
    return fail(
      `Port ${port} of 127.0.0.1 is taken. Stop what listens there, or take another: --port <number>.`,
    );
  }
  const address = server.address();
  return succeed({
    url: `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : port}`,
    serve: (ready) => {
      stack = ready;
    },
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  });
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
