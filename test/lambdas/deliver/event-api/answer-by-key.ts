import type { EventRequest } from '../../../../lambdas/deliver/event-api/caller.ts';
import type { Attempt } from '../../../../lambdas/deliver/event-api/verdict.ts';

/** Answers by the event key, so that each event can meet another fate; a call for a key that is not here meets a bug. */
const ANSWERS: Readonly<Record<string, Attempt>> = {
  ann: answered(200, '{"transaction-id":"event_1"}'),
  bob: answered(429, '{"code":429}', '40'),
  cat: answered(200, '{"code":1002}'),
  eve: { kind: 'no-answer', cause: 'timeout' },
};

function answered(status: number, body: string, retryAfter?: string): Attempt {
  return { kind: 'answered', status, retryAfter, body };
}

/** The event key of a request. */
export function keyOf({ body }: Pick<EventRequest, 'body'>): string {
  return /"event-key":"(\w+)"/.exec(body)?.[1] ?? '';
}

/** Webex Campaign, to a deliver function that is set up for a test. */
export async function answerByKey(request: EventRequest): Promise<Attempt> {
  const answer = ANSWERS[keyOf(request)];
  if (answer === undefined) throw new TypeError(`a bug that quotes ${keyOf(request)}`);
  return answer;
}
