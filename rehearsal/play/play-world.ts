import { setTimeout as wait } from 'node:timers/promises';
import * as z from 'zod';
import type { MappingFile } from '../../lib/mapping/file.ts';
import type { Evidence, IngestStory } from '../judge/evidence.ts';
import { type Post, signPlanned } from '../plan/build-webhook.ts';
import { eventsOf, type Plan, type PlannedWebhook, type WorldEvent } from '../plan/plan.ts';
import { type Befallen, befall, type Levers } from './levers.ts';

/** A burst is waited for no longer than this: a webhook of it may be refused for as long as its secret is missing. */
const BURST_MILLISECONDS = 1_500;

type PlaySettings = Levers & {
  readonly mappings: readonly MappingFile[];
  readonly evidence: Evidence;
  readonly befallen: Befallen;
  /** In milliseconds of `performance.now()`. */
  readonly deadline: number;
  /** The bytes of each request in which a webhook is sent now, by its place. */
  readonly nextBodies: (place: number) => readonly Uint8Array[];
  readonly onProgress: (posted: number) => void;
};

/** Plays a script: hands Webex Campaign its lines, sends the webhooks, and lets the world's events befall. */
export async function playWorld(plan: Plan, settings: PlaySettings): Promise<void> {
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
    const burst = step.posts.map((place) => post(place, plan, settings));
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
  /** Lets the next one begin, once the one before is over; returns what to call once a burst has felt it. */
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
    current = befall(event, { ...settings, felt });
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

/** Has Webex Campaign answer about one event of the webhook as the script has it. */
function dictate(webhook: PlannedWebhook, { run }: PlaySettings): void {
  const [event] = eventsOf(webhook).filter(({ answers }) => answers.length > 0);
  if (event === undefined) return;
  const target = {
    'event-key': event.whom,
    ...(event.eventId !== undefined && { 'event-id': event.eventId }),
  };
  run.simulator?.script(event.answers.map((answer) => ({ ...answer, for: target })));
}

async function post(place: number, { webhooks }: Plan, settings: PlaySettings): Promise<void> {
  const { evidence, mappings, secrets, run, deadline, nextBodies } = settings;
  const webhook = webhooks[place];
  const mapping = mappings.find(({ source }) => source === webhook?.source);
  if (webhook === undefined || mapping === undefined) return;
  const story: IngestStory = evidence.ingest.get(place) ?? { requests: 0, refusals: new Map() };
  evidence.ingest.set(place, story);
  const { url } = run.stack;
  const isGenuine = webhook.fault.flaw === undefined;
  const sent = nextBodies(place).map((body) => {
    const sign = () => signPlanned(webhook, body, mapping, { secret: secrets.signing(webhook.source), url });
    return postUntilTaken(sign, { url, deadline, story, isGenuine });
  });
  await Promise.all(sent);
}

/** How a vendor repeats what was not taken: with pauses twice as long each time, up to the longest. */
const FIRST_PAUSE_MILLISECONDS = 250;
const LONGEST_PAUSE_MILLISECONDS = 4_000;

const answerSchema = z.object({ code: z.string() });

type Answer = { readonly status: number; readonly code: string };

/**
 * Posts a webhook as its vendor would: signed anew each time, repeated until it is taken or `deadline` has come
 * (milliseconds of `performance.now()`). A forger takes no for an answer.
 */
async function postUntilTaken(
  sign: () => Post,
  {
    url,
    deadline,
    story,
    isGenuine,
  }: {
    readonly url: string;
    readonly deadline: number;
    readonly story: IngestStory;
    readonly isGenuine: boolean;
  },
): Promise<void> {
  for (let pause = FIRST_PAUSE_MILLISECONDS; performance.now() < deadline; pause *= 2) {
    const { status, code } = await postOnce(sign(), url);
    story.requests += 1;
    if (status === 200) {
      story.takenAt ??= performance.now();
      story.code ??= code;
      return;
    }
    story.refusals.set(code, (story.refusals.get(code) ?? 0) + 1);
    if (!isGenuine && status < 500) return;
    await wait(Math.min(pause, LONGEST_PAUSE_MILLISECONDS));
  }
}

async function postOnce({ path, headers, body }: Post, url: string): Promise<Answer> {
  try {
    const response = await fetch(new URL(path, url), {
      method: 'POST',
      headers,
      body: Buffer.from(body),
      signal: AbortSignal.timeout(30_000),
    });
    const answer = answerSchema.safeParse(await response.json());
    return { status: response.status, code: answer.data?.code ?? `http-${response.status}` };
  } catch {
    return { status: 599, code: 'no-answer' };
  }
}
