/** A clock that starts at the true time and runs `speed` times as fast. */
export type FastClock = { readonly anchor: number; readonly speed: number };

/** What the clock shows when it is truly `now` (milliseconds since 1970). */
export function readFastClock({ anchor, speed }: FastClock, now: number): number {
  return anchor + (now - anchor) * speed;
}

/**
 * Replaces this thread's `Date` by the clock. It goes on between turns of the event loop and stands still within one:
 * waits are shortened, work is not. JSONata measures its own time by `Date`, and would seem to take too long.
 */
export function installFastDate(clock: FastClock): void {
  const TrueDate = Date;
  let thisTurn: number | undefined;
  const now = () => {
    if (thisTurn === undefined) {
      thisTurn = readFastClock(clock, TrueDate.now());
      setImmediate(() => {
        thisTurn = undefined;
      });
    }
    return thisTurn;
  };
  globalThis.Date = new Proxy(TrueDate, {
    construct: (target, given) => Reflect.construct(target, given.length === 0 ? [now()] : given),
    get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
  });
}

/** Replaces this thread's `Date` and timers by the clock's, so that all its waits are shorter. */
export function installFastTime(clock: FastClock): void {
  installFastDate(clock);
  const trueTimers = { setTimeout: globalThis.setTimeout, setInterval: globalThis.setInterval };
  const shorten = (target: typeof setTimeout | typeof setInterval) =>
    new Proxy(target, {
      apply: (timer, self, [callback, milliseconds = 0, ...more]) =>
        Reflect.apply(timer, self, [callback, milliseconds / clock.speed, ...more]),
    });
  Object.assign(globalThis, {
    setTimeout: shorten(trueTimers.setTimeout),
    setInterval: shorten(trueTimers.setInterval),
  });
}
