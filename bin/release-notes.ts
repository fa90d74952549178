import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { print } from '../lib/config/terminal.ts';

// Prints the notes of a release: its section of CHANGELOG.md. Refuses a release that a person has not decided on, or whose
// parts do not fit together. Argument: the tag. `.github/workflows/release.yml` runs it twice.

const manifestSchema = z.object({
  name: z.string(),
  version: z.string(),
  private: z.boolean().optional(),
  repository: z.object({ type: z.literal('git'), url: z.string() }).optional(),
});

type Manifest = z.infer<typeof manifestSchema>;

/** What a release is made from. */
export type Release = {
  readonly manifest: Manifest;
  readonly changelog: string;
  /** As in `v1.2.3`. */
  readonly tag: string;
  /** Owner and name at GitHub; `undefined` on a machine that is none of GitHub's. */
  readonly repository: string | undefined;
  /** As npm says it to the registries: `npm/11.19.1 node/v24.21.0 linux x64`. */
  readonly userAgent: string | undefined;
};

const UNDECIDED =
  'Nothing is published until a person has decided on name, owner and registry: package.json is still "private". Then remove "private" and set "repository" (docs/publishing.md).';

/** The first npm that publishes without a token ("Trusted publishing", docs.npmjs.com). */
const OLDEST_NPM = '11.5.1';

/** Why this release is refused, each reason with what to do; empty where it can be published. */
export function releaseProblems({
  manifest,
  changelog,
  tag,
  repository,
  userAgent,
}: Release): readonly string[] {
  const { version } = manifest;
  const url = `git+https://github.com/${repository}.git`;
  const npm = /\bnpm\/(\S+)/.exec(userAgent ?? '')?.[1] ?? 'unknown';
  const problems = [
    manifest.private === true && UNDECIDED,
    // The registry compares it with where the run comes from, and answers 422.
    repository !== undefined &&
      manifest.repository?.url !== url &&
      `package.json has the repository ${manifest.repository?.url ?? '(none)'}: set "repository": { "type": "git", "url": "${url}" }.`,
    tag !== `v${version}` &&
      `The tag ${tag} is not v${version}, which package.json has: tag the commit that sets the version.`,
    sectionOf(changelog, version) === undefined &&
      `CHANGELOG.md has no section "## ${version}" with text in it, or it still says "(unreleased)": run npm run version-package, or date it.`,
    npm.localeCompare(OLDEST_NPM, 'en', { numeric: true }) < 0 &&
      `npm ${npm} cannot publish without a token: take ${OLDEST_NPM} or newer.`,
  ];
  return problems.filter((problem) => problem !== false);
}

/** The text below a version's heading, `## 1.2.3` or `## 1.2.3 (2026-12-01)`; `undefined` where there is none. */
export function sectionOf(changelog: string, version: string): string | undefined {
  const sections = changelog.split(/^## /m).slice(1);
  const found = sections.find((section) => {
    const [name, date = ''] = (section.split('\n')[0] ?? '').split(' ');
    return name === version && /^(\(\d{4}-\d{2}-\d{2}\))?$/.test(date);
  });
  const text = found?.split('\n').slice(1).join('\n').trim();
  return text === '' ? undefined : text;
}

if (import.meta.main) {
  const read = (file: string) => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');
  const manifest = manifestSchema.parse(JSON.parse(read('package.json')));
  const changelog = read('CHANGELOG.md');
  const { GITHUB_REPOSITORY: repository, npm_config_user_agent: userAgent } = process.env;
  const [tag = ''] = process.argv.slice(2);
  const problems = releaseProblems({ manifest, changelog, tag, repository, userAgent });
  if (problems.length === 0) print(sectionOf(changelog, manifest.version) ?? '');
  for (const problem of problems) print(problem, process.stderr);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
