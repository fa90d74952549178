import { planWorld } from './plan-world.ts';
import { startRehearsal } from './rehearsal.ts';
import { type RehearseOptions, readRehearseOptions } from './rehearsal-settings.ts';
import { tellScoreboard } from './tell-scoreboard.ts';

const options = readRehearseOptions(process.argv);
process.exitCode = options.ok ? await run(options.value) : options.failure.isMistake ? 2 : 0;

/** Rehearses as it is told to, and gives the exit code: 0 only if all is accounted for. */
async function run({ events, seed, speed, json }: RehearseOptions): Promise<number> {
  const onProgress = tellProgress();
  onProgress('Starting the local stack');
  const rehearsal = await startRehearsal(speed);
  if (!rehearsal.ok) {
    process.stderr.write(`${rehearsal.failure}\n`);
    return 1;
  }
  const { play, stop } = rehearsal.value;
  const plan = planWorld({ seed, events });
  const score = await play(plan, { deadlineSeconds: deadlineFor(events), onProgress }).finally(stop);
  process.stdout.write(`${json ? JSON.stringify(score) : tellScoreboard(score)}\n`);
  return score.ok ? 0 : 1;
}

/** A killed worker's claims hold for 35 s, whatever the speed; beside that, a busy machine manages several a second. */
function deadlineFor(events: number): number {
  return Math.round(180 + events * 0.4);
}

/** At most a line a second, each different from the one before. */
function tellProgress(): (sentence: string) => void {
  let last = '';
  let nextAt = 0;
  return (sentence) => {
    if (sentence === last || performance.now() < nextAt) return;
    last = sentence;
    nextAt = performance.now() + 1_000;
    process.stderr.write(`${(performance.now() / 1000).toFixed(0).padStart(5)} s  ${sentence}\n`);
  };
}
