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
  readonly secrets: RehearsalSecrets;
  readonly plan: (settings: PlanSettings) => Promise<Plan>;
};

const OWN_MAPPINGS = fileURLToPath(new URL('../mappings', import.meta.url));

/** The rehearsal's own mappings, in which there is everything that can go wrong. */
export function openOwnWorld(): Result<World, string> {
  const mappings = readMappingFolders(OWN_MAPPINGS);
  if (!mappings.ok) return fail(formatProblems(mappings.failure));
  return succeed({
    directory: OWN_MAPPINGS,
    mappings: mappings.value,
    secrets: createRehearsalSecrets(),
    plan: async (settings) => planWorld(settings),
  });
}

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
        name !== 'late-secret-set' || late !== undefined;
      return planExamples(
        { ...settings, befalls: (name) => isThere(name) && befalls(name) },
        studied,
        skipped,
      );
    },
  });
}

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
