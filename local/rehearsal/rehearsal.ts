import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { fail, type Result, succeed } from '../../lambdas/result.ts';
import { formatProblems } from '../../lib/config-file.ts';
import type { MappingFile } from '../../lib/map/mapping-file.ts';
import { readMappingFolders } from '../../lib/map/mapping-folders.ts';
import { type LocalRun, startLocalRun } from '../local-run.ts';
import { collectEvidence, type Evidence } from './evidence.ts';
import { judge, type Scoreboard } from './judge.ts';
import type { Befallen } from './levers.ts';
import { eventsOf, type Plan } from './plan.ts';
import { playWorld } from './play-world.ts';
import { createRehearsalSecrets, type RehearsalSecrets } from './rehearsal-secrets.ts';
import { ledgerNameOf, takeStock } from './remains.ts';
import { openStack, type StackAccess } from './stack-access.ts';

const MAPPINGS = fileURLToPath(new URL('./mappings', import.meta.url));

/** No event key may be seen in a log, a note or the ledger: each begins with this. */
const EVENT_KEY = 'whom-';

export type RehearsalSettings = {
  readonly speed: number;
  /** After so many true seconds it ends, whatever is left. */
  readonly deadlineSeconds: number;
  readonly onProgress: (sentence: string) => void;
  /** For what is to be done to the stack before the first webhook is sent. */
  readonly prepare?: (run: LocalRun) => Promise<void>;
};

/** A scoreboard, and how long it took. */
export type Rehearsed = Scoreboard & { readonly seconds: number };

/** Plays a script on the whole local stack and judges it; fails with a sentence if the stack does not start. */
export async function rehearse(plan: Plan, settings: RehearsalSettings): Promise<Result<Rehearsed, string>> {
  const mappings = readMappingFolders(MAPPINGS);
  if (!mappings.ok) return fail(formatProblems(mappings.failure));
  const secrets = createRehearsalSecrets();
  const isSecret = (text: string) => [EVENT_KEY, ...secrets.all()].some((secret) => text.includes(secret));
  const evidence = collectEvidence(isSecret);
  settings.onProgress('Starting the local stack');
  const startedAt = performance.now();
  const started = await startRun(plan, settings, { secrets, evidence });
  if (!started.ok) return started;
  const run = started.value;
  const stack = openStack(run.stack);
  try {
    await settings.prepare?.(run);
    const rehearsal = { run, stack, secrets, evidence, mappings: mappings.value, isSecret };
    const scoreboard = await playAndJudge(plan, settings, rehearsal);
    return succeed({ ...scoreboard, seconds: Math.round((performance.now() - startedAt) / 1000) });
  } finally {
    stack.close();
    await run.stop();
  }
}

type World = { readonly secrets: RehearsalSecrets; readonly evidence: Evidence };

function startRun(
  plan: Plan,
  { speed }: RehearsalSettings,
  { secrets, evidence }: World,
): Promise<Result<LocalRun, string>> {
  const killers = new Set(
    plan.webhooks.flatMap((webhook) =>
      webhook.fault.killsWorkers === true ? eventsOf(webhook).map(({ identity }) => identity) : [],
    ),
  );
  const started = startLocalRun(
    {
      port: 0,
      speed,
      mappings: MAPPINGS,
      readSecrets: secrets.stored,
      tenant: { keys: secrets.accepted },
    },
    {
      onText: evidence.seeLine,
      onCall: (call) => {
        const identity = evidence.seeCall(call);
        if (identity === undefined || !killers.delete(identity)) return;
        void started.then((run) => (run.ok ? run.value.stack.killWorkers('Deliver') : 0));
      },
    },
  );
  return started;
}

async function playAndJudge(
  plan: Plan,
  { onProgress, deadlineSeconds }: RehearsalSettings,
  rehearsal: World & {
    readonly run: LocalRun;
    readonly stack: StackAccess;
    readonly mappings: readonly MappingFile[];
    readonly isSecret: (text: string) => boolean;
  },
): Promise<Scoreboard> {
  const { stack, evidence, mappings, isSecret } = rehearsal;
  const befallen: Befallen = { redelivered: 0, outages: 0, unreadable: 0, replayed: new Set() };
  const deadline = performance.now() + deadlineSeconds * 1000;
  const startedAt = new Date();
  await playWorld(plan, {
    ...rehearsal,
    befallen,
    deadline,
    startedAt,
    onProgress: (posts) => onProgress(`${posts} webhooks sent`),
  });
  await drain(stack, deadline, onProgress);
  onProgress('Taking stock');
  const remains = await takeStock(stack, isSecret, (where) => evidence.leaks.add(where));
  const ledgerNames = plan.webhooks.map((webhook) => {
    const mapping = mappings.find(({ source }) => source === webhook.source);
    return mapping === undefined ? '' : ledgerNameOf(webhook, mapping, startedAt);
  });
  return judge({ plan, ledgerNames, evidence, remains, befallen });
}

/** Waits until nothing is left on the buffer, twice in a row. */
async function drain(
  stack: StackAccess,
  deadline: number,
  onProgress: RehearsalSettings['onProgress'],
): Promise<void> {
  for (let empty = 0; empty < 2 && performance.now() < deadline; ) {
    const depth = await stack.bufferDepth();
    empty = depth === 0 ? empty + 1 : 0;
    onProgress(`${depth} messages on the buffer`);
    await wait(500);
  }
}
