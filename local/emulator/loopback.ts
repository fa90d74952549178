import { once } from 'node:events';
import type { Server } from 'node:http';

/** Where a server is reached, and the means to end it: its connections go with it. */
export type Loopback = { readonly port: number; readonly url: string; readonly stop: () => Promise<void> };

/** Has a server listen on a port of 127.0.0.1; 0 takes a free one. Throws when the port is taken. */
export async function listenOnLoopback(server: Server, wanted = 0): Promise<Loopback> {
  server.listen(wanted, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      const closed = server.listening ? once(server, 'close') : undefined;
      if (closed !== undefined) server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
