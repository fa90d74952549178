/** A clock that goes on only when all that could happen now has happened. */
export type VirtualTime = {
  /** Milliseconds since it was started. */
  readonly elapsed: () => number;
  readonly now: () => Date;
  readonly pause: (milliseconds: number) => Promise<void>;
  /** Lets the time pass until a promise is settled. */
  readonly run: <Value>(promise: Promise<Value>) => Promise<Value>;
};

export function createVirtualTime(start: Date): VirtualTime {
  let elapsed = 0;
  const sleepers = new Map<number, (() => void)[]>();
  const wakeNext = () => {
    const next = Math.min(...sleepers.keys());
    const awake = sleepers.get(next) ?? [];
    sleepers.delete(next);
    elapsed = next;
    for (const wake of awake) wake();
  };
  return {
    elapsed: () => elapsed,
    now: () => new Date(start.getTime() + elapsed),
    pause: (milliseconds) =>
      new Promise((resolve) => {
        const at = elapsed + Math.ceil(milliseconds);
        sleepers.set(at, [...(sleepers.get(at) ?? []), resolve]);
      }),
    run: async (promise) => {
      let isSettled = false;
      const settle = () => {
        isSettled = true;
      };
      promise.then(settle, settle);
      for (;;) {
        await new Promise((resolve) => setImmediate(resolve));
        if (isSettled) return promise;
        if (sleepers.size === 0) throw new Error('Nothing can happen any more.');
        wakeNext();
      }
    },
  };
}
