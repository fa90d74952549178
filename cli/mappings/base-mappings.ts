import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
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
    const files = git(directory, 'ls-tree', '-r', '--name-only', '--end-of-options', base).split('\n');
    const found = files.filter((file) => new RegExp(`^[^/]+/${MAPPING_FILE}$`).test(file));
    return succeed(
      found.flatMap((file) => namesIn(git(directory, 'show', '--end-of-options', `${base}:./${file}`))),
    );
  } catch {
    return fail(`${base} is neither a directory nor a git ref that is known here.`);
  }
}

function git(directory: string, ...words: readonly string[]): string {
  return execFileSync('git', ['-C', directory, ...words], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

/** None where the file cannot be read: what it names is not known. */
function namesIn(text: string): readonly NamedSource[] {
  const read = readConfigFile(MAPPING_FILE, text);
  const { data } = namesSchema.safeParse(read.ok ? read.value.value : undefined);
  return data === undefined ? [] : [{ source: data.source, events: data.events.map(({ name }) => name) }];
}
