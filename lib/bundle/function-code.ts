import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where the package has a handler's bundle: in the place of its source. */
export function builtBundleOf(entry: string): string {
  return entry.replace(/\.ts$/, '.bundle');
}

/**
 * The files of a handler's bundle, by their names. The package brings them, built by `bundleHandler` as well; a clone makes
 * them at every synth.
 */
export function functionCode(entry: string): Files {
  const built = builtBundleOf(entry);
  return existsSync(built) ? readFiles(built) : bundleOnce(entry);
}

type Files = ReadonlyMap<string, Buffer>;

const bundled = new Map<string, Files>();

/** An app has several stacks, whose functions differ by their catalogues only. */
function bundleOnce(entry: string): Files {
  const known = bundled.get(entry);
  if (known !== undefined) return known;
  const directory = mkdtempSync(join(tmpdir(), 'webhook-adapter-bundle-'));
  bundleInProcess(entry, directory);
  const files = readFiles(directory);
  rmSync(directory, { recursive: true });
  bundled.set(entry, files);
  return files;
}

function readFiles(directory: string): Files {
  return new Map(readdirSync(directory).map((file) => [file, readFileSync(join(directory, file))]));
}

const BUNDLER = new URL('bundle-function.ts', import.meta.url).href;

/** A process of its own: constructs cannot wait, and esbuild's plugins cannot be had without. */
function bundleInProcess(entry: string, directory: string): void {
  const script = `
    import { bundleHandler } from ${JSON.stringify(BUNDLER)};
    await bundleHandler(...process.argv.slice(1));`;
  execFileSync(process.execPath, ['--input-type=module', '--eval', script, entry, directory], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}
