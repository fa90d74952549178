import http, { type ClientRequest } from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { setImmediate as turnOfTheLoop, setTimeout as wait } from 'node:timers/promises';
import { CALL_LIMITS, type EventRequest } from '../deliver/event-api/caller.ts';
import type { Attempt } from '../deliver/event-api/verdict.ts';

/** An answer is a few hundred bytes; of a longer one the rest is not read. */
const MAX_ANSWER_BYTES = 64 * 1024;

/**
 * Gives what calls the event API. It never throws: whatever happens on the wire is an attempt. Redirects are not followed, since one would carry the bearer key to another host; TLS is 1.2 or
 * newer, as the vendor demands.
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
    // A server may have closed an idle connection without our having looked: two turns see what has come in by now.
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
 * Gives the means to close the connections that have been idle for too long. Their age is asked for with each call and
 * not left to timers: a function is frozen between two batches, and its timers with it.
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

/** Sends a request over its connection, and says what has become of it. */
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
    // Until the request closes it may report more than one error; only the first decides.
    request.on('error', failWith);
    // An answer that is none, such as an upgrade, closes the request without an error.
    request.once('close', () => hasAnswer || failWith(Object.assign(new Error(), { code: 'closed' })));
    request.end(body);
  });
}

/** Reads an answer. One that does not come to its end is unclear, whatever its status: its body is what decides. */
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
  /** Ends the watch: nothing is destroyed for being late any more. */
  readonly stop: () => void;
  /** What a failure now means: whether any byte of the request may have left this machine. */
  readonly failureKind: () => 'not-sent' | 'no-answer';
};

/** The event by which a socket says that a request can be sent over it. */
type Ready = 'connect' | 'secureConnect';

/** Destroys a request that is late, and tells from its socket whether any of it can have been sent. */
export function watchConnection(
  request: ClientRequest,
  ready: Ready,
  limits: { readonly connect: number; readonly total: number },
): WatchedConnection {
  let connection: { readonly socket: Socket; readonly bytesBefore: number } | undefined;
  const destroyAs = (cause: string) => request.destroy(Object.assign(new Error(cause), { code: cause }));
  const connecting = setTimeout(destroyAs, limits.connect, 'connect-timeout');
  const answering = setTimeout(destroyAs, limits.total, 'timeout');

  // Called before any byte of this request is handed over, on a new connection as on one that was kept.
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
    // A socket takes bytes before it is connected, so nothing counts until then. After that, what the socket was given
    // may have left: only if it was given nothing, as when a kept connection turns out to be dead, is that excluded.
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
