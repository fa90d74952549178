import { setTimeout as wait } from 'node:timers/promises';
import * as z from 'zod';
import type { Post } from './build-webhook.ts';
import type { DoorStory } from './evidence.ts';

/** How a vendor repeats what was not taken: with pauses twice as long each time, up to the longest. */
const FIRST_PAUSE_MILLISECONDS = 250;
const LONGEST_PAUSE_MILLISECONDS = 4_000;

const answerSchema = z.object({ code: z.string() });

type Answer = { readonly status: number; readonly code: string };

/**
 * Posts a webhook as its vendor would: signed anew each time, repeated until it is taken or `deadline` has come
 * (milliseconds of `performance.now()`). Who forges takes no for an answer.
 */
export async function postUntilTaken(
  sign: () => Post,
  {
    url,
    deadline,
    story,
    isGenuine,
  }: {
    readonly url: string;
    readonly deadline: number;
    readonly story: DoorStory;
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
