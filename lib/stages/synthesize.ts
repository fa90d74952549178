import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fail, type Result, succeed } from '../../lambdas/result.ts';

/** The app of this repository, and of the package: the stages of the working directory. */
const APP = join(import.meta.dirname, '../../bin', `app${extname(import.meta.url)}`);

/** The stage of `stages.yaml` that runs on this machine. */
export const LOCAL_STAGE = 'local';
export const LOCAL_STACK = stackNameOf(LOCAL_STAGE);

/** The stack that a stage becomes. */
export function stackNameOf(stage: string): string {
  return `webhook-adapter-${stage}`;
}

/** A synthesized app in a temporary directory. */
export type Assembly = {
  readonly directory: string;
  readonly remove: () => Promise<void>;
};

/**
 * Synthesizes the app as `cdk deploy` would, with the given event URL; fails with what the synth reported. The directory
 * lies outside the repository, as Lambda's does: no bundle can reach its `node_modules` or `package.json`.
 * @param mappings a directory of mapping folders, in the place of the project's own
 */
export function synthesize(eventUrl: string, mappings?: string): Promise<Result<Assembly, string>> {
  return synthesizeWith({ stage: LOCAL_STAGE, 'event-url': eventUrl, mappings });
}

/** Synthesizes the app with these context values. */
export async function synthesizeWith(
  context: Readonly<Record<string, string | undefined>>,
): Promise<Result<Assembly, string>> {
  const directory = await mkdtemp(join(tmpdir(), 'webhook-adapter-'));
  const remove = () => rm(directory, { recursive: true, force: true });
  const failure = await runApp({
    CDK_OUTDIR: directory,
    CDK_CONTEXT_JSON: JSON.stringify(context),
  });
  if (failure === undefined) return succeed({ directory, remove });
  await remove();
  return fail(failure);
}

function runApp(settings: Readonly<Record<string, string>>): Promise<string | undefined> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, NODE_OPTIONS: '', ...settings } };
    execFile(process.execPath, [APP], options, (error, _stdout, stderr) =>
      resolve(error === null ? undefined : stderr.trim() || error.message),
    );
  });
}
