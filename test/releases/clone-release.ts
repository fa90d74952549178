import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The commit of each release, in this repository's own history. */
const RELEASES: Readonly<Record<string, string>> = {
  '0.1.0': 'f1e2f19c17c4fe973e170208c4463021a464931d',
};

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Brings a release back as its users had it: the files of its commit and the packages of its lock file, in a folder that
 * is empty or does not exist yet. Returns the folder's path. Throws an error that a person can act on.
 * @param repository a clone of this repository with its whole history
 */
export function cloneRelease(release: string, directory: string, repository: string = ROOT): string {
  const path = resolve(directory);
  const commit = commitOf(release, repository);
  if (existsSync(path) && readdirSync(path).length > 0) {
    throw new Error(`${path} is not empty. Name an empty folder, or one that does not exist.`);
  }
  mkdirSync(path, { recursive: true });
  const archive = execFileSync('git', ['archive', '--format=tar', commit], {
    cwd: repository,
    maxBuffer: 1_000_000_000,
  });
  execFileSync('tar', ['-x'], { cwd: path, input: archive });
  // What npm says belongs on stderr: the path is all that a script wants to read on stdout.
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: path,
    env: withoutNpm(process.env),
    stdio: ['ignore', 2, 2],
  });
  return path;
}

function commitOf(release: string, repository: string): string {
  const commit = RELEASES[release];
  if (commit === undefined) {
    throw new Error(`There is no release ${release}. There are: ${Object.keys(RELEASES).join(', ')}.`);
  }
  if (git(repository, 'cat-file', '-e', `${commit}^{commit}`) !== undefined) return commit;
  const isShallow = git(repository, 'rev-parse', '--is-shallow-repository') === 'true';
  throw new Error(
    isShallow
      ? `The history is shallow and does not reach ${release} (${commit}). Run: git fetch --unshallow`
      : `${repository} is no clone of this repository: it lacks ${commit}, which is ${release}.`,
  );
}

/** What a git command says; `undefined` where it fails. */
function git(repository: string, ...words: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync('git', words, { cwd: repository, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

/** `npm run` tells its children which package it runs in; the clone is another one. */
function withoutNpm(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^npm_/i.test(name)));
}

if (import.meta.main) {
  const [release, directory] = process.argv.slice(2);
  if (release === undefined || directory === undefined) {
    console.error('Usage: npm run -s clone-release -- RELEASE FOLDER');
    process.exitCode = 2;
  } else {
    try {
      console.log(cloneRelease(release, directory));
    } catch (error) {
      console.error(error instanceof Error ? error.message : error);
      process.exitCode = 1;
    }
  }
}
