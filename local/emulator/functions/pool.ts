import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { Worker } from 'node:worker_threads';
import * as z from 'zod';
import { fail, type Result, succeed } from '../../../lambdas/result.ts';
import { codeUrl } from '../../../lib/config/terminal.ts';
import { type FastClock, measureThread, type ThreadMemory } from '../host.ts';
import { type Endpoints, REGION, type ResourceOf, type Template } from '../template.ts';

/** Makes a function of the template runnable; fails when its code is not among the assets. */
export function readFunctionSettings(
  { id, properties }: ResourceOf<'AWS::Lambda::Function'>,
  { assets }: Template,
  endpoints: Endpoints,
  clock: FastClock | undefined,
): Result<FunctionSettings, string> {
  const directory = assets.get(properties.Code.S3Key.replace(/\.zip$/, ''));
  if (directory === undefined)
    return fail(`${id}: its code ${properties.Code.S3Key} is not among the assets.`);
  return succeed({
    name: id,
    directory,
    handler: properties.Handler,
    timeoutSeconds: properties.Timeout,
    memoryMegabytes: properties.MemorySize,
    environment: {
      ...slowDown(properties.Environment?.Variables ?? {}, clock),
      ...lambdaEnvironment(id, directory, properties.MemorySize),
      AWS_ENDPOINT_URL_SQS: endpoints.sqs,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoints.secretsManager,
      AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamoDb,
    },
    ...(clock && { clock }),
  });
}

/**
 * A claim's lease has to last for as long as a function may truly run: on a fast clock, that many times longer. Timeouts
 * are limits and not waits, and stay real.
 */
function slowDown(
  { LEASE_SECONDS: lease, ...variables }: Readonly<Record<string, string>>,
  clock: FastClock | undefined,
): Readonly<Record<string, string>> {
  if (lease === undefined) return variables;
  return { ...variables, LEASE_SECONDS: String(Math.ceil(Number(lease) * (clock?.speed ?? 1))) };
}

/** What Lambda itself sets. Source: Lambda developer guide, "Defined runtime environment variables". */
function lambdaEnvironment(name: string, directory: string, memoryMegabytes: number): Record<string, string> {
  return {
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    // Whose role a request is made with: whoever stands before a service can tell by it.
    AWS_ACCESS_KEY_ID: name,
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMegabytes),
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    LAMBDA_TASK_ROOT: directory,
    TZ: ':UTC',
  };
}

/** A function of the template, ready to be run. */
type FunctionSettings = {
  readonly name: string;
  /** Where its code lies. */
  readonly directory: string;
  /** `file.export` */
  readonly handler: string;
  readonly timeoutSeconds: number;
  readonly memoryMegabytes: number;
  readonly environment: Readonly<Record<string, string>>;
  /** For functions that are fed by a queue: they compare with its timestamps. */
  readonly clock?: FastClock;
};

/** What came of an invocation: what the handler returned, or what Lambda would report. */
export type Invocation = Result<unknown, string>;

/** One execution environment: a thread with its own environment, which works on one invocation at a time. */
type Sandbox = {
  readonly invoke: (event: unknown) => Promise<Invocation>;
  /** Whether it can be invoked again; not after a crash or a timeout. */
  readonly isAlive: () => boolean;
  readonly memory: () => Promise<ThreadMemory>;
  readonly stop: () => Promise<void>;
};

const outcomeSchema = z.union([z.object({ value: z.unknown() }), z.object({ error: z.string() })]);

/** Starts a thread that loads the function's code; `onLine` gets each line that it prints. */
function startSandbox(settings: FunctionSettings, onLine: (text: string) => void): Sandbox {
  const { environment, timeoutSeconds, ...workerData } = settings;
  const worker = new Worker(codeUrl(new URL('./sandbox-thread.ts', import.meta.url)), {
    env: { ...environment },
    workerData,
    stdout: true,
    stderr: true,
  });
  for (const input of [worker.stdout, worker.stderr]) createInterface({ input }).on('line', onLine);

  const life = watchLife(worker);
  return {
    isAlive: life.isAlive,
    memory: () => measureThread(worker),
    stop: async () => void (await worker.terminate()),
    invoke: async (event) => {
      await life.ready;
      const { promise, resolve } = Promise.withResolvers<Invocation>();
      life.atEnd(resolve);
      if (!life.isAlive()) return promise;
      // Only from here on: Lambda does not count the cold start against the timeout.
      const timedOut = `Task timed out after ${timeoutSeconds.toFixed(2)} seconds`;
      const timer = setTimeout(life.end, timeoutSeconds * 1000, timedOut);
      run(worker, { event, timeoutSeconds }, resolve);
      const invocation = await promise;
      clearTimeout(timer);
      life.atEnd(() => {});
      if (!life.isAlive()) await worker.terminate();
      return invocation;
    },
  };
}

type Life = {
  /** Once the function's code is loaded, or will never be. */
  readonly ready: Promise<unknown>;
  readonly isAlive: () => boolean;
  /** Declares it ended, unless it is already. */
  readonly end: (failure: string) => void;
  /** What to call at the end, in the place of what was given before; at once, if the end has come. */
  readonly atEnd: (notify: (ended: Invocation) => void) => void;
};

/** The end calls whoever waits: a race with a promise of the end would keep every invocation in memory until then. */
function watchLife(worker: Worker): Life {
  let ended: Invocation | undefined;
  let notifyOfEnd: (ended: Invocation) => void = () => {};
  const end = (failure: string) => {
    ended ??= fail(failure);
    notifyOfEnd(ended);
  };
  const ready = new Promise((resolve) => {
    worker.once('message', resolve);
    worker.once('exit', resolve);
  });
  worker.once('error', (error) => end(`Runtime exited with error: ${error.message}`));
  worker.once('exit', (code) => end(`Runtime exited with exit status ${code}`));
  return {
    ready,
    isAlive: () => ended === undefined,
    end,
    atEnd: (notify) => {
      notifyOfEnd = notify;
      if (ended !== undefined) notify(ended);
    },
  };
}

function run(
  worker: Worker,
  { event, timeoutSeconds }: { readonly event: unknown; readonly timeoutSeconds: number },
  onOutcome: (invocation: Invocation) => void,
): void {
  worker.once('message', (message) => {
    const outcome = outcomeSchema.parse(message);
    onOutcome('error' in outcome ? fail(outcome.error) : succeed(outcome.value));
  });
  worker.postMessage({ requestId: randomUUID(), deadline: Date.now() + timeoutSeconds * 1000, event });
}

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
