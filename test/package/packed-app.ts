import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PACKAGE = 'webex-campaign-webhook-adapter';

type Ended = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** The example app in a folder of its own, far from the repository, with the packed package installed. */
export type PackedApp = {
  readonly directory: string;
  /** Runs a program of the app's `node_modules/.bin`, or `node`, as a person would who stands in its folder; of a project, any. */
  readonly run: (program: string, ...args: readonly string[]) => Promise<Ended>;
  readonly remove: () => void;
};

/** A project that `init` has written from the packed package, with its dependencies installed and its tests run. */
export async function initPackedProject(sources: string): Promise<PackedApp> {
  const scratch = mkdtempSync(join(tmpdir(), 'webhook-adapter-project-'));
  const directory = join(scratch, 'my-bridge');
  const remove = () => rmSync(scratch, { recursive: true, force: true });
  try {
    const tarball = join(
      scratch,
      tarballOf(await npm(ROOT, 'pack', '--json', '--pack-destination', scratch)),
    );
    const init = ['--yes', '--prefer-offline', '-p', tarball, 'webhook-adapter', 'init', directory];
    const { code, stderr } = await runIn(scratch, 'npx', [...init, '--sources', sources]);
    if (code !== 0) throw new Error(`init ended with ${code}:\n${stderr}`);
  } catch (error) {
    remove();
    throw error;
  }
  const run = (program: string, ...args: readonly string[]) => runIn(directory, program, args);
  return { directory, run, remove };
}

/** Packs the package and installs it; throws what npm said if that fails, be it that the registry is not there. */
export async function installPackedApp(): Promise<PackedApp> {
  const scratch = mkdtempSync(join(tmpdir(), 'webhook-adapter-package-'));
  const directory = join(scratch, 'own-app');
  const remove = () => rmSync(scratch, { recursive: true, force: true });
  try {
    const packed = await npm(ROOT, 'pack', '--json', '--pack-destination', scratch);
    cpSync(join(ROOT, 'test/package/own-app'), directory, { recursive: true });
    dependOn(join(directory, 'package.json'), join(scratch, tarballOf(packed)));
    await npm(directory, 'install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error');
  } catch (error) {
    remove();
    throw error;
  }
  const run = (program: string, ...args: readonly string[]) =>
    program === 'node'
      ? runIn(directory, process.execPath, args)
      : runIn(directory, join(directory, 'node_modules/.bin', program), args);
  return { directory, run, remove };
}

/** The build's own output goes to stdout, too, before npm's JSON. */
function tarballOf(packed: string): string {
  const name = /"filename": "([^"]+\.tgz)"/.exec(packed)?.[1];
  if (name === undefined) throw new Error(`npm pack has named no tarball:\n${packed}`);
  return name;
}

function dependOn(file: string, tarball: string): void {
  const manifest = JSON.parse(readFileSync(file, 'utf8'));
  manifest.dependencies[PACKAGE] = `file:${tarball}`;
  writeFileSync(file, JSON.stringify(manifest, null, 2));
}

async function npm(directory: string, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runIn(directory, 'npm', args);
  if (code !== 0) throw new Error(`"npm ${args.join(' ')}" ended with ${code}:\n${stdout}\n${stderr}`);
  return stdout;
}

function runIn(cwd: string, program: string, args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(program, args, { cwd, env: environment(), maxBuffer: 2 ** 26 }, (error, stdout, stderr) =>
      resolve({
        code: typeof error?.code === 'number' ? error.code : error === null ? 0 : 1,
        stdout,
        stderr,
      }),
    );
  });
}

/** Nothing of the `npm test` that runs this, and no account; the Node.js that runs this is the one that is found. */
function environment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_OPTIONS|AWS_|PORT$)/i.test(name));
  const PATH = [dirname(process.execPath), process.env.PATH].join(delimiter);
  return { ...Object.fromEntries(own), PATH };
}
