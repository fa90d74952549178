import { once } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import { parentPort } from 'node:worker_threads';
import createDynalite from 'dynalite';
import { answerMemory } from './thread-memory.ts';

const server = createDynalite({ createTableMs: 0 });
const setAway = makeAbsentable(server);
parentPort?.on('message', (message) => {
  if (!answerMemory(message)) setAway(message === 'away');
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const address = server.address();
const port = address !== null && typeof address === 'object' ? address.port : 0;
parentPort?.postMessage(`http://127.0.0.1:${port}`);

/** Closing the server would empty the tables: a request is cut off before dynalite sees it. */
function makeAbsentable(tables: Server): (isAway: boolean) => void {
  let isServerAway = false;
  const handlers = tables.listeners('request');
  tables.removeAllListeners('request');
  tables.on('request', (request: IncomingMessage, response) => {
    if (isServerAway) request.socket.destroy();
    else for (const handle of handlers) Reflect.apply(handle, tables, [request, response]);
  });
  return (isAway) => {
    isServerAway = isAway;
  };
}
