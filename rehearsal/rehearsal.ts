import { type Result, succeed } from '../lambdas/result.ts';
import { readFastClock } from '../local/emulator/host.ts';
import { type LocalRun, type Observer, startLocalRun } from '../local/run.ts';
import { collectEvidence, type Evidence, identifierOf } from './judge/evidence.ts';
import { judge } from './judge/judge.ts';
import { nameInLedger, nameMappings, takeStock } from './judge/remains.ts';
import { compareWithReport, type Scoreboard } from './judge/scoreboard.ts';
import { bodiesOf } from './plan/build-webhook.ts';
import { eventsOf, type Plan } from './plan/plan.ts';
import type { PlanSettings } from './plan/plan-world.ts';
import { openAdopterWorld, openOwnWorld, type World } from './plan/world.ts';
import { type Befallen, drain, type Levers } from './play/levers.ts';
import { playWorld } from './play/play-world.ts';
import { openStack } from './play/stack-access.ts';

/** No event key may be seen in a log, a note or the ledger: each of the rehearsal's own begins with this. */
const EVENT_KEY = 'whom-';

/** A key that is shorter may stand in a text by chance. */
const SHORTEST_KEY = 8;

/** A local stack on which scripts can be played, one after the other. */
export type Rehearsal = Levers & {
  /** Writes a script for the mappings that run. */
  readonly plan: (settings: PlanSettings) => Promise<Plan>;
  readonly play: (plan: Plan, settings: PlaySettings) => Promise<Scoreboard>;
  readonly stop: () => Promise<void>;
};

/** What is played at the moment. */
type Act = {
  readonly evidence: Evidence;
  readonly killers: Set<string>;
  readonly isSecret: (text: string) => boolean;
};

/**
 * Starts a whole local stack with the rehearsal's own mappings, or those of a directory; fails with sentences for a
 * person.
 */
export async function startRehearsal(speed: number, directory?: string): Promise<Result<Rehearsal, string>> {
  const opened = directory === undefined ? openOwnWorld() : await openAdopterWorld(directory);
  if (!opened.ok) return opened;
  const world = opened.value;
  let act = beginAct(world, { seed: 0, webhooks: [], steps: [] });
  const started = await startRun(world, speed, {
    onText: (text) => act.evidence.seeLine(text),
    onCall: (call) => {
      const identity = act.evidence.seeCall(call);
      if (identity !== undefined && act.killers.delete(identity)) void run.stack.killWorkers('Deliver');
    },
  });
  if (!started.ok) return started;
  const run: LocalRun = started.value;
  const stack = openStack(run.stack);
  const mappingFolders = { current: world.directory, ...world.changes };
  const levers = { run, stack, secrets: world.secrets, mappingFolders };
  return succeed({
    ...levers,
    plan: world.plan,
    play: (plan, settings) => {
      act = beginAct(world, plan);
      return playAndJudge(plan, settings, { ...levers, ...act, world });
    },
    stop: async () => {
      stack.close();
      await run.stop();
      world.changes?.remove();
    },
  });
}

async function startRun(
  { directory, secrets, changes }: World,
  speed: number,
  observer: Observer,
): Promise<Result<LocalRun, string>> {
  const tenant = { keys: secrets.accepted, remembers: 0 };
  const settings = { port: 0, speed, mappings: directory, readSecrets: secrets.stored, tenant };
  const started = await startLocalRun(settings, observer);
  if (!started.ok) changes?.remove();
  return started;
}

function beginAct({ secrets }: World, plan: Plan): Act {
  const made = plan.webhooks.flatMap(({ example }) => example?.events ?? []);
  const keys = made.map(({ whom }) => whom).filter(({ length }) => length >= SHORTEST_KEY);
  const isSecret = (text: string) =>
    [EVENT_KEY, ...secrets.all(), ...keys].some((secret) => text.includes(secret));
  return {
    evidence: collectEvidence(isSecret, identifierOf(plan)),
    killers: new Set(killersOf(plan)),
    isSecret,
  };
}

/** Events upon whose call the workers are killed. */
function killersOf({ webhooks }: Plan): readonly string[] {
  return webhooks
    .filter(({ fault }) => fault.killsWorkers === true)
    .flatMap((webhook) => eventsOf(webhook).filter(({ answers }) => answers.length > 0))
    .map(({ identity }) => identity);
}

type PlaySettings = {
  /** After so many true seconds it ends, whatever is left. */
  readonly deadlineSeconds: number;
  readonly onProgress?: (sentence: string) => void;
};

type Stage = Levers & {
  readonly world: World;
  readonly evidence: Evidence;
  readonly isSecret: (text: string) => boolean;
};

/** Plays a script to its end, and judges what has come of it. */
async function playAndJudge(
  plan: Plan,
  { deadlineSeconds, onProgress = () => {} }: PlaySettings,
  stage: Stage,
): Promise<Scoreboard> {
  const { stack, evidence, isSecret, run, world } = stage;
  const befallen: Befallen = {
    redelivered: 0,
    outages: [],
    hours: 0,
    unreadable: 0,
    replayed: new Set(),
    replayFailures: 0,
  };
  const begun = performance.now();
  const deadline = begun + deadlineSeconds * 1000;
  const bodies = keepBodies(plan, stage);
  const onPosted = (posts: number) => onProgress(`${posts} webhooks sent`);
  const { mappings } = world;
  const { nextBodies } = bodies;
  await playWorld(plan, { ...stage, mappings, befallen, deadline, nextBodies, onProgress: onPosted });
  await drain(stage, deadline, onProgress);
  onProgress('Taking stock');
  const named = nameMappings(mappings);
  const ledgerNames = await nameInLedger(bodies.sent(), named, (source) => ({
    secret: stage.secrets.signing(source),
    url: run.stack.url,
  }));
  const remains = await takeStock(stack, {
    names: new Set(ledgerNames.events.values()),
    mappings: [...named, ...nameMappings(world.changes?.mappings ?? [])],
    isSecret,
    leak: (where) => void evidence.leaks.add(where),
  });
  const seconds = (performance.now() - begun) / 1000;
  const { speed } = run.stack.clock;
  const score = judge({ plan, ledgerNames, evidence, remains, befallen, seconds, speed });
  const wrong = [...score.wrong, ...compareWithReport(score, evidence.lines)];
  return { ...score, ok: wrong.length === 0, wrong };
}

/**
 * Writes the bytes of webhooks as they are sent, and keeps them. Their events have happened when they are first sent, on the
 * queues' clock.
 */
function keepBodies({ webhooks }: Plan, { run }: Stage) {
  const sent = webhooks.map((webhook) => ({
    webhook,
    bodies: [] as Uint8Array[],
    times: 0,
    at: new Date(0),
  }));
  return {
    sent: () => sent,
    nextBodies: (place: number): readonly Uint8Array[] => {
      const one = sent[place];
      if (one === undefined) return [];
      if (one.times === 0) one.at = new Date(readFastClock(run.stack.clock, Date.now()));
      const bodies = bodiesOf(one.webhook, one.at, one.times);
      one.times += 1;
      one.bodies.push(...bodies);
      return bodies;
    },
  };
}
