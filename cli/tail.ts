import { type AccountChoice, openAccount } from './account.ts';
import { type CommandResult, refuse } from './command-line.ts';
import { followCloudWatch, followLocalRun } from './follow-logs.ts';
import { tellLogLine } from './tell-log-line.ts';

export type TailOptions = AccountChoice & { readonly json?: boolean | undefined };

/** `adapter tail`: what happens, as it happens. It ends by Ctrl-C, or with the local run. */
export async function tail(
  options: TailOptions,
  signal = interruption(),
  write: (text: string) => void = (text) => process.stdout.write(`${text}\n`),
): Promise<CommandResult> {
  const account = await openAccount(options);
  if (!account.ok) return refuse(account.failure);
  const { url, stackName } = account.value;
  const follow = url === undefined ? followCloudWatch(stackName) : followLocalRun(url);
  const color = options.json !== true && process.stdout.isTTY === true && !process.env.NO_COLOR;
  await follow((text) => {
    const told = options.json === true ? text : tellLogLine(text, color);
    if (told !== undefined) write(told);
  }, signal);
  return { text: '', exitCode: 0 };
}

function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort());
  return controller.signal;
}
