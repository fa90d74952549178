import type { ServerResponse } from 'node:http';

/** So many lines are kept for whoever asks later: hours of a run that somebody watches. */
const KEPT_LINES = 4_000;

/** Hands the lines that the functions print to whoever listens at `GET /logs`, from then on, or asks at `GET /logs/past`. */
export type LogStream = {
  readonly write: (text: string) => void;
  readonly serve: (response: ServerResponse) => void;
  readonly servePast: (response: ServerResponse) => void;
};

export function createLogStream(): LogStream {
  const listeners = new Set<ServerResponse>();
  const past: string[] = [];
  return {
    write: (text) => {
      const line = `${text.trimEnd()}\n`;
      past.push(line);
      if (past.length > KEPT_LINES) past.shift();
      // One that does not keep up must not fill this process's memory.
      for (const listener of listeners) if (!listener.writableNeedDrain) listener.write(line);
    },
    serve: (response) => {
      writeHead(response).flushHeaders();
      listeners.add(response);
      response.once('close', () => listeners.delete(response));
    },
    servePast: (response) => {
      writeHead(response).end(past.join(''));
    },
  };
}

function writeHead(response: ServerResponse): ServerResponse {
  return response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
}
