import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PROJECT, stageNames } from '../../answers/project.ts';
import { identifyWebhook } from '../../lambdas/ingest/identity.ts';
import { verifySignature } from '../../lambdas/ingest/signature/verify.ts';
import { compileMapping } from '../../lambdas/map/webhook.ts';
import { fail, type Result, succeed } from '../../lambdas/result.ts';
import { formatProblems } from '../../lib/config/file.ts';
import type { MappingFile } from '../../lib/mapping/file.ts';
import { checkMappingFolders, isError, readExamples, readMappingFolders } from '../../lib/mapping/folders.ts';
import { resolveMapping } from '../../lib/mapping/schema.ts';
import { LOCAL_STAGE } from '../../lib/stages/synthesize.ts';
import { createRandom, type Random } from '../random.ts';
import { trySigning } from './build-webhook.ts';
import { FAULTS, type Fault } from './faults.ts';
import type { Plan, PlannedWebhook } from './plan.ts';
import { type PlanSettings, planWorld, writeSteps } from './plan-world.ts';
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

/** Marks of one webhook: each of its leaves has one of its own. */
const MARKS_A_WEBHOOK = 400;

/** Faults of any webhook; those of the rehearsal's own mappings an adopter's examples have to show. */
const ANY_WEBHOOK = FAULTS.filter(({ type }) => type === 'told');

type Drawn = { readonly fault: Fault; readonly studied: StudiedExample };

/**
 * Writes the script of a rehearsal with an adopter's mappings: webhooks are made of their examples, each example once
 * without any fault, and each fault once, as far as there are webhooks enough.
 */
async function planExamples(
  { seed, events, faults = ANY_WEBHOOK, befalls }: PlanSettings,
  examples: readonly StudiedExample[],
  skipped: readonly string[],
): Promise<Plan> {
  const random = createRandom(seed);
  const usable = faults.filter((fault) => ANY_WEBHOOK.some(({ name }) => name === fault.name));
  const fitting = new Map(usable.map((fault) => [fault, examples.filter((one) => fits(fault, one))]));
  const unfit = usable.filter((fault) => fitting.get(fault)?.length === 0).map(({ name }) => name);
  const drawn = draw(random, events, { fitting, examples });
  const webhooks = await Promise.all(drawn.map((one, index) => makeWebhook(random, one, { seed, index })));
  const notRehearsed = [
    ...skipped,
    ...unfit.map((name) => `fault "${name}": there is no example that it can befall`),
  ];
  return { seed, webhooks, steps: writeSteps(random, webhooks, befalls), notRehearsed };
}

type Choice = {
  readonly fitting: ReadonlyMap<Fault, readonly StudiedExample[]>;
  readonly examples: readonly StudiedExample[];
};

function draw(random: Random, count: number, { fitting, examples }: Choice): readonly Drawn[] {
  const pickFor = (fault: Fault): readonly Drawn[] => {
    const [first, ...more] = fitting.get(fault) ?? [];
    return first === undefined ? [] : [{ fault, studied: random.pick([first, ...more]) }];
  };
  const faults = [...fitting.keys()];
  const plain = faults.find(({ name }) => name === 'none');
  const shown = plain === undefined ? [] : examples.map((studied) => ({ fault: plain, studied }));
  const drawn = random.shuffle([...shown, ...faults.flatMap(pickFor)]).slice(0, count);
  const total = faults.reduce((sum, { weight }) => sum + weight, 0);
  // One that nothing fits gives none, so that a few more have to be drawn.
  for (let tries = 0; drawn.length < count && tries < count * 10; tries += 1) {
    let left = random.int(1, total);
    const fault = faults.find(({ weight }) => {
      left -= weight;
      return left <= 0;
    });
    drawn.push(...(fault === undefined ? [] : pickFor(fault)));
  }
  return drawn;
}

async function makeWebhook(
  random: Random,
  { fault, studied }: Drawn,
  { seed, index }: { readonly seed: number; readonly index: number },
): Promise<PlannedWebhook> {
  const policy = studied.events.find(({ isScripted }) => isScripted)?.policy ?? 'park';
  const webhook = {
    id: `s${seed}-${index}`,
    source: studied.source.mapping.source,
    policy,
    fault,
    text: '',
    style: 'compact' as const,
    items: studied.events.length,
    answers: fault.answers(random, policy),
  };
  return { ...webhook, example: await studied.make((seed * 10_000 + index) * MARKS_A_WEBHOOK + 1_000) };
}

/** Whether a fault can befall webhooks of an example, and shows then. */
function fits(fault: Fault, studied: StudiedExample): boolean {
  if (fault.flaw !== undefined) return isSeenAtIngest(fault, studied);
  const isInTheAnswer = fault.answers(createRandom(0), 'park').length > 0;
  return !isInTheAnswer || studied.events.some(({ isScripted }) => isScripted);
}

/** A signature that has no time cannot be stale, and what travels as a secret alone covers no body. */
function isSeenAtIngest(fault: Fault, { source, example }: StudiedExample): boolean {
  const { mapping, secret } = source;
  const { headers, rawBody } = example.webhook;
  const made = {
    name: example.name,
    headers: Object.fromEntries(headers),
    bodyAt: () => rawBody,
    events: [],
  };
  const sent = fault.flaw === 'empty' ? new Uint8Array() : rawBody;
  const body = fault.flaw === 'not-json' ? Buffer.concat([sent, Buffer.from(',')]) : sent;
  const url = 'http://127.0.0.1';
  const signed = trySigning({ id: 'id', source: mapping.source, fault, example: made }, body, mapping, {
    secret,
    forged: `${secret.slice(0, -8)}AAAAAAA=`,
    url,
  });
  if (!signed.ok) return false;
  if (fault.flaw === 'stranger' || fault.flaw === 'empty') return true;
  const { path, headers: posted, body: postedBody } = signed.value;
  const request = { headers: new Map(Object.entries(posted)), rawBody: postedBody };
  if (fault.flaw === 'not-json') return !identifyWebhook(mapping.profile, request).ok;
  const { signature } = mapping.profile;
  const publicUrl = 'publicUrl' in signature ? signature.publicUrl : undefined;
  return !verifySignature(signature, {
    ...request,
    method: 'POST',
    url: publicUrl ?? `${url}/webhooks/${mapping.source}`,
    query: new URL(path, url).search.slice(1),
    receivedAt: new Date(),
    secrets: [secret],
  }).ok;
}
