import * as z from 'zod';
import { parseJson } from '../../lambdas/parse-json.ts';
import type { ReceivedCall, ReceivedRequest } from './judge-request.ts';
import { type ScriptedAnswer, scriptSchema } from './scripted-answer.ts';

/** What can be seen and dictated from outside of the simulator's process. */
export type Controlled = {
  readonly received: readonly ReceivedCall[];
  readonly addToScript: (script: readonly ScriptedAnswer[]) => void;
};

/**
 * The simulator's own paths: `GET /_simulator/received` lists the calls so far; `POST /_simulator/script` takes a JSON
 * list of answers, each `{status, body?, headers?, delayMilliseconds?, cut?}`, `{judgeAfterMilliseconds}`, `{hang: true}` or
 * `{reset: true}`, with `times`, `for` (an event id or key) and `accepts`.
 */
export function control(
  { method, path, body }: ReceivedRequest,
  simulator: Controlled,
): { readonly status: number; readonly value: unknown } {
  if (method === 'GET' && path === '/_simulator/received') return { status: 200, value: simulator.received };
  if (method !== 'POST' || path !== '/_simulator/script')
    return { status: 404, value: { message: 'Not found' } };

  const script = scriptSchema.safeParse(parseJson(body));
  if (!script.success) return { status: 400, value: { message: z.prettifyError(script.error) } };
  simulator.addToScript(script.data);
  return { status: 200, value: { scripted: script.data.length } };
}
