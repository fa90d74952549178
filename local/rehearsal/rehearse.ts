import { type Rehearsal, startRehearsal } from './rehearsal.ts';
import { type RehearseOptions, readRehearseOptions } from './rehearsal-settings.ts';
import { soak } from './soak.ts';
import { tellScoreboard } from './tell-scoreboard.ts';
import { tellSoak } from './tell-soak.ts';

const options = readRehearseOptions(process.argv);
process.exitCode = options.ok ? await run(options.value) : options.failure.isMistake ? 2 : 0;

/** Rehearses as it is told to, and gives the exit code: 0 only if all is accounted for. */
async function run(options: RehearseOptions): Promise<number> {
  const onProgress = tellProgress();
  onProgress('Starting the local stack');
  const rehearsal = await startRehearsal(options.speed, options.mappings);
  if (!rehearsal.ok) {
    process.stderr.write(`${rehearsal.failure}\n`);
    return 1;
  }
  const play = options.minutes === undefined ? playOnce : playOn;
  const { ok, text } = await play(rehearsal.value, options, onProgress).finally(rehearsal.value.stop);
  process.stdout.write(`${text}\n`);
  return ok ? 0 : 1;
}

type Told = { readonly ok: boolean; readonly text: string };
type Progress = (sentence: string) => void;

async function playOnce(
  rehearsal: Rehearsal,
  { seed, events, json }: RehearseOptions,
  onProgress: Progress,
): Promise<Told> {
  const deadlineSeconds = deadlineFor(events);
  const plan = await rehearsal.plan({ seed, events });
  const score = await rehearsal.play(plan, { deadlineSeconds, onProgress });
  return { ok: score.ok, text: json ? JSON.stringify(score) : tellScoreboard(score) };
}

async function playOn(
  rehearsal: Rehearsal,
  { seed, minutes = 1, json }: RehearseOptions,
  onProgress: Progress,
): Promise<Told> {
  const report = await soak(rehearsal, { seed, minutes, deadlineSeconds: deadlineFor(200), onProgress });
  return { ok: report.ok, text: json ? JSON.stringify(report) : tellSoak(report) };
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
