import type { ServerResponse } from 'node:http';
import * as z from 'zod';
import type { SimulatedAnswer } from './judge-request.ts';
import type { ScriptedAnswer } from './scripted-answer.ts';

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

/** What becomes of a call: as the script has it, or else as the contract has it. */
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
  try {
    return status < 300 && proofSchema.safeParse(JSON.parse(body)).success;
  } catch {
    return false;
  }
}

/** Does it to the connection. */
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

/** Promises more than it sends. */
function cutOff({ status, body }: SimulatedAnswer, response: ServerResponse): void {
  response.writeHead(status, { ...JSON_HEADERS, 'content-length': Buffer.byteLength(body) + 1 });
  response.write(body, () => response.socket?.destroy());
}
