/** A clock that stands still while anything can be done, and then jumps to whoever waits for the shortest time. */
export class VirtualTime {
  now = Date.parse('2026-11-24T12:00:00Z');
  readonly #waiting: { readonly at: number; readonly wake: () => void }[] = [];

  readonly sleep = (milliseconds: number): Promise<void> =>
    new Promise((wake) => {
      const at = this.now + milliseconds;
      const index = this.#waiting.findLastIndex((other) => other.at <= at);
      this.#waiting.splice(index + 1, 0, { at, wake });
    });

  /** Lets time pass until nobody waits any more. */
  async run(): Promise<void> {
    for (;;) {
      await new Promise(setImmediate);
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.now = next.at;
      next.wake();
    }
  }
}
