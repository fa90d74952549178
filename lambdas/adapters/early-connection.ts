import type http from 'node:http';
import type https from 'node:https';
import { isIP, type Socket } from 'node:net';
import { urlToHttpOptions } from 'node:url';
import type { CallLimits } from '../deliver/attempt.ts';

/** A connection that is opened before there is a request to send over it. */
export type EarlyConnection = {
  /**
   * Opens it, and waits until a request could be sent. Never fails: where it cannot be opened the first request opens one
   * of its own, and says what went wrong.
   */
  readonly open: () => Promise<void>;
  /** Whether a socket is the one that was opened early: it has been ready all along, and will not say so again. */
  readonly isReady: (socket: Socket) => boolean;
};

/** The event by which a socket says that it can be sent over. */
export type Ready = 'connect' | 'secureConnect';

type EarlySettings = {
  readonly url: string;
  readonly ready: Ready;
  /** As the agent has them. */
  readonly options: https.AgentOptions;
  readonly limits: CallLimits;
};

/**
 * Has the first request that needs a new connection take one that was opened early, as the agent itself would have opened
 * it; unless that has ended by then, or is as old as no kept connection may be.
 */
export function createEarlyConnection(
  agent: http.Agent,
  { url, ready, options, limits }: EarlySettings,
): EarlyConnection {
  const openNew = agent.createConnection.bind(agent);
  const known = new WeakSet<Socket>();
  let kept: { readonly socket: Socket; readonly since: number } | undefined;

  agent.createConnection = (options, done) => {
    const early = kept;
    kept = undefined;
    if (early === undefined) return openNew(options, done);
    if (isUsable(early.socket) && Date.now() - early.since < limits.idle) return early.socket.ref();
    early.socket.destroy();
    return openNew(options, done);
  };
  const keep = (socket: Socket) => {
    known.add(socket);
    kept = { socket: socket.unref(), since: Date.now() };
  };
  return {
    open: () => waitFor(openNew({ ...options, ...addressOf(url) }) as Socket, { ready, limits, keep }),
    isReady: (socket) => known.has(socket),
  };
}

function addressOf(url: string): { host: string; port: number | string; servername: string } {
  const { hostname, port, protocol } = urlToHttpOptions(new URL(url));
  const host = hostname ?? '';
  // As the agent has it: TLS knows no address for a name (RFC 6066, section 3).
  const servername = isIP(host) === 0 ? host : '';
  return { host, port: port || (protocol === 'https:' ? 443 : 80), servername };
}

type Waiting = {
  readonly ready: Ready;
  readonly limits: CallLimits;
  readonly keep: (socket: Socket) => void;
};

function waitFor(socket: Socket, { ready, limits, keep }: Waiting): Promise<void> {
  return new Promise((resolve) => {
    const giveUp = setTimeout(() => socket.destroy(), limits.connect);
    const finish = () => {
      clearTimeout(giveUp);
      resolve();
    };
    // It closes then, while it waits for its request as before.
    socket.on('error', () => undefined);
    socket.once('close', finish);
    socket.once(ready, () => {
      keep(socket);
      finish();
    });
  });
}

/** One that the server has closed, or has said something on before it was asked, is not. */
function isUsable(socket: Socket): boolean {
  return !socket.destroyed && socket.writable && !socket.readableEnded && socket.readableLength === 0;
}
