import type { ClientRequest } from 'node:http';
import type { Socket } from 'node:net';

/** What is known of one request's connection. */
export type WatchedConnection = {
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
