import type { IncomingMessage, Server } from 'node:http';
import { parentPort } from 'node:worker_threads';
import createDynalite from 'dynalite';
import { answerMemory, listenOnLoopback } from './host.ts';

const server = createDynalite({ createTableMs: 0 });
const setAway = makeAbsentable(server);
parentPort?.on('message', (message) => {
  if (!answerMemory(message)) setAway(message === 'away');
});
const { url } = await listenOnLoopback(server);
parentPort?.postMessage(url);

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
