/**
 * A value, or the promise of one. To wait for each value of a mapping, where almost none is a promise, would take longer
 * than all else that is done for them.
 */
export type Soon<Value> = Value | Promise<Value>;

/** Goes on with a value: at once, unless it has to be waited for. */
export function after<Value, Next>(value: Soon<Value>, next: (value: Value) => Soon<Next>): Soon<Next> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** Does something for each of a list, one after the other; at once, unless one has to be waited for. */
export function inTurn<Item, Done>(
  items: readonly Item[],
  work: (item: Item, index: number) => Soon<Done>,
): Soon<readonly Done[]> {
  const done: Done[] = [];
  for (const item of items) {
    const one = work(item, done.length);
    if (one instanceof Promise) return finish(one, done, items, work);
    done.push(one);
  }
  return done;
}

async function finish<Item, Done>(
  first: Promise<Done>,
  done: Done[],
  items: readonly Item[],
  work: (item: Item, index: number) => Soon<Done>,
): Promise<readonly Done[]> {
  done.push(await first);
  for (const item of items.slice(done.length)) done.push(await work(item, done.length));
  return done;
}
