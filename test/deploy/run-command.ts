import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

export type CommandSettings = {
  readonly cwd: string;
  /** The whole environment: nothing of this process's is added. */
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
};

export type CommandOutput = { readonly exitCode: number; readonly stdout: string; readonly stderr: string };

/** Runs a shell command to its end; with the signal it and all it has started are killed. */
export async function runCommand(
  command: string,
  { cwd, env, signal }: CommandSettings,
): Promise<CommandOutput> {
  signal.throwIfAborted();
  const child = spawn('sh', ['-c', command], {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const kill = () => killGroup(child, 'SIGKILL');
  signal.addEventListener('abort', kill, { once: true });
  try {
    const [stdout, stderr, [exitCode]] = await Promise.all([
      textOf(child.stdout),
      textOf(child.stderr),
      once(child, 'close') as Promise<[number | null]>,
    ]);
    signal.throwIfAborted();
    return { exitCode: exitCode ?? 1, stdout, stderr };
  } finally {
    signal.removeEventListener('abort', kill);
  }
}

/** The same, where only success will do: throws what the command said. */
export async function mustRun(command: string, settings: CommandSettings): Promise<string> {
  const { exitCode, stdout, stderr } = await runCommand(command, settings);
  if (exitCode !== 0) throw new Error(`"${command}" ended with ${exitCode}:\n${stdout}\n${stderr}`.trim());
  return stdout;
}

/** Ends a process that leads its own group, and everything in that group. */
export function killGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone: that is what was wanted.
  }
}

async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
