import http, { type ClientRequest } from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { setImmediate as turnOfTheLoop, setTimeout as wait } from 'node:timers/promises';
import { CALL_LIMITS, type EventRequest } from '../deliver/event-api/caller.ts';
import type { Attempt } from '../deliver/event-api/verdict.ts';

/** An answer has a few hundred bytes; the rest of a longer one is not read. */
const MAX_ANSWER_BYTES = 64 * 1024;

/**
 * Creates the function that calls the event API. It never throws: whatever happens on the wire is an attempt. It follows
 * no redirect, which would carry the bearer key to another host. TLS is 1.2 or newer, as the vendor demands.
 */
export function createEventApi(
  eventUrl: string,
  limits = CALL_LIMITS,
): (request: EventRequest) => Promise<Attempt> {
  const isTls = new URL(eventUrl).protocol === 'https:';
  const ready = isTls ? 'secureConnect' : 'connect';
  const options: https.AgentOptions = { keepAlive: true, ...(isTls && { minVersion: 'TLSv1.2' }) };
  const agent = isTls ? new https.Agent(options) : new http.Agent(options);
  const discardOld = watchIdle(agent, limits.idle);
  const { request: open } = isTls ? https : http;

  return async ({ method, headers, body }) => {
    discardOld();
    // The server may have closed an idle connection unnoticed: two turns of the loop see what has come in by now.
    await turnOfTheLoop();
    await turnOfTheLoop();
    const request = open(eventUrl, {
      method,
      agent,
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
    });
    const connection = watchConnection(request, ready, limits);
    return sendOver(connection, request, body);
  };
}

/**
 * Returns a function that closes the connections that have been idle for too long. Each call uses it; timers would not
 * do, since Lambda freezes a function between two batches, and its timers with it.
 */
function watchIdle(agent: http.Agent, idle: number): () => void {
  const idleSince = new WeakMap<object, number>();
  agent.on('free', (socket: object) => idleSince.set(socket, Date.now()));
  return () => {
    for (const socket of Object.values(agent.freeSockets).flatMap((sockets) => sockets ?? [])) {
      if (Date.now() - (idleSince.get(socket) ?? 0) >= idle) socket.destroy();
    }
  };
}

/** Sends a request over its connection, and resolves to what became of it. */
function sendOver(
  connection: WatchedConnection,
  request: http.ClientRequest,
  body: EventRequest['body'],
): Promise<Attempt> {
  return new Promise((resolve) => {
    const finish = (attempt: Attempt) => {
      connection.stop();
      resolve(attempt);
    };
    const failWith = (error: Error) => finish({ kind: connection.failureKind(), cause: causeOf(error) });
    let hasAnswer = false;
    request.once('response', (response) => {
      hasAnswer = true;
      collect(response, finish);
    });
    // A request may report several errors until it closes; only the first counts.
    request.on('error', failWith);
    // An upgrade, say, closes the request without an answer and without an error.
    request.once('close', () => hasAnswer || failWith(Object.assign(new Error(), { code: 'closed' })));
    request.end(body);
  });
}

/** Reads an answer. If it breaks off, it is unclear, whatever its status: the body decides. */
function collect(response: http.IncomingMessage, finish: (attempt: Attempt) => void): void {
  const { statusCode: status = 0, headers } = response;
  const chunks: Buffer[] = [];
  let bytes = 0;
  const answered = () =>
    finish({
      kind: 'answered',
      status,
      retryAfter: headers['retry-after'],
      body: Buffer.concat(chunks).toString('utf8'),
    });
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes <= MAX_ANSWER_BYTES) return;
    answered();
    response.destroy();
  });
  response.once('end', answered);
  response.once('error', (error) => finish({ kind: 'no-answer', cause: causeOf(error) }));
}

/** What is known of one request's connection. */
type WatchedConnection = {
  /** Ends the watch: from now on, no time limit destroys the request. */
  readonly stop: () => void;
  /** What a failure means now: whether any byte of the request may have left this machine. */
  readonly failureKind: () => 'not-sent' | 'no-answer';
};

/** The event that a socket emits once a request can be sent over it. */
type Ready = 'connect' | 'secureConnect';

/** Destroys a request that takes too long, and knows from its socket whether any of it can have been sent. */
export function watchConnection(
  request: ClientRequest,
  ready: Ready,
  limits: { readonly connect: number; readonly total: number },
): WatchedConnection {
  let connection: { readonly socket: Socket; readonly bytesBefore: number } | undefined;
  const destroyAs = (cause: string) => request.destroy(Object.assign(new Error(cause), { code: cause }));
  const connecting = setTimeout(destroyAs, limits.connect, 'connect-timeout');
  const answering = setTimeout(destroyAs, limits.total, 'timeout');

  // Emitted before any byte of this request is handed over, on a new connection and on a kept one.
  request.once('socket', (socket) => {
    const bytesBefore = socket.bytesWritten;
    const onReady = () => {
      connection = { socket, bytesBefore };
      clearTimeout(connecting);
    };
    if (request.reusedSocket) onReady();
    else socket.once(ready, onReady);
  });
  return {
    stop: () => {
      clearTimeout(connecting);
      clearTimeout(answering);
    },
    // A socket takes bytes before it is connected: they count only once it is. From then on, whatever the socket was given
    // may have left; if it was given nothing (a kept connection turned out to be dead), nothing has.
    failureKind: () =>
      connection === undefined || connection.socket.bytesWritten === connection.bytesBefore
        ? 'not-sent'
        : 'no-answer',
  };
}

/** The code of an error: its message may quote what was sent. */
export function causeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

/** Waits for so many milliseconds. */
export async function pause(milliseconds: number): Promise<void> {
  await wait(milliseconds);
}
