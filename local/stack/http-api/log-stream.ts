import type { ServerResponse } from 'node:http';

/** Hands the lines that the functions print to whoever listens at `GET /logs`, from then on. */
export type LogStream = {
  readonly write: (text: string) => void;
  readonly serve: (response: ServerResponse) => void;
};

export function createLogStream(): LogStream {
  const listeners = new Set<ServerResponse>();
  return {
    write: (text) => {
      // One that does not keep up must not fill this process's memory.
      for (const listener of listeners)
        if (!listener.writableNeedDrain) listener.write(`${text.trimEnd()}\n`);
    },
    serve: (response) => {
      response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).flushHeaders();
      listeners.add(response);
      response.once('close', () => listeners.delete(response));
    },
  };
}
