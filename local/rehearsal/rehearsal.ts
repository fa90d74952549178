import { type Result, succeed } from '../../lambdas/result.ts';
import { type LocalRun, startLocalRun } from '../local-run.ts';
import { collectEvidence, type Evidence } from './evidence.ts';
import { identifierOf } from './identify-call.ts';
import type { Scoreboard } from './judge.ts';
import type { Levers } from './levers.ts';
import { eventsOf, type Plan } from './plan.ts';
import type { PlanSettings } from './plan-world.ts';
import { type PlaySettings, playAndJudge } from './play-and-judge.ts';
import { openStack } from './stack-access.ts';
import { openAdopterWorld, openOwnWorld, type World } from './world.ts';

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
  const { secrets } = world;
  let act = beginAct(world, { seed: 0, webhooks: [], steps: [] });
  const started = await startLocalRun(
    {
      port: 0,
      speed,
      mappings: world.directory,
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
  const levers = { run, stack, secrets, mappingsDirectory: world.directory };
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
    },
  });
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
