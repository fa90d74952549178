import { execFile, execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { LOCAL_STACK, LOCAL_STAGE } from '../../lib/stages/synthesize.ts';
import { readTemplate, type Template } from '../../local/emulator/template.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TARBALL = fileURLToPath(
  new URL('../fixtures/releases/webex-campaign-webhook-adapter-0.1.0.tgz', import.meta.url),
);

/** A packed release, as it deploys. */
export type ReleasedFunctions = {
  /** Puts their code, and what the release makes of the mappings, in the place of a running stack's. */
  readonly installInto: (assembly: string) => Promise<void>;
  /** The template of its stack. */
  readonly template: Template;
  readonly remove: () => void;
};

/** The names of the profiles that 0.1.0 has. */
export function releasedProfiles(): readonly string[] {
  const files = execFileSync('tar', ['-tzf', TARBALL], { encoding: 'utf8' });
  return [...files.matchAll(/\/signature-profiles\/([\w-]+)\.js$/gm)].map(([, name = '']) => name);
}

/** Synthesizes mapping folders with the packed 0.1.0: its own code, on this tree's packages. */
export async function synthesizeRelease(
  mappings: string,
  kms: 'managed' | 'customer' = 'managed',
): Promise<ReleasedFunctions> {
  const scratch = mkdtempSync(join(tmpdir(), 'webhook-adapter-release-'));
  execFileSync('tar', ['-xzf', TARBALL, '-C', scratch]);
  const release = join(scratch, 'package');
  symlinkSync(join(ROOT, 'node_modules'), join(release, 'node_modules'));
  const assembly = join(scratch, 'assembly');
  const script = `
    import { App } from 'aws-cdk-lib';
    import { readMappings } from './dist/lib/mappings.js';
    import { WebhookAdapterStack } from './dist/lib/webhook-adapter-stack.js';
    const [outdir, id, stage, mappings, kms] = process.argv.slice(1);
    const app = new App({ outdir });
    const eventUrl = 'http://127.0.0.1:9/events';
    new WebhookAdapterStack(app, id, { eventUrl, stage, kms, mappings: readMappings(mappings) });
    app.synth();`;
  const given = ['--input-type=module', '--eval', script, assembly, LOCAL_STACK, LOCAL_STAGE, mappings, kms];
  await promisify(execFile)(process.execPath, given, {
    cwd: release,
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  return {
    template: await readTemplate(assembly, LOCAL_STACK),
    installInto: async (running) => {
      const [released, current] = await Promise.all([codeOf(assembly), codeOf(running)]);
      for (const [name, directory] of current) {
        const before = released.get(name);
        // A function that the release does not have would be deleted; nothing calls it here.
        if (before !== undefined) cpSync(before, directory, { recursive: true, force: true });
      }
    },
    remove: () => rmSync(scratch, { recursive: true, force: true }),
  };
}

/** Where the code of each function of an assembly lies, by the function's id without its hash. */
async function codeOf(assembly: string): Promise<ReadonlyMap<string, string>> {
  const { Resources, assets } = await readTemplate(assembly, LOCAL_STACK);
  const functions = Object.entries(Resources).filter(([, { Type }]) => Type === 'AWS::Lambda::Function');
  return new Map(
    functions.map(([id, resource]) => {
      const hash = /"S3Key":"([0-9a-f]+)\.zip"/.exec(JSON.stringify(resource))?.[1] ?? '';
      return [id.replace(/[0-9A-F]{8}$/, ''), assets.get(hash) ?? ''];
    }),
  );
}
