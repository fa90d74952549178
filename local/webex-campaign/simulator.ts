import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import * as z from 'zod';
import { parseJson } from '../../lambdas/result.ts';
import { listenOnLoopback } from '../emulator/host.ts';
import {
  type Outage,
  outageReaction,
  outageSchema,
  type Reaction,
  reactionOf,
  type Script,
  type ScriptedAnswer,
  scriptSchema,
  sendAnswer,
  takeScripted,
} from './answers.ts';
import {
  type Definitions,
  EVENT_PATH,
  judgeRequest,
  type ReceivedCall,
  type ReceivedRequest,
  type SimulatedAnswer,
  type Tenant,
} from './judge.ts';

/** The simulated tenant; only its keys have no default. Keys and definitions are read with each request. */
export type SimulatorSettings = Partial<Omit<Tenant, 'keys' | 'definitions'>> & {
  readonly keys: () => readonly string[];
  readonly definitions?: () => Definitions | undefined;
  /** Called with each call as it is answered. */
  readonly onCall?: (call: ReceivedCall) => void;
  /**
   * How many of the latest calls it remembers.
   * @default 10,000
   */
  readonly remembers?: number;
};

export type WebexCampaignSimulator = {
  readonly eventUrl: string;
  /** The calls so far, as many as it remembers, oldest first. */
  readonly received: () => readonly ReceivedCall[];
  /** Dictates the next answers; then the simulator follows the contract again. */
  readonly script: (script: Script) => void;
  /** Fails like this from now on, before any script, or works again. */
  readonly setOutage: (outage: z.input<typeof outageSchema> | undefined) => void;
  /** Refuses connections, or takes them again. Calls that have begun are answered. */
  readonly setAway: (isAway: boolean) => Promise<void>;
  readonly stop: () => Promise<void>;
};

/** What a simulator has seen, and what it is to answer next. */
type State = {
  readonly received: ReceivedCall[];
  /** The number of all calls, including those that it no longer remembers. */
  calls: number;
  readonly scripted: ScriptedAnswer[];
  outage?: Outage | undefined;
};

/** The answers to wrong keys and wrong addresses: the tenant has not read the body. */
const NOT_LET_IN: readonly number[] = [401, 404, 405];

/**
 * Starts a Webex Campaign on a free port of 127.0.0.1 that follows the vendor's contract page. Other processes reach it
 * as well: `GET /_simulator/received`, `POST /_simulator/script` with a list of answers to dictate, and `POST
 * /_simulator/outage` (`control`).
 */
export async function startWebexCampaignSimulator(
  settings: SimulatorSettings,
): Promise<WebexCampaignSimulator> {
  const state: State = { received: [], calls: 0, scripted: [] };
  const { received, scripted } = state;
  const addToScript = (script: readonly ScriptedAnswer[]) => {
    for (const answer of script) scripted.push(...Array<ScriptedAnswer>(answer.times).fill(answer));
  };
  const setOutage = (outage: Outage | undefined) => {
    state.outage = outage;
  };

  const server = createServer(async (message, response) => {
    const request = await readRequest(message).catch(() => undefined);
    if (request === undefined) return;
    if (request.path.startsWith('/_simulator/')) {
      const { status, value } = control(request, { received, addToScript, setOutage });
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
      return;
    }
    sendAnswer(react(request, settings, state), response);
  });
  const { port, url, stop } = await listenOnLoopback(server);
  return {
    eventUrl: `${url}${EVENT_PATH}`,
    received: () => [...received],
    script: (script) => addToScript(scriptSchema.parse(script)),
    setOutage: (outage) => setOutage(outage && outageSchema.parse(outage)),
    setAway: async (isAway) => {
      if (!isAway) await listenAgain(server, port);
      else if (server.listening) server.close();
    },
    stop,
  };
}

/** Reacts to a call as the script says, or else the contract; remembers the call and reports it. */
function react(request: ReceivedRequest, settings: SimulatorSettings, state: State): Reaction {
  const { received, scripted, outage } = state;
  const judged = judge(request, settings, state.calls + 1);
  const isLetIn = !NOT_LET_IN.includes(judged.status);
  const reaction =
    outage === undefined
      ? reactionOf(takeScripted(scripted, request.body, isLetIn), judged)
      : outageReaction(outage, judged, state.calls + 1);
  const { method, path, body } = request;
  const { isAccepted, answer, end } = reaction;
  const call = { method, path, body, isAccepted, ...(answer && end === undefined && { answer }) };
  received.push(call);
  state.calls += 1;
  if (received.length > (settings.remembers ?? 10_000)) received.shift();
  settings.onCall?.(call);
  return reaction;
}

/** Tries for some seconds: an outgoing connection of another program may have taken the port meanwhile. */
async function listenAgain(server: Server, port: number): Promise<void> {
  for (let tries = 0; tries < 100 && !server.listening; tries += 1) {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening').catch(() => wait(100));
  }
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
  { keys, definitions, onCall: _, remembers: __, ...settings }: SimulatorSettings,
  number: number,
): SimulatedAnswer {
  const tenant = {
    keysWithoutEventApi: [],
    eventIdsWithoutRecommendation: [],
    failureStatus: 200 as const,
    ...settings,
    keys: keys(),
    definitions: definitions?.(),
  };
  return judgeRequest(request, tenant, `event_${10_000_000_000_000 + number}`);
}

/** What other processes can see and dictate. */
type Controlled = {
  readonly received: readonly ReceivedCall[];
  readonly addToScript: (script: readonly ScriptedAnswer[]) => void;
  readonly setOutage: (outage: Outage | undefined) => void;
};

/**
 * The simulator's own paths: `GET /_simulator/received` lists the calls so far; `POST /_simulator/script` takes a JSON
 * list of answers, each `{status, body?, headers?, delayMilliseconds?, cut?}`, `{judgeAfterMilliseconds}`, `{hang: true}` or
 * `{reset: true}`, with `times`, `for` (an event id or key) and `accepts`; `POST /_simulator/outage` takes `{answer: 502 | 503 |
 * 504 | "time-out"}`, with `retryAfter`, `accepts` and `isFrontWell`, or `null` once it is over.
 */
function control(
  { method, path, body }: ReceivedRequest,
  simulator: Controlled,
): { readonly status: number; readonly value: unknown } {
  if (method === 'GET' && path === '/_simulator/received') return { status: 200, value: simulator.received };
  if (method === 'POST' && path === '/_simulator/script') {
    return take(scriptSchema.safeParse(parseJson(body)), (script) => {
      simulator.addToScript(script);
      return { scripted: script.length };
    });
  }
  if (method === 'POST' && path === '/_simulator/outage') {
    return take(outageSchema.nullable().safeParse(parseJson(body)), (outage) => {
      simulator.setOutage(outage ?? undefined);
      return { outage };
    });
  }
  return { status: 404, value: { message: 'Not found' } };
}

function take<Taken>(
  parsed: z.ZodSafeParseResult<Taken>,
  use: (taken: Taken) => object,
): { readonly status: number; readonly value: unknown } {
  return parsed.success
    ? { status: 200, value: use(parsed.data) }
    : { status: 400, value: { message: z.prettifyError(parsed.error) } };
}
