import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { fail, type Result, succeed } from '../../lambdas/result.ts';
import { formatProblems } from '../../lib/config-file.ts';
import type { MappingFile } from '../../lib/map/mapping-file.ts';
import { readMappingFolders } from '../../lib/map/mapping-folders.ts';
import { type LocalRun, startLocalRun } from '../local-run.ts';
import { collectEvidence, type Evidence } from './evidence.ts';
import { judge, type Scoreboard } from './judge.ts';
import type { Befallen, Levers } from './levers.ts';
import { eventsOf, type Plan } from './plan.ts';
import { playWorld } from './play-world.ts';
import { createRehearsalSecrets } from './rehearsal-secrets.ts';
import { ledgerNameOf, takeStock } from './remains.ts';
import { openStack } from './stack-access.ts';

const MAPPINGS = fileURLToPath(new URL('./mappings', import.meta.url));

/** No event key may be seen in a log, a note or the ledger: each begins with this. */
const EVENT_KEY = 'whom-';

type PlaySettings = {
  /** After so many true seconds it ends, whatever is left. */
  readonly deadlineSeconds: number;
  readonly onProgress?: (sentence: string) => void;
};

/** A local stack on which scripts can be played, one after the other. */
export type Rehearsal = Levers & {
  readonly play: (plan: Plan, settings: PlaySettings) => Promise<Scoreboard>;
  readonly stop: () => Promise<void>;
};

/** What is played at the moment. */
type Act = { readonly evidence: Evidence; readonly killers: Set<string> };

/** Starts a whole local stack with the rehearsal's own mappings; fails with sentences for a person. */
export async function startRehearsal(speed: number): Promise<Result<Rehearsal, string>> {
  const mappings = readMappingFolders(MAPPINGS);
  if (!mappings.ok) return fail(formatProblems(mappings.failure));
  const secrets = createRehearsalSecrets();
  const isSecret = (text: string) => [EVENT_KEY, ...secrets.all()].some((secret) => text.includes(secret));
  let act: Act = { evidence: collectEvidence(isSecret), killers: new Set() };
  const started = await startLocalRun(
    {
      port: 0,
      speed,
      mappings: MAPPINGS,
      readSecrets: secrets.stored,
      tenant: { keys: secrets.accepted, remembers: 0 },
    },
    {
      onText: (text) => act.evidence.seeLine(text),
      onCall: (call) => {
        const identity = act.evidence.seeCall(call);
        if (identity !== undefined && act.killers.delete(identity)) void run.stack.killWorkers('Deliver');
      },
    },
  );
  if (!started.ok) return started;
  const run: LocalRun = started.value;
  const stack = openStack(run.stack);
  const levers = { run, stack, secrets, mappingsDirectory: MAPPINGS };
  return succeed({
    ...levers,
    play: (plan, settings) => {
      act = { evidence: collectEvidence(isSecret), killers: new Set(killersOf(plan)) };
      return playAndJudge(plan, settings, { ...levers, ...act, mappings: mappings.value, isSecret });
    },
    stop: async () => {
      stack.close();
      await run.stop();
    },
  });
}

function killersOf({ webhooks }: Plan): readonly string[] {
  return webhooks
    .filter(({ fault }) => fault.killsWorkers === true)
    .flatMap((webhook) => eventsOf(webhook).map(({ identity }) => identity));
}

type Stage = Levers & {
  readonly evidence: Evidence;
  readonly mappings: readonly MappingFile[];
  readonly isSecret: (text: string) => boolean;
};

async function playAndJudge(
  plan: Plan,
  { deadlineSeconds, onProgress = () => {} }: PlaySettings,
  stage: Stage,
): Promise<Scoreboard> {
  const { stack, evidence, mappings, isSecret } = stage;
  const befallen: Befallen = {
    redelivered: 0,
    outages: 0,
    unreadable: 0,
    replayed: new Set(),
    replayFailures: 0,
  };
  const begun = performance.now();
  const deadline = begun + deadlineSeconds * 1000;
  const startedAt = new Date();
  const tellPosts = (posts: number) => onProgress(`${posts} webhooks sent`);
  await playWorld(plan, { ...stage, befallen, deadline, startedAt, onProgress: tellPosts });
  await drain(stage, deadline, onProgress);
  onProgress('Taking stock');
  const ledgerNames = plan.webhooks.map((webhook) => {
    const mapping = mappings.find(({ source }) => source === webhook.source);
    return mapping === undefined ? '' : ledgerNameOf(webhook, mapping, startedAt);
  });
  const leak = (where: string) => void evidence.leaks.add(where);
  const remains = await takeStock(stack, ledgerNames, { isSecret, leak });
  const seconds = (performance.now() - begun) / 1000;
  return judge({ plan, ledgerNames, evidence, remains, befallen, seconds });
}

/** Waits until nothing is left on the buffer, twice in a row. */
async function drain(
  { stack }: Levers,
  deadline: number,
  onProgress: (sentence: string) => void,
): Promise<void> {
  for (let empty = 0; empty < 2 && performance.now() < deadline; ) {
    const depth = await stack.bufferDepth();
    empty = depth === 0 ? empty + 1 : 0;
    onProgress(`${depth} messages on the buffer`);
    await wait(500);
  }
}
