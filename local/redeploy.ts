import { cp } from 'node:fs/promises';
import { fail, type Result, succeed } from '../lambdas/result.ts';
import { readTemplate, type Template } from './stack/template/read-template.ts';
import { LOCAL_STACK, synthesize } from './synthesize.ts';

/**
 * Synthesizes again and puts the new code and mappings in the place of the running functions', as a deploy does: queues
 * and ledger stay. A template that has changed otherwise needs a restart, and is refused.
 */
export async function redeploy(
  running: {
    readonly assembly: string;
    readonly eventUrl: string;
    readonly renewFunctions: () => Promise<void>;
  },
  mappings?: string,
): Promise<Result<void, string>> {
  const assembly = await synthesize(running.eventUrl, mappings);
  if (!assembly.ok) return assembly;
  try {
    const before = codeOf(await readTemplate(running.assembly, LOCAL_STACK));
    const after = codeOf(await readTemplate(assembly.value.directory, LOCAL_STACK));
    if (before.rest !== after.rest)
      return fail('The template has changed beyond the functions’ code: restart.');
    for (const [id, directory] of before.directories) {
      await cp(after.directories.get(id) ?? directory, directory, { recursive: true, force: true });
    }
    await running.renewFunctions();
    return succeed(undefined);
  } finally {
    await assembly.value.remove();
  }
}

/** Where each function's code lies, and all else of the template, in which nothing may have changed. */
function codeOf({ Resources, assets }: Template) {
  const directories = new Map<string, string>();
  for (const [id, resource] of Object.entries(Resources)) {
    const hash = /"S3Key":"([0-9a-f]+)\.zip"/.exec(JSON.stringify(resource))?.[1];
    const directory = hash === undefined ? undefined : assets.get(hash);
    if (directory !== undefined) directories.set(id, directory);
  }
  const hashes = /[0-9a-f]{64}(?=\.zip)/g;
  return { directories, rest: withoutOutputs(JSON.stringify(Resources).replaceAll(hashes, '')) };
}

/** CDK's own metadata names the constructs, not what they are made of. */
function withoutOutputs(text: string): string {
  return text.replaceAll(/"aws:asset:path":"[^"]*"/g, '');
}
