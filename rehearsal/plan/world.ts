import { randomBytes } from 'node:crypto';
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
import type { LocalSecrets } from '../../local/settings.ts';
import { makeSigningSecret } from '../../signing/sign-webhook.ts';
import type { Plan, SourceName } from './plan.ts';
import { type PlanSettings, planExamples, planWorld } from './plan-world.ts';
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
    const secret = makeSigningSecret(mapping.profile.signature);
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

/** Secrets on both sides, as they are now, and what can be done to them. */
export type RehearsalSecrets = Pick<TenantKeys, 'accepted' | 'rotateKey' | 'revoke'> & {
  /** What Secrets Manager holds. */
  readonly stored: () => LocalSecrets;
  /** What a vendor signs with. */
  readonly signing: (source: string) => string;
  readonly rotateSigning: () => void;
  readonly setLate: () => void;
  /** Every secret that ever was: none of them may be seen anywhere. */
  readonly all: () => readonly string[];
};

/** Makes the secrets of one run. They are random: the script does not depend on them. */
function createRehearsalSecrets(): RehearsalSecrets {
  const all: string[] = [];
  const make = (prefix: string) => {
    const secret = `${prefix}${randomBytes(24).toString('base64')}`;
    all.push(secret);
    return secret;
  };
  const { stored, accepted, rotateKey, revoke, all: allKeys } = createTenantKeys();
  const signing: Record<SourceName, string[]> = {
    parking: [make('whsec_')],
    repeating: [make('whsec_')],
    late: [make('late_')],
    cutting: [make('cutting_')],
  };
  let isLateSet = false;
  return {
    stored: () => ({
      'rehearsal/parking': { signingSecrets: signing.parking },
      'rehearsal/repeating': { signingSecrets: signing.repeating },
      'rehearsal/cutting': { signingSecrets: signing.cutting },
      'rehearsal/late': isLateSet ? { signingSecrets: signing.late } : '',
      'webex-campaign': stored(),
    }),
    accepted,
    signing: (source) => new Map(Object.entries(signing)).get(source)?.[0] ?? '',
    rotateSigning: () => signing.parking.unshift(make('whsec_')),
    setLate: () => {
      isLateSet = true;
    },
    rotateKey,
    revoke,
    all: () => [...all, ...allKeys()],
  };
}

/**
 * The secrets of a run with an adopter's mappings, none of which is theirs. All sources' are rotated together; that of
 * `late` is empty until it is set.
 * @param signing the first secret of each source that can be signed
 */
function createAdopterSecrets(
  mappings: readonly MappingFile[],
  signing: ReadonlyMap<string, string>,
  late: string | undefined,
): RehearsalSecrets {
  const secrets = new Map([...signing].map(([source, secret]) => [source, [secret]]));
  const { stored, accepted, rotateKey, revoke, all: allKeys } = createTenantKeys();
  const every = new Set(signing.values());
  let isLateSet = false;
  return {
    stored: () => ({
      ...Object.fromEntries(
        mappings.map(({ source, secret }) => {
          const isSet = secrets.has(source) && (source !== late || isLateSet);
          return [secret, isSet ? { signingSecrets: secrets.get(source) } : ''];
        }),
      ),
      'webex-campaign': stored(),
    }),
    accepted,
    signing: (source) => secrets.get(source)?.[0] ?? '',
    rotateSigning: () => {
      for (const mapping of mappings) {
        const made = makeSigningSecret(mapping.profile.signature);
        if (made.ok) secrets.get(mapping.source)?.unshift(made.value);
        if (made.ok) every.add(made.value);
      }
    },
    setLate: () => {
      isLateSet = true;
    },
    rotateKey,
    revoke,
    all: () => [...every, ...allKeys()],
  };
}

/** The keys of Webex Campaign's API user, as they are on both sides now, and what can be done to them. */
type TenantKeys = {
  /** What Secrets Manager holds. */
  readonly stored: () => { readonly primary: string; readonly secondary: string; readonly hashKey: string };
  /** The keys that Webex Campaign accepts. */
  readonly accepted: () => readonly string[];
  /** Puts a new primary key in the place of the one that is there. */
  readonly rotateKey: () => void;
  /** Has the primary key refused, and the secondary as well if `both`; gives what undoes that. */
  readonly revoke: (both: boolean) => () => void;
  /** Every key that ever was, and the one that event keys are hashed with: none of them may be seen anywhere. */
  readonly all: () => readonly string[];
};

/** Makes the keys of one run, at random. */
function createTenantKeys(): TenantKeys {
  const keys = { primary: makeKey(1), secondary: makeKey(2) };
  const hashKey = randomBytes(32).toString('hex');
  const every = new Set([keys.primary, keys.secondary, hashKey]);
  const refused = new Set<string>();
  return {
    stored: () => ({ ...keys, hashKey }),
    accepted: () => Object.values(keys).filter((key) => !refused.has(key)),
    rotateKey: () => {
      keys.primary = makeKey(1);
      every.add(keys.primary);
    },
    revoke: (both) => {
      const revoked = both ? Object.values(keys) : [keys.primary];
      for (const key of revoked) refused.add(key);
      return () => {
        for (const key of revoked) refused.delete(key);
      };
    },
    all: () => [...every],
  };
}

function makeKey(number: number): string {
  return `key-${number}-${randomBytes(24).toString('base64')}`;
}
