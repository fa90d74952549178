import { setTimeout as wait } from 'node:timers/promises';
import * as z from 'zod';
import type { Post } from './build-webhook.ts';
import type { DoorStory } from './evidence.ts';

/** How a vendor repeats what was not taken. */
const PAUSE_MILLISECONDS = 250;

const answerSchema = z.object({ code: z.string() });

type Answer = { readonly status: number; readonly code: string };

/**
 * Posts a webhook as its vendor would: signed anew each time, repeated after a 5xx or no answer, until `deadline`
 * (milliseconds of `performance.now()`). A 4xx is final.
 */
export async function postUntilTaken(
  sign: () => Post,
  { url, deadline, story }: { readonly url: string; readonly deadline: number; readonly story: DoorStory },
): Promise<void> {
  while (performance.now() < deadline) {
    const { status, code } = await postOnce(sign(), url);
    story.requests += 1;
    if (status === 200) {
      story.takenAt ??= performance.now();
      story.code ??= code;
      return;
    }
    story.refusals.set(code, (story.refusals.get(code) ?? 0) + 1);
    if (status >= 400 && status < 500) return;
    await wait(PAUSE_MILLISECONDS);
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
