import type { ServerResponse } from 'node:http';
import * as z from 'zod';
import { parseJson } from '../../lambdas/result.ts';
import type { SimulatedAnswer } from './judge.ts';

/** What the simulator does with a call. */
export type Reaction = {
  /** Missing where it never answers. */
  readonly answer?: SimulatedAnswer;
  /** Whether the tenant has taken the event: what its customer gets, whatever is answered. */
  readonly isAccepted: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly delayMilliseconds: number;
  /** How the connection ends without a whole answer. */
  readonly end?: 'reset' | 'cut' | 'hang';
};

const JSON_HEADERS = { 'content-type': 'application/json' };

/** How the simulator reacts to a call: as the script says, or else the contract. */
export function reactionOf(scripted: ScriptedAnswer | undefined, judged: SimulatedAnswer): Reaction {
  if (scripted === undefined) {
    return { answer: judged, isAccepted: isProof(judged), headers: JSON_HEADERS, delayMilliseconds: 0 };
  }
  const reaction = scriptedReaction(scripted, judged);
  return { ...reaction, isAccepted: scripted.accepts ?? reaction.isAccepted };
}

function scriptedReaction(scripted: ScriptedAnswer, judged: SimulatedAnswer): Reaction {
  const silent = { headers: JSON_HEADERS, delayMilliseconds: 0, isAccepted: false };
  if ('hang' in scripted) return { ...silent, end: 'hang' };
  if ('reset' in scripted) return { ...silent, end: 'reset' };
  if ('judgeAfterMilliseconds' in scripted) {
    const { judgeAfterMilliseconds: delayMilliseconds } = scripted;
    return { ...silent, answer: judged, isAccepted: isProof(judged), delayMilliseconds };
  }
  const { status, body, headers, delayMilliseconds, cut } = scripted;
  const answer = { status, body: typeof body === 'string' ? body : JSON.stringify(body) };
  if (cut) return { answer, isAccepted: false, headers, delayMilliseconds, end: 'cut' };
  return { answer, isAccepted: isProof(answer), headers, delayMilliseconds };
}

const proofSchema = z.looseObject({ 'transaction-id': z.string(), code: z.undefined().optional() });

function isProof({ status, body }: SimulatedAnswer): boolean {
  return status < 300 && proofSchema.safeParse(parseJson(body)).success;
}

/** Sends the reaction over the connection. */
export function sendAnswer(
  { answer, headers, delayMilliseconds, end }: Reaction,
  response: ServerResponse,
): void {
  if (end === 'hang') return;
  if (end === 'reset' || answer === undefined) {
    response.socket?.resetAndDestroy();
    return;
  }
  const send = () => {
    if (end === 'cut') cutOff(answer, response);
    else response.writeHead(answer.status, headers).end(answer.body);
  };
  const timer = setTimeout(send, delayMilliseconds);
  response.once('close', () => clearTimeout(timer));
}

/** Announces more bytes than it sends, and closes the connection. */
function cutOff({ status, body }: SimulatedAnswer, response: ServerResponse): void {
  response.writeHead(status, { ...JSON_HEADERS, 'content-length': Buffer.byteLength(body) + 1 });
  response.write(body, () => response.socket?.destroy());
}

/**
 * How the simulated tenant fails, as long as it does. Only calls that are good can be accepted before the failure is
 * answered: a probe never is.
 */
export const outageSchema = z.strictObject({
  /** The status of a gateway, or a call that is never answered. */
  answer: z.union([z.literal([502, 503, 504]), z.literal('time-out')]),
  /** The value of `Retry-After`. */
  retryAfter: z.string().optional(),
  /** Whether the tenant takes the event before it fails: always, never, or every other time. */
  accepts: z.union([z.boolean(), z.literal('by-turns')]).default(false),
  /** Whether address, key and fields are still checked in front of it: bad calls are answered as ever. */
  isFrontWell: z.boolean().default(false),
});

export type Outage = z.output<typeof outageSchema>;

const GATEWAY_PAGE = '<html><body>The server behind this gateway does not answer</body></html>';

/** How the simulator reacts to a call during an outage. @param number of the call, from 1 */
export function outageReaction(outage: Outage, judged: SimulatedAnswer, number: number): Reaction {
  const isGood = isProof(judged);
  if (outage.isFrontWell && !isGood) return reactionOf(undefined, judged);
  const accepts = outage.accepts === 'by-turns' ? number % 2 === 0 : outage.accepts;
  const common = { isAccepted: accepts && isGood, delayMilliseconds: 0 };
  if (outage.answer === 'time-out') return { ...common, headers: {}, end: 'hang' };
  const { retryAfter } = outage;
  const headers = {
    'content-type': 'text/html',
    ...(retryAfter !== undefined && { 'retry-after': retryAfter }),
  };
  return { ...common, headers, answer: { status: outage.answer, body: GATEWAY_PAGE } };
}

/** What all kinds of scripted answers have. */
const common = {
  times: z.int().min(1).default(1),
  /** Only for calls with this event id, this event key, or both; without it, for whatever call comes next. */
  for: z.strictObject({ 'event-id': z.string().optional(), 'event-key': z.string().optional() }).default({}),
  /**
   * Whether the tenant has taken the event, whatever it answers: it can break down after that as well as before.
   * Without it, only an answer that says so has.
   */
  accepts: z.boolean().optional(),
};

/** An answer that a test or a person dictates, in the place of the simulator's own judgement. */
const scriptedAnswerSchema = z.union([
  z.strictObject({
    status: z.int().min(200).max(599),
    /** Sent as it is; an object is sent as JSON. */
    body: z.union([z.string(), z.record(z.string(), z.unknown())]).default(''),
    headers: z.record(z.string(), z.string()).default({}),
    delayMilliseconds: z.int().min(0).default(0),
    /** Closes the connection in the middle of the answer. */
    cut: z.literal(true).optional(),
    ...common,
  }),
  /** Judges the request by the contract, but only after so long. */
  z.strictObject({ judgeAfterMilliseconds: z.int().min(0), ...common }),
  /** Reads the request and never answers. */
  z.strictObject({ hang: z.literal(true), ...common }),
  /** Closes the connection once the request was read. */
  z.strictObject({ reset: z.literal(true), ...common }),
]);

/** The next answers, in their order. */
export const scriptSchema = z.array(scriptedAnswerSchema);

export type Script = z.input<typeof scriptSchema>;
export type ScriptedAnswer = z.output<typeof scriptedAnswerSchema>;

const calledSchema = z.object({ 'event-id': z.unknown().optional(), 'event-key': z.unknown().optional() });

/**
 * Takes the first answer off a script that is meant for this request. An answer for certain events is given only where the
 * key is valid: a server checks the key before it reads the body.
 */
export function takeScripted(
  script: ScriptedAnswer[],
  body: string,
  isLetIn: boolean,
): ScriptedAnswer | undefined {
  if (script.length === 0) return undefined;
  const called = calledSchema.safeParse(parseJson(body)).data ?? {};
  const index = script.findIndex(({ for: target }) =>
    MEMBERS.every((name) => target[name] === undefined || (isLetIn && target[name] === called[name])),
  );
  return index < 0 ? undefined : script.splice(index, 1)[0];
}

const MEMBERS = ['event-id', 'event-key'] as const;
