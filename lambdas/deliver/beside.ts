/** What can fail beside the verdict of a call. Each is a bug. */
type FaultCode =
  | 'answer-not-judged'
  | 'answer-not-quoted'
  | 'keys-not-updated'
  | 'breaker-not-updated'
  | 'history-not-kept'
  | 'line-not-formatted';

/** A bug beside a call whose verdict stands: `cause` is the name of its error, never the message. */
export type Fault = { readonly code: FaultCode; readonly cause: string };

/** The fault that an error stands for. */
export function faultOf(code: FaultCode, bug: unknown): Fault {
  return { code, cause: bug instanceof Error ? bug.name : 'unknown' };
}

/**
 * Does what must not keep a verdict from being settled. If it throws, the value from before stands, and the fault is
 * added to those that are logged and counted with the event.
 */
export function beside<Value>(
  code: FaultCode,
  { faults, before }: { readonly faults: Fault[]; readonly before: Value },
  work: () => Value,
): Value {
  try {
    return work();
  } catch (bug) {
    faults.push(faultOf(code, bug));
    return before;
  }
}
