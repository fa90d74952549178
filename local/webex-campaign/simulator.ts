import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { control } from './control.ts';
import { EVENT_PATH, judgeRequest, type ReceivedRequest, type Tenant } from './judge-request.ts';
import { type Script, type ScriptedAnswer, scriptSchema } from './scripted-answer.ts';

/** The simulated tenant; only its keys have no default. The keys are asked for anew with each request. */
export type SimulatorSettings = Partial<Omit<Tenant, 'keys'>> & {
  readonly keys: () => readonly string[];
  /** Told of each call as it is answered. */
  readonly onCall?: (call: ReceivedCall) => void;
};

/** A call as the simulator saw it and answered it. The bearer key is left out. */
export type ReceivedCall = {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  /** Missing when the script had it hang or reset. */
  readonly answer?: { readonly status: number; readonly body: string };
};

export type WebexCampaignSimulator = {
  readonly eventUrl: string;
  /** Every call so far, oldest first. */
  readonly received: () => readonly ReceivedCall[];
  /** Dictates the next answers; afterwards the contract is followed again. */
  readonly script: (script: Script) => void;
  readonly stop: () => Promise<void>;
};

/**
 * Starts a Webex Campaign on a free port of 127.0.0.1 that follows the vendor's contract page. Other processes reach it
 * as well: `GET /_simulator/received`, and `POST /_simulator/script` with a list of answers to dictate (`control.ts`).
 */
export async function startWebexCampaignSimulator(
  settings: SimulatorSettings,
): Promise<WebexCampaignSimulator> {
  const received: ReceivedCall[] = [];
  const scripted: ScriptedAnswer[] = [];
  const addToScript = (script: readonly ScriptedAnswer[]) => {
    for (const answer of script) scripted.push(...Array<ScriptedAnswer>(answer.times).fill(answer));
  };

  const server = createServer(async (message, response) => {
    const request = await readRequest(message).catch(() => undefined);
    if (request === undefined) return;
    if (request.path.startsWith('/_simulator/')) {
      const { status, value } = control(request, { received, addToScript });
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
      return;
    }
    const answer = scripted.shift() ?? judge(request, settings, received.length + 1);
    const { method, path, body } = request;
    const call = { method, path, body, ...('status' in answer && { answer: textOf(answer) }) };
    received.push(call);
    settings.onCall?.(call);
    send(answer, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  return {
    eventUrl: `http://127.0.0.1:${port}${EVENT_PATH}`,
    received: () => [...received],
    script: (script) => addToScript(scriptSchema.parse(script)),
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function readRequest(message: IncomingMessage): Promise<ReceivedRequest> {
  const chunks: Buffer[] = await message.toArray();
  return {
    method: message.method ?? '',
    path: message.url ?? '',
    authorization: message.headers.authorization,
    contentType: message.headers['content-type'],
    body: Buffer.concat(chunks).toString('utf8'),
  };
}

function judge(
  request: ReceivedRequest,
  { keys, onCall: _, ...settings }: SimulatorSettings,
  number: number,
): ScriptedAnswer {
  const tenant = {
    keysWithoutEventApi: [],
    eventIdsWithoutRecommendation: [],
    failureStatus: 200 as const,
    ...settings,
    keys: keys(),
  };
  const transactionId = `event_${10_000_000_000_000 + number}`;
  return {
    ...judgeRequest(request, tenant, transactionId),
    headers: { 'content-type': 'application/json' },
    delayMilliseconds: 0,
    times: 1,
  };
}

function send(answer: ScriptedAnswer, response: ServerResponse): void {
  if ('hang' in answer) return;
  if ('reset' in answer) {
    response.socket?.resetAndDestroy();
    return;
  }
  const { status, body } = textOf(answer);
  const timer = setTimeout(
    () => response.writeHead(status, answer.headers).end(body),
    answer.delayMilliseconds,
  );
  response.once('close', () => clearTimeout(timer));
}

function textOf({ status, body }: Extract<ScriptedAnswer, { status: number }>): {
  status: number;
  body: string;
} {
  return { status, body: typeof body === 'string' ? body : JSON.stringify(body) };
}
