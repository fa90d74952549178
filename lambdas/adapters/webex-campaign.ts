import http from 'node:http';
import https from 'node:https';
import type { Attempt } from '../deliver/attempt.ts';
import type { EventRequest } from '../deliver/build-request.ts';

/** A call that has no connection after so long was never sent; one that has no whole answer by then is unclear. */
const CONNECT_MILLISECONDS = 3_000;
const TOTAL_MILLISECONDS = 10_000;

/** An answer is a few hundred bytes; of a longer one the rest is not read. */
const MAX_ANSWER_BYTES = 64 * 1024;

/**
 * Calls the event API. Redirects are not followed, since one would carry the bearer key to another host; TLS is 1.2 or
 * newer, as the vendor demands. Never throws: whatever happens on the wire is an attempt.
 */
export function createEventApi(eventUrl: string): (request: EventRequest) => Promise<Attempt> {
  const isTls = new URL(eventUrl).protocol === 'https:';
  const agent = isTls
    ? new https.Agent({ keepAlive: true, minVersion: 'TLSv1.2' })
    : new http.Agent({ keepAlive: true });
  const { request: open } = isTls ? https : http;

  return ({ method, headers, body }) =>
    new Promise((resolve) => {
      const request = open(eventUrl, {
        method,
        agent,
        headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      });
      const deadlines = watch(request, isTls ? 'secureConnect' : 'connect');
      const finish = (attempt: Attempt) => {
        deadlines.stop();
        resolve(attempt);
      };
      request.once('response', (response) => collect(response, deadlines, finish));
      // Until the request closes it may report more than one error; only the first decides.
      request.on('error', (error) => finish(deadlines.failure(error)));
      request.end(body);
    });
}

type Deadlines = { readonly stop: () => void; readonly failure: (error: Error) => Attempt };

/** Watches over both deadlines and remembers whether anything can have left: not before there is a connection. */
function watch(request: http.ClientRequest, connected: 'connect' | 'secureConnect'): Deadlines {
  let isConnected = false;
  const connecting = setTimeout(() => request.destroy(new Error('connect-timeout')), CONNECT_MILLISECONDS);
  const answering = setTimeout(() => request.destroy(new Error('timeout')), TOTAL_MILLISECONDS);
  const onConnected = () => {
    isConnected = true;
    clearTimeout(connecting);
  };
  request.once('socket', (socket) =>
    socket.connecting ? socket.once(connected, onConnected) : onConnected(),
  );
  return {
    stop: () => {
      clearTimeout(connecting);
      clearTimeout(answering);
    },
    failure: (error) => ({ kind: isConnected ? 'no-answer' : 'not-sent', cause: causeOf(error) }),
  };
}

function collect(
  response: http.IncomingMessage,
  deadlines: Deadlines,
  finish: (attempt: Attempt) => void,
): void {
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
  response.once('error', (error) => finish(deadlines.failure(error)));
}

function causeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
