import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative, resolve } from 'node:path';
import * as z from 'zod';
import { contractFileOf, type Project } from '../../answers/project.ts';
import { fail, type Result, succeed } from '../../lambdas/result.ts';
import { readConfigFile } from '../../lib/config/file.ts';
import type { NamedSource } from '../../lib/mapping/folders.ts';
import { foldersOf } from '../../lib/mapping/folders.ts';

const MAPPING_FILE = 'mapping.yaml';

/** No more of an earlier mapping file than this is read: it was checked when it was today's. */
const namesSchema = z.object({
  source: z.string(),
  events: z.array(z.object({ name: z.string() })),
});

/**
 * Reads the names of an earlier state of mapping folders; fails with a sentence.
 * @param base a directory with mapping folders, or a git ref, at which the directory of today is looked up
 */
export function readBaseNames(directory: string, base: string): Result<readonly NamedSource[], string> {
  if (existsSync(base)) {
    const files = foldersOf(base).map((folder) => join(base, folder, MAPPING_FILE));
    return succeed(
      files.filter((file) => existsSync(file)).flatMap((file) => namesIn(readFileSync(file, 'utf8'))),
    );
  }
  try {
    const files = git(directory, ['ls-tree', '-r', '--name-only', '--end-of-options', base]).split('\n');
    const found = files.filter((file) => new RegExp(`^[^/]+/${MAPPING_FILE}$`).test(file));
    return succeed(
      found.flatMap((file) => namesIn(git(directory, ['show', '--end-of-options', `${base}:./${file}`]))),
    );
  } catch {
    return fail(`${base} is neither a directory nor a git ref that is known here.`);
  }
}

/** An earlier state of a project. */
export type BaseProject = {
  readonly project: Project;
  /** What a person calls it, with the commit if there is one. */
  readonly name: string;
  /** The path that a file of it has in today's project. */
  readonly pathOf: (file: string) => string;
};

/**
 * Gives an earlier state of a project to `use`; fails with a sentence. What git has of it lies in a temporary folder until
 * then.
 * @param base a directory with mapping folders, or a git ref; without it, the commit at which this work left the main branch
 */
export async function withBaseProject<Used>(
  project: Project,
  base: string | undefined,
  use: (base: BaseProject) => Promise<Used>,
): Promise<Result<Used, string>> {
  if (base !== undefined && existsSync(base)) {
    const mappings = resolve(base);
    const given = { mappings, stagesFile: join(mappings, 'stages.yaml') };
    return succeed(await use({ project: given, name: base, pathOf: (file) => file }));
  }
  const root = realpathSync(dirname(project.stagesFile));
  const commit = base === undefined ? findMergeBase(root) : findCommit(root, base);
  if (!commit.ok) return commit;
  const top = git(root, ['rev-parse', '--show-toplevel']).trimEnd();
  const mappings = join(root, relative(dirname(project.stagesFile), project.mappings));
  if (relative(top, mappings).startsWith('..'))
    return fail(`${mappings} is not in the git repository ${top}.`);

  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'webhook-adapter-base-')));
  try {
    const paths = [root, mappings, contractFileOf({ ...project, mappings })].map((path) =>
      relative(top, path),
    );
    checkOut(top, commit.value.id, { directory, paths: paths.filter((path) => !path.startsWith('..')) });
    const move = (path: string) => join(directory, relative(top, path));
    const moved = { mappings: move(mappings), stagesFile: move(join(root, basename(project.stagesFile))) };
    const pathOf = (file: string) => join(top, relative(directory, file));
    return succeed(await use({ project: moved, name: commit.value.name, pathOf }));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

type Commit = { readonly id: string; readonly name: string };

const SHORT_ID = 8;

function findCommit(directory: string, ref: string): Result<Commit, string> {
  const id = tryGit(directory, ['rev-parse', '--verify', '--end-of-options', `${ref}^{commit}`]);
  if (id === undefined) return fail(formatUnknown(directory, ref));
  return succeed({ id, name: `${ref} (${id.slice(0, SHORT_ID)})` });
}

function formatUnknown(directory: string, ref: string): string {
  const isShallow = tryGit(directory, ['rev-parse', '--is-shallow-repository']) === 'true';
  const hint = isShallow
    ? ' This clone is shallow: fetch all of it (in GitHub Actions, fetch-depth: 0).'
    : '';
  return `${ref} is neither a directory nor a git ref that is known here.${hint}`;
}

/** The usual names of a main branch, if the remote does not say. */
const MAIN_BRANCHES = ['origin/main', 'origin/master', 'main', 'master'];

function findMergeBase(directory: string): Result<Commit, string> {
  const named = tryGit(directory, ['symbolic-ref', '--short', 'refs/remotes/origin/HEAD']);
  const candidates = [...(named === undefined ? [] : [named]), ...MAIN_BRANCHES];
  const main = candidates.find((name) => findCommit(directory, name).ok);
  if (main === undefined) return fail('No main branch is known here. Name what to compare with: --base REF.');
  const id = tryGit(directory, ['merge-base', 'HEAD', main]);
  if (id === undefined) return fail(`HEAD and ${main} have no commit in common here. Give --base REF.`);
  return succeed({ id, name: `the merge base with ${main} (${id.slice(0, SHORT_ID)})` });
}

/** Writes the files of a commit below some paths into a directory. Neither index nor work tree of the repository change. */
function checkOut(
  top: string,
  commit: string,
  { directory, paths }: { readonly directory: string; readonly paths: readonly string[] },
): void {
  const env = { GIT_INDEX_FILE: join(directory, '.index') };
  git(top, ['read-tree', commit], { env });
  const specs = paths.map((path) => `:(top,literal)${path}`);
  const files = git(top, ['ls-files', '-z', '--', ...specs], { env });
  git(top, ['checkout-index', '-z', '--stdin', `--prefix=${directory}/`], { env, input: files });
}

type GitOptions = { readonly input?: string; readonly env?: NodeJS.ProcessEnv };

/** Runs git in a directory, and gives back what it prints. Throws where it fails. */
function git(directory: string, words: readonly string[], { input = '', env }: GitOptions = {}): string {
  return execFileSync('git', ['-C', directory, ...words], {
    encoding: 'utf8',
    input,
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'ignore'],
    maxBuffer: MAX_OUTPUT_BYTES,
  });
}

/** The list of a large repository's files. */
const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;

function tryGit(directory: string, words: readonly string[]): string | undefined {
  try {
    return git(directory, words).trimEnd();
  } catch {
    return undefined;
  }
}

/** None where the file cannot be read: what it names is not known. */
function namesIn(text: string): readonly NamedSource[] {
  const read = readConfigFile(MAPPING_FILE, text);
  const { data } = namesSchema.safeParse(read.ok ? read.value.value : undefined);
  return data === undefined ? [] : [{ source: data.source, events: data.events.map(({ name }) => name) }];
}
