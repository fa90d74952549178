import { readFastClock } from '../stack/queues/fast-clock.ts';
import { bodyOf } from './build-webhook.ts';
import { drain } from './drain.ts';
import type { Evidence } from './evidence.ts';
import { judge, type Scoreboard } from './judge.ts';
import type { Befallen, Levers } from './levers.ts';
import type { Plan } from './plan.ts';
import { playWorld } from './play-world.ts';
import { ledgerNameOf, takeStock } from './remains.ts';
import type { World } from './world.ts';

export type PlaySettings = {
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
export async function playAndJudge(
  plan: Plan,
  { deadlineSeconds, onProgress = () => {} }: PlaySettings,
  stage: Stage,
): Promise<Scoreboard> {
  const { stack, evidence, isSecret, run, world } = stage;
  const befallen: Befallen = {
    redelivered: 0,
    outages: 0,
    unreadable: 0,
    replayed: new Set(),
    replayFailures: 0,
  };
  const begun = performance.now();
  const deadline = begun + deadlineSeconds * 1000;
  const bodyAt = keepBodies(plan, stage);
  const tellPosts = (posts: number) => onProgress(`${posts} webhooks sent`);
  const { mappings } = world;
  await playWorld(plan, { ...stage, mappings, befallen, deadline, bodyAt, onProgress: tellPosts });
  await drain(stage, deadline, onProgress);
  onProgress('Taking stock');
  const ledgerNames = nameInLedger(plan, bodyAt, stage);
  const leak = (where: string) => void evidence.leaks.add(where);
  const remains = await takeStock(stack, ledgerNames, { isSecret, leak });
  const seconds = (performance.now() - begun) / 1000;
  return judge({ plan, ledgerNames, evidence, remains, befallen, seconds, speed: run.stack.clock.speed });
}

/** A webhook's bytes are written when it is first sent, on the queues' clock, and are the same from then on. */
function keepBodies({ webhooks }: Plan, { run }: Stage): (place: number) => Uint8Array {
  const bodies = new Map<number, Uint8Array>();
  return (place) => {
    const webhook = webhooks[place];
    const now = new Date(readFastClock(run.stack.clock, Date.now()));
    const body = bodies.get(place) ?? (webhook === undefined ? new Uint8Array() : bodyOf(webhook, now));
    bodies.set(place, body);
    return body;
  };
}

function nameInLedger(
  { webhooks }: Plan,
  bodyAt: (place: number) => Uint8Array,
  { world, secrets, run }: Stage,
): readonly string[] {
  return webhooks.map((webhook, place) => {
    const mapping = world.mappings.find(({ source }) => source === webhook.source);
    if (mapping === undefined) return '';
    const secret = secrets.signing(webhook.source);
    return ledgerNameOf(webhook, mapping, { body: bodyAt(place), secret, url: run.stack.url });
  });
}
