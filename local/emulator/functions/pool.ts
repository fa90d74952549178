import type { ThreadMemory } from '../thread-memory.ts';
import { type FunctionSettings, type Invocation, type Sandbox, startSandbox } from './sandbox.ts';

/** Enough to see concurrency, few enough for a small machine. */
const MAX_SANDBOXES = 10;

/** A function with as many sandboxes as its load has needed so far. */
export type FunctionPool = {
  readonly settings: FunctionSettings;
  readonly invoke: (event: unknown) => Promise<Invocation>;
  /** Ends every sandbox in the middle of its work, as a crash would; returns how many were at work. */
  readonly killWorkers: () => Promise<number>;
  /** Lets every sandbox end once its work is done: from here on the code is loaded anew, as after a deploy. */
  readonly renew: () => Promise<void>;
  /** What each sandbox that lives holds. */
  readonly memory: () => Promise<readonly ThreadMemory[]>;
  readonly stop: () => Promise<void>;
};

/** The sandboxes of a function, and the calls that wait for one. */
type Pooled = {
  readonly sandboxes: Set<Sandbox>;
  /** Those of them that are free. */
  readonly idle: Sandbox[];
  /** Those that end once their work is done; no call gets them any more. */
  readonly retired: Set<Sandbox>;
  readonly waiting: (() => void)[];
};

/** Runs a function as Lambda does: a warm sandbox where one is free, a new one up to the limit, else the call waits. */
export function createFunctionPool(settings: FunctionSettings, onLine: (text: string) => void): FunctionPool {
  const pooled: Pooled = { sandboxes: new Set(), idle: [], retired: new Set(), waiting: [] };
  const { sandboxes, idle, retired } = pooled;
  return {
    settings,
    invoke: async (event) => {
      const sandbox = await take(pooled, () => startSandbox(settings, onLine));
      const invocation = await sandbox.invoke(event);
      if (!invocation.ok) onLine(invocation.failure);
      giveBack(pooled, sandbox);
      return invocation;
    },
    killWorkers: async () => {
      const all = [...sandboxes];
      const free = idle.splice(0);
      sandboxes.clear();
      await stopAll(all);
      return all.length - free.length;
    },
    renew: async () => {
      const free = idle.splice(0);
      for (const sandbox of sandboxes) if (!free.includes(sandbox)) retired.add(sandbox);
      sandboxes.clear();
      await stopAll(free);
    },
    memory: () => measureAll([...sandboxes]),
    stop: () => stopAll([...sandboxes, ...retired]),
  };
}

/** A sandbox that is free, or a new one; where there are as many as may be, the next that is given back. */
async function take(pooled: Pooled, start: () => Sandbox): Promise<Sandbox> {
  const { sandboxes, idle, waiting } = pooled;
  const free = idle.pop();
  if (free !== undefined) return free;
  if (sandboxes.size >= MAX_SANDBOXES) {
    await new Promise<void>((resolve) => waiting.push(resolve));
    return take(pooled, start);
  }
  const sandbox = start();
  sandboxes.add(sandbox);
  return sandbox;
}

function giveBack({ sandboxes, idle, retired, waiting }: Pooled, sandbox: Sandbox): void {
  if (sandbox.isAlive() && sandboxes.has(sandbox)) idle.push(sandbox);
  else sandboxes.delete(sandbox);
  // It was at work when it was retired.
  if (retired.delete(sandbox)) void sandbox.stop();
  waiting.shift()?.();
}

/** Leaves out a sandbox that ends meanwhile. */
async function measureAll(sandboxes: readonly Sandbox[]): Promise<readonly ThreadMemory[]> {
  const measured = await Promise.allSettled(sandboxes.map((sandbox) => sandbox.memory()));
  return measured.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
}

async function stopAll(sandboxes: readonly Sandbox[]): Promise<void> {
  await Promise.all(sandboxes.map((sandbox) => sandbox.stop()));
}

/** What can be done to functions by a part of their names. */
export type NamedFunctions = {
  /** Ends their threads, as a crash would; returns how many were at work. */
  readonly killWorkers: (name: string) => Promise<number>;
  /** What each of their threads holds. */
  readonly memoryOf: (name: string) => Promise<readonly ThreadMemory[]>;
  /** Has every function load its code anew, once its work at hand is done: as a deploy does. */
  readonly renewFunctions: () => Promise<void>;
};

export function byPartOfName(pools: readonly FunctionPool[]): NamedFunctions {
  const named = (name: string) => pools.filter(({ settings }) => settings.name.includes(name));
  return {
    killWorkers: async (name) => {
      const killed = await Promise.all(named(name).map((pool) => pool.killWorkers()));
      return killed.reduce((sum, one) => sum + one, 0);
    },
    renewFunctions: async () => void (await Promise.all(pools.map((pool) => pool.renew()))),
    memoryOf: async (name) => (await Promise.all(named(name).map((pool) => pool.memory()))).flat(),
  };
}
