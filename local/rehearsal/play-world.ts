import { setTimeout as wait } from 'node:timers/promises';
import type { MappingFile } from '../../lib/map/mapping-file.ts';
import { bodyOf, signPlanned } from './build-webhook.ts';
import type { DoorStory, Evidence } from './evidence.ts';
import { type Befallen, befall, type Levers } from './levers.ts';
import { eventsOf, type Plan, type PlannedWebhook } from './plan.ts';
import { postUntilTaken } from './vendor.ts';

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
  let world = Promise.resolve();
  for (const webhook of plan.webhooks) dictate(webhook, settings);
  for (const step of plan.steps) {
    if (performance.now() > settings.deadline) break;
    if (step.kind === 'world') {
      // One after the other: an operator who replays while nothing can be sent is another story.
      await world;
      world = befall(step.event, settings, settings.befallen);
      continue;
    }
    const burst = step.posts.map((place) => post(place, plan, bodies, settings));
    posts.push(...burst);
    await Promise.race([Promise.all(burst), wait(BURST_MILLISECONDS)]);
    settings.onProgress(posts.length);
  }
  await Promise.all([world, ...posts]);
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
