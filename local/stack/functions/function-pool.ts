import { type FunctionSettings, type Invocation, type Sandbox, startSandbox } from './sandbox.ts';

/** Enough to see concurrency, few enough for a small machine. */
const MAX_SANDBOXES = 10;

/** A function with as many sandboxes as its load has needed so far. */
export type FunctionPool = {
  readonly settings: FunctionSettings;
  readonly invoke: (event: unknown) => Promise<Invocation>;
  /** Ends every sandbox, in the middle of its work, as a crash would; says how many were at work. */
  readonly killWorkers: () => Promise<number>;
  readonly stop: () => Promise<void>;
};

/** Runs a function as Lambda does: a warm sandbox where one is free, a new one up to the limit, else the call waits. */
export function createFunctionPool(settings: FunctionSettings, onLine: (text: string) => void): FunctionPool {
  const sandboxes = new Set<Sandbox>();
  const idle: Sandbox[] = [];
  const waiting: (() => void)[] = [];

  const take = async (): Promise<Sandbox> => {
    const free = idle.pop();
    if (free !== undefined) return free;
    if (sandboxes.size >= MAX_SANDBOXES) {
      await new Promise<void>((resolve) => waiting.push(resolve));
      return take();
    }
    const sandbox = startSandbox(settings, onLine);
    sandboxes.add(sandbox);
    return sandbox;
  };
  const giveBack = (sandbox: Sandbox) => {
    if (sandbox.isAlive()) idle.push(sandbox);
    else sandboxes.delete(sandbox);
    waiting.shift()?.();
  };

  return {
    settings,
    invoke: async (event) => {
      const sandbox = await take();
      const invocation = await sandbox.invoke(event);
      if (!invocation.ok) onLine(invocation.failure);
      giveBack(sandbox);
      return invocation;
    },
    killWorkers: async () => {
      const all = [...sandboxes];
      const working = all.length - idle.length;
      sandboxes.clear();
      idle.length = 0;
      await Promise.all(all.map((sandbox) => sandbox.stop()));
      return working;
    },
    stop: async () => void (await Promise.all([...sandboxes].map((sandbox) => sandbox.stop()))),
  };
}
