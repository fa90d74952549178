import { setTimeout as wait } from 'node:timers/promises';
import type { MappingFile } from '../../lib/map/mapping-file.ts';
import { bodyOf, signPlanned } from './build-webhook.ts';
import type { DoorStory, Evidence } from './evidence.ts';
import { type Befallen, befall, type Levers } from './levers.ts';
import { eventsOf, type Plan, type PlannedWebhook } from './plan.ts';
import { postUntilTaken } from './vendor.ts';
import type { WorldEvent } from './world-event.ts';

/** A burst is waited for no longer than this: a webhook of it may be refused for as long as its secret is missing. */
const BURST_MILLISECONDS = 1_500;

type PlaySettings = Levers & {
  readonly mappings: readonly MappingFile[];
  readonly evidence: Evidence;
  readonly befallen: Befallen;
  /** In milliseconds of `performance.now()`. */
  readonly deadline: number;
  /** What the webhooks' times are told by. */
  readonly startedAt: Date;
  readonly onProgress: (posted: number) => void;
};

/** Plays a script: hands Webex Campaign its lines, sends the webhooks, and lets the world's events befall. */
export async function playWorld(plan: Plan, settings: PlaySettings): Promise<void> {
  const bodies = plan.webhooks.map((webhook) => bodyOf(webhook, settings.startedAt));
  const posts: Promise<void>[] = [];
  const world = createWorld(settings);
  for (const webhook of plan.webhooks) dictate(webhook, settings);
  for (const step of plan.steps) {
    if (performance.now() > settings.deadline) break;
    if (step.kind === 'world') {
      world.announce(step.event);
      continue;
    }
    const isFelt = await world.begin();
    const burst = step.posts.map((place) => post(place, plan, bodies, settings));
    posts.push(...burst);
    await Promise.race([Promise.all(burst), wait(BURST_MILLISECONDS)]);
    isFelt();
    settings.onProgress(posts.length);
  }
  await Promise.all([world.end(), ...posts]);
}

/** Lets the world's events befall one after the other, each with a burst to be felt by as long as there are bursts. */
function createWorld(settings: PlaySettings): {
  readonly announce: (event: WorldEvent) => void;
  /** Lets the next one begin, once the one before is over; gives what tells it that a burst has felt it. */
  readonly begin: () => Promise<() => void>;
  readonly end: () => Promise<void>;
} {
  const announced: WorldEvent[] = [];
  let current = Promise.resolve();
  const begin = async () => {
    const event = announced.shift();
    const { promise: felt, resolve: isFelt } = Promise.withResolvers<void>();
    if (event === undefined) return isFelt;
    await current;
    current = befall(event, settings, { befallen: settings.befallen, felt });
    return isFelt;
  };
  return {
    announce: (event) => void announced.push(event),
    begin,
    end: async () => {
      while (announced.length > 0) (await begin())();
      await current;
    },
  };
}

/** Has Webex Campaign answer about the webhook's first event as the script has it. */
function dictate(webhook: PlannedWebhook, { run }: PlaySettings): void {
  const whom = eventsOf(webhook)[0]?.whom ?? '';
  run.simulator?.script(webhook.answers.map((answer) => ({ ...answer, for: { 'event-key': whom } })));
}

function post(
  place: number,
  { webhooks }: Plan,
  bodies: readonly Uint8Array[],
  settings: PlaySettings,
): Promise<void> {
  const { evidence, mappings, secrets, run, deadline } = settings;
  const [webhook, body] = [webhooks[place], bodies[place]];
  const mapping = mappings.find(({ source }) => source === webhook?.source);
  if (webhook === undefined || body === undefined || mapping === undefined) return Promise.resolve();
  const story: DoorStory = evidence.door.get(place) ?? { requests: 0, refusals: new Map() };
  evidence.door.set(place, story);
  const { url } = run.stack;
  const sign = () => signPlanned(webhook, body, mapping, { secret: secrets.signing(webhook.source), url });
  const isGenuine = webhook.fault.flaw === undefined;
  return postUntilTaken(sign, { url, deadline, story, isGenuine });
}
