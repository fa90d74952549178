import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from 'node:tls';

export type MisbehavingServer = {
  readonly url: string;
  /** How many connections there were, and what was read from all of them together. */
  readonly connections: () => number;
  readonly received: () => string;
  readonly stop: () => Promise<void>;
};

/** A TLS server that handles each connection as the test says, once its handshake is done. */
export function startTlsServer(
  options: TlsOptions,
  onConnection: (socket: TLSSocket) => void,
): Promise<MisbehavingServer> {
  return listen(createTlsServer(options), 'secureConnection', 'https', onConnection);
}

/** A TCP server that knows nothing of TLS. */
export function startTcpServer(onConnection: (socket: Socket) => void): Promise<MisbehavingServer> {
  return listen(createServer(), 'connection', 'https', onConnection);
}

const tcpSockets = new Map<number | undefined, Socket>();

/** Resets a connection. A TLS socket cannot do that itself: it is the TCP connection beneath that is reset. */
export function reset({ remotePort }: Socket): void {
  tcpSockets.get(remotePort)?.resetAndDestroy();
}

/** Calls back once for every whole request that a connection brings. */
export function onRequest(socket: Socket, answer: (number: number) => void): void {
  let text = '';
  let requests = 0;
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
    for (let end = endOfRequest(text); end !== undefined; end = endOfRequest(text)) {
      text = text.slice(end);
      requests += 1;
      answer(requests);
    }
  });
}

function endOfRequest(text: string): number | undefined {
  const head = text.indexOf('\r\n\r\n');
  if (head === -1) return undefined;
  const end = head + 4 + Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
  return text.length >= end ? end : undefined;
}

async function listen<Connection extends Socket>(
  server: Server,
  event: 'connection' | 'secureConnection',
  scheme: string,
  onConnection: (socket: Connection) => void,
): Promise<MisbehavingServer> {
  const sockets = new Set<Socket>();
  const chunks: Buffer[] = [];
  let connections = 0;
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    tcpSockets.set(socket.remotePort, socket);
    socket.on('error', () => undefined);
  });
  // A handshake that fails is the client's to report.
  server.on('tlsClientError', () => undefined);
  server.on(event, (socket: Connection) => {
    connections += 1;
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    onConnection(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}/events`,
    connections: () => connections,
    received: () => Buffer.concat(chunks).toString('latin1'),
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
