import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import type { Project } from '../../answers/project.ts';
import { PACKAGE_ROOT, readManifest } from '../../lib/config/terminal.ts';
import { foldersOf } from '../../lib/mapping/folders.ts';
import { type CommandResult, example, refuse, run } from '../command-line.ts';
import { writeSource } from './add-source.ts';

export function registerInit(program: Command): void {
  program
    .command('init')
    .argument('<directory>', 'the new project; it must be empty, or not there')
    .option('--sources <names>', 'what sends webhooks: stripe,paddle (default: asks, or stripe)')
    .option('--no-install', 'write the files alone')
    .description('write a project of your own that depends on this package')
    .addHelpText('after', example('init my-bridge', 'init my-bridge --sources stripe,paddle'))
    .action((directory, options) => run(() => initProject(resolve(directory), options)));
}

type InitOptions = { readonly sources?: string | undefined; readonly install: boolean };

/** `adapter init`: writes the project, installs what it depends on, and runs its tests. */
export async function initProject(
  directory: string,
  { sources, install }: InitOptions,
): Promise<CommandResult> {
  if (existsSync(directory) && readdirSync(directory).length > 0)
    return refuse(`${directory} is not empty. Name a folder that is not there yet.`);
  const names = (sources ?? (await askForSources()) ?? '').split(',').map((name) => name.trim());
  const wanted = names.filter((name) => name !== '');
  writeProject(directory);
  const notes = await writeSources(directory, wanted.length === 0 ? [DEFAULT_SOURCE] : wanted);
  const failed = install ? installAndTest(directory) : undefined;
  const shown = relative('', directory);
  const text = [
    ...notes,
    failed ?? `${shown} is ready${install ? ', and its tests pass' : ''}.`,
    '',
    `  cd ${shown}`,
    ...(install ? [] : ['  npm install']),
    '  npm start            the whole adapter on this machine, with a simulator of Webex Campaign',
    '  npm test             every example of every mapping',
    '  npx cdk synth        what would be deployed; README.md says how to deploy it',
  ].join('\n');
  return { text, exitCode: failed === undefined ? 0 : 1 };
}

const DEFAULT_SOURCE = 'stripe';

/** Asks where a person sits; `undefined` where nobody can answer. */
async function askForSources(): Promise<string | undefined> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const known = foldersOf(join(PACKAGE_ROOT, 'mappings')).join(', ');
  const answer = await terminal.question(
    `What sends webhooks? Ready to use: ${known}; any other name becomes a skeleton [${DEFAULT_SOURCE}] `,
  );
  terminal.close();
  return answer;
}

/** The files of a project, by the one of the package that each is made of. They are this repository's own where it has them. */
const FILES: readonly (readonly [from: string, to: string])[] = [
  ['bin/app.ts', 'bin/app.ts'],
  ['cdk.json', 'cdk.json'],
  ['stages.yaml', 'stages.yaml'],
  ['.github/workflows/check-mappings.yml', '.github/workflows/check-mappings.yml'],
  ['template/check.yml', '.github/workflows/check.yml'],
  ['template/deploy.yml', '.github/workflows/deploy.yml'],
  ['template/vscode-settings.json', '.vscode/settings.json'],
  ['template/vscode-extensions.json', '.vscode/extensions.json'],
  ['template/gitignore', '.gitignore'],
  ['template/gitattributes', '.gitattributes'],
  ['template/npmrc', '.npmrc'],
  ['template/README.md', 'README.md'],
];

function writeProject(directory: string): void {
  for (const [from, to] of FILES) {
    mkdirSync(dirname(join(directory, to)), { recursive: true });
    cpSync(join(PACKAGE_ROOT, from), join(directory, to));
  }
  const { name } = readManifest();
  change(join(directory, 'bin/app.ts'), (text) => text.replace('../lib/stages.ts', `${name}/stages`));
  change(join(directory, 'stages.yaml'), (text) => `${text.replace(/\n# dev:[\s\S]*/, '')}\n${FIRST_STAGE}`);
  change(join(directory, 'README.md'), (text) => text.replace('# NAME', `# ${basename(directory)}`));
  writeFileSync(join(directory, 'package.json'), `${JSON.stringify(manifestOf(directory), null, 2)}\n`);
  const { 'webex-campaign': keys } = JSON.parse(
    readFileSync(join(PACKAGE_ROOT, 'local/secrets.json'), 'utf8'),
  );
  mkdirSync(join(directory, 'local'));
  writeFileSync(
    join(directory, 'local/secrets.json'),
    `${JSON.stringify({ 'webex-campaign': keys }, null, 2)}\n`,
  );
}

/** A stage that can be synthesized at once, and that says what is to be put in. */
const FIRST_STAGE = `# The first stage to deploy: webhook-adapter-dev.
dev:
  event-url: https://tenant.webexcampaign.io/campaignapi/resources/v3/events # your tenant's
  placeholders: allowed # remove this line once webex-events.yaml has the ids of your event definitions
  keep-data: false
`;

function change(file: string, write: (text: string) => string): void {
  writeFileSync(file, write(readFileSync(file, 'utf8')));
}

/** The project's `package.json`: exact versions, those that the package was tested with. */
function manifestOf(directory: string): object {
  const { name, version, engines, devDependencies, peerDependencies } = readManifest();
  const tested = { ...peerDependencies, ...devDependencies };
  const pick = (...names: readonly string[]) => Object.fromEntries(names.map((one) => [one, tested[one]]));
  return {
    name: basename(directory)
      .toLowerCase()
      .replaceAll(/[^a-z0-9-]+/g, '-'),
    private: true,
    type: 'module',
    engines,
    scripts: {
      start: 'webhook-adapter start',
      test: 'webhook-adapter test',
      adapter: 'webhook-adapter',
      synth: 'cdk synth --quiet',
      deploy: 'cdk deploy',
    },
    dependencies: { ...pick('aws-cdk-lib', 'constructs'), [name]: findTarball(directory) ?? version },
    devDependencies: pick('aws-cdk', 'dynalite', 'fauxqs'),
    allowScripts: { 'classic-level': false },
  };
}

/** The tarball that this package was installed from, as npm has noted it; `undefined` where it came from a registry. */
function findTarball(directory: string): string | undefined {
  const modules = dirname(PACKAGE_ROOT);
  const lock = join(modules, '.package-lock.json');
  if (!existsSync(lock)) return undefined;
  const { packages = {} } = JSON.parse(readFileSync(lock, 'utf8'));
  const resolved = packages[`node_modules/${basename(PACKAGE_ROOT)}`]?.resolved;
  const path = typeof resolved === 'string' ? /^file:(.+\.tgz)$/.exec(resolved)?.[1] : undefined;
  if (path === undefined) return undefined;
  return `file:${relative(directory, resolve(dirname(modules), path)).replaceAll('\\', '/')}`;
}

/** Writes the mapping folders; returns what a person has to know of them. */
async function writeSources(directory: string, names: readonly string[]): Promise<readonly string[]> {
  const project: Project = {
    mappings: join(directory, 'mappings'),
    stagesFile: join(directory, 'stages.yaml'),
  };
  const notes: string[] = [];
  for (const name of new Set(names)) {
    const written = await writeSource(project, { name });
    notes.push(...(written.ok ? written.value.notes : [written.failure]).map((note) => `${name}: ${note}`));
  }
  return notes;
}

/** Says what failed; npm's own words are above it. */
function installAndTest(directory: string): string | undefined {
  for (const command of ['npm install --no-audit --no-fund', 'npm test']) {
    // By a shell: on Windows npm is a script.
    const { status } = spawnSync(command, { cwd: directory, stdio: ['ignore', 2, 2], shell: true });
    if (status !== 0) return `The files are written, but "${command}" failed in ${directory}.`;
  }
  return undefined;
}
