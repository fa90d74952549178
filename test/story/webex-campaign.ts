import { createServer, type ServerResponse } from 'node:http';
import { listenOnLoopback } from '../../local/emulator/host.ts';

/** A call that reached Webex Campaign. */
export type EventCall = {
  readonly key: string;
  readonly bearer: string;
  readonly at: number;
  readonly note?: string;
};

/** How Webex Campaign answers a call; `undefined` never answers. */
export type EventAnswer =
  | { readonly status: number; readonly body: string; readonly retryAfter?: string }
  | undefined;

export const ACCEPTED: EventAnswer = { status: 200, body: '{"transaction-id":"event_1"}' };

/** What a probe is answered, which has no event key. */
const MANDATORY_MISSING: EventAnswer = { status: 200, body: '{"code":1002}' };

/** Starts an event API on a free port of 127.0.0.1 that answers as the test has it. */
export async function startEventApi(
  answer: (call: EventCall) => EventAnswer,
): Promise<{ url: string; stop: () => Promise<void> }> {
  const server = createServer(async (message, response) => {
    const event = JSON.parse(Buffer.concat(await message.toArray()).toString('utf8'));
    const bearer = message.headers.authorization?.replace('Bearer ', '') ?? '';
    const { 'event-key': key = '', 'event-params': { note } = {} } = event;
    const answered = answer({ key, bearer, at: performance.now(), note });
    send(key === '' && answered === ACCEPTED ? MANDATORY_MISSING : answered, response);
  });
  const { url, stop } = await listenOnLoopback(server);
  return { url: `${url}/events`, stop };
}

function send(answer: EventAnswer, response: ServerResponse): void {
  if (answer === undefined) return;
  const headers = answer.retryAfter === undefined ? {} : { 'retry-after': answer.retryAfter };
  response.writeHead(answer.status, headers).end(answer.body);
}
