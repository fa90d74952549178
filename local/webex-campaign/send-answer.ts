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
  const base = { headers: JSON_HEADERS, delayMilliseconds: 0 };
  if (scripted === undefined) return { ...base, answer: judged, isAccepted: isProof(judged) };
  const { accepts } = scripted;
  if ('hang' in scripted) return { ...base, end: 'hang', isAccepted: accepts ?? false };
  if ('reset' in scripted) return { ...base, end: 'reset', isAccepted: accepts ?? false };
  if ('judgeAfterMilliseconds' in scripted) {
    const { judgeAfterMilliseconds: delayMilliseconds } = scripted;
    return { ...base, answer: judged, isAccepted: accepts ?? isProof(judged), delayMilliseconds };
  }
  const { status, body, headers, delayMilliseconds, cut } = scripted;
  const answer = { status, body: typeof body === 'string' ? body : JSON.stringify(body) };
  const isAccepted = accepts ?? (cut === undefined && isProof(answer));
  return { answer, isAccepted, headers, delayMilliseconds, ...(cut && { end: 'cut' }) };
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
