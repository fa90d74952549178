import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PROJECT, stageNames } from '../../answers/project.ts';
import { compileMapping } from '../../lambdas/map/webhook.ts';
import { fail, type Result, succeed } from '../../lambdas/result.ts';
import { formatProblems } from '../../lib/config/file.ts';
import type { MappingFile } from '../../lib/mapping/file.ts';
import { checkMappingFolders, isError, readExamples, readMappingFolders } from '../../lib/mapping/folders.ts';
import { resolveMapping } from '../../lib/mapping/schema.ts';
import { LOCAL_STAGE } from '../../lib/stages/synthesize.ts';
import type { Plan } from './plan.ts';
import { type PlanSettings, planExamples, planWorld } from './plan-world.ts';
import {
  createAdopterSecrets,
  createRehearsalSecrets,
  makeSigningSecret,
  type RehearsalSecrets,
} from './secrets.ts';
import { type StudiedExample, studyExample } from './study-example.ts';

/** What is rehearsed: mappings, their secrets, and how scripts are written for them. */
export type World = {
  readonly directory: string;
  readonly mappings: readonly MappingFile[];
  /** What the mappings become in the middle of a run; missing where they are an adopter's. */
  readonly changes?: ChangedMappings;
  readonly secrets: RehearsalSecrets;
  readonly plan: (settings: PlanSettings) => Promise<Plan>;
};

/** Mapping folders that were written for one run. */
type ChangedMappings = {
  /** One event has another name, and one is gone. */
  readonly changed: string;
  /** As before, but for a note that the event had the other name. */
  readonly restored: string;
  readonly mappings: readonly MappingFile[];
  readonly remove: () => void;
};

const OWN_MAPPINGS = fileURLToPath(new URL('../mappings', import.meta.url));

/** The rehearsal's own mappings, in which there is everything that can go wrong. */
export function openOwnWorld(): Result<World, string> {
  const mappings = readMappingFolders(OWN_MAPPINGS);
  if (!mappings.ok) return fail(formatProblems(mappings.failure));
  const changes = writeChanges();
  if (!changes.ok) return changes;
  return succeed({
    directory: OWN_MAPPINGS,
    mappings: mappings.value,
    changes: changes.value,
    secrets: createRehearsalSecrets(),
    plan: async (settings) => planWorld(settings),
  });
}

function writeChanges(): Result<ChangedMappings, string> {
  const directory = mkdtempSync(join(tmpdir(), 'rehearsal-mappings-'));
  const remove = () => rmSync(directory, { recursive: true, force: true });
  const write = (name: string, change: (text: string) => string) => {
    const folders = join(directory, name);
    cpSync(OWN_MAPPINGS, folders, { recursive: true });
    const file = join(folders, 'parking', 'mapping.yaml');
    writeFileSync(file, change(readFileSync(file, 'utf8')));
    return folders;
  };
  const changed = write('changed', (text) =>
    text.replace('name: greeted', 'name: welcomed\n    formerly: [greeted]').replace(LAST_EVENT, ''),
  );
  const restored = write('restored', (text) =>
    text.replace('name: greeted', 'name: greeted\n    formerly: [welcomed]'),
  );
  const read = readMappingFolders(changed);
  if (read.ok) return succeed({ changed, restored, mappings: read.value, remove });
  remove();
  return fail(formatProblems(read.failure));
}

/** The event that is removed is the last of its file. */
const LAST_EVENT = /\n {2}- name: leaving\n.*$/s;

/** The mapping folders of a directory, their examples being the webhooks; fails with their problems, as `validate` does. */
export async function openAdopterWorld(directory: string): Promise<Result<World, string>> {
  const stages = stageNames(PROJECT);
  if (!stages.ok) return stages;
  const { mappings, problems } = await checkMappingFolders(directory, stages.value);
  if (problems.some(isError)) return fail(formatProblems(problems));
  const { signing, studied, skipped } = await studyAll(directory, mappings);
  if (studied.length === 0) {
    return fail(['Nothing of these mappings can be rehearsed:', ...skipped].join('\n'));
  }
  // With one source alone, all would have to wait for its secret.
  const late = signing.size > 1 ? [...signing.keys()].at(-1) : undefined;
  return succeed({
    directory,
    mappings,
    secrets: createAdopterSecrets(mappings, signing, late),
    plan: (settings) => {
      const befalls = settings.befalls ?? (() => true);
      const isThere = (name: Parameters<typeof befalls>[0]) =>
        (name !== 'late-secret-set' || late !== undefined) && !CHANGES.includes(name);
      return planExamples(
        { ...settings, befalls: (name) => isThere(name) && befalls(name) },
        studied,
        skipped,
      );
    },
  });
}

/** An adopter's mappings stay as they are. */
const CHANGES: readonly string[] = ['mapping-changed', 'mapping-restored'];

type Studied = {
  readonly signing: ReadonlyMap<string, string>;
  readonly studied: readonly StudiedExample[];
  /** What cannot be rehearsed, and why. */
  readonly skipped: readonly string[];
};

async function studyAll(directory: string, mappings: readonly MappingFile[]): Promise<Studied> {
  const signing = new Map<string, string>();
  const studied: StudiedExample[] = [];
  const skipped: string[] = [];
  for (const mapping of mappings) {
    const { source } = mapping;
    const { examples } = readExamples(join(directory, source), source);
    const secret = makeSigningSecret(mapping);
    if (!secret.ok) {
      skipped.push(`source ${source}, with its ${examples.length} examples: ${secret.failure}`);
      continue;
    }
    signing.set(source, secret.value);
    const compiled = compileMapping(resolveMapping(mapping, LOCAL_STAGE));
    for (const example of examples) {
      const one = await studyExample({ mapping, compiled, secret: secret.value }, example);
      if (one.ok) studied.push(one.value);
      else skipped.push(`example ${example.name}: ${one.failure}`);
    }
  }
  return { signing, studied, skipped };
}
