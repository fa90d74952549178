import { FAULTS } from './faults.ts';
import type { Scoreboard } from './judge.ts';
import type { Rehearsal } from './rehearsal.ts';
import { judgeTrends, type Sample, type Trend } from './trend.ts';
import { watchStack } from './watch-stack.ts';

/** Webhooks of one round. */
const ROUND_EVENTS = 200;

export type SoakSettings = {
  readonly minutes: number;
  readonly seed: number;
  readonly deadlineSeconds: number;
  readonly onProgress: (sentence: string) => void;
};

/** What a soak has come to. */
export type SoakReport = {
  readonly ok: boolean;
  readonly seed: number;
  readonly minutes: number;
  readonly rounds: number;
  readonly events: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly wrong: readonly string[];
  readonly trends: readonly Trend[];
  readonly samples: readonly Sample[];
};

/**
 * Rehearses round after round on one stack, each with a seed of its own, and watches what it takes. Nobody kills the
 * workers: a function that is started anew forgets whatever it has not given back.
 */
export async function soak(rehearsal: Rehearsal, settings: SoakSettings): Promise<SoakReport> {
  const { minutes, seed, deadlineSeconds, onProgress } = settings;
  const faults = FAULTS.filter(({ killsWorkers }) => killsWorkers !== true);
  const startedAt = performance.now();
  const scores: Scoreboard[] = [];
  const total = (name: 'events' | 'lost' | 'duplicated') => scores.reduce((sum, one) => sum + one[name], 0);
  const watch = watchStack(rehearsal, () => total('events'));
  while (performance.now() - startedAt < minutes * 60_000) {
    const plan = await rehearsal.plan({
      seed: seed * 10_000 + scores.length,
      events: ROUND_EVENTS,
      faults,
      befalls: (name) => scores.length === 0 || !ONCE.includes(name),
    });
    scores.push(await rehearsal.play(plan, { deadlineSeconds }));
    onProgress(
      `Round ${scores.length}: ${scores.at(-1)?.ok === true ? 'all accounted for' : 'not in order'}`,
    );
  }
  const samples = await watch.stop();
  const trends = judgeTrends(samples);
  return {
    ok: scores.every(({ ok }) => ok) && trends.every(({ verdict }) => verdict !== 'growing'),
    seed,
    minutes: Math.round((performance.now() - startedAt) / 6_000) / 10,
    rounds: scores.length,
    events: total('events'),
    lost: total('lost'),
    duplicated: total('duplicated'),
    wrong: scores.flatMap(({ wrong }) => wrong),
    trends,
    samples,
  };
}

/** Ingest looks for a secret again once a minute at most. */
const ONCE: readonly string[] = ['signing-secret-rotated', 'late-secret-set'];
