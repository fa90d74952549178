import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { bundleMutant } from '../../test/story/mutant.ts';
import { httpEvent, invoiceBody } from '../events.ts';
import { type Figure, figureOf } from '../figure.ts';
import { BOOT, type ColdCase } from '../measure/cold-start.ts';
import { ratioOf, spreadOf } from '../measure/statistics.ts';
import { throttle } from '../measure/throttle.ts';
import type { Subject } from '../subjects.ts';
import type { World } from '../world.ts';

const MEGABYTES = 256;

/** What ingest does in INIT, and that it does nothing there. */
const WITHOUT_PREFETCH = {
  function: 'ingest',
  file: 'ingest/handler.ts',
  changes: [
    ['...[...preparedSecrets].map((name) => signingSecrets.read(name)),', ''],
    ['queues.connect(BUFFER_QUEUE_URL),', ''],
  ],
} as const;

/** P7: the first event's time once INIT is over and the CPU is as small as the memory, with and without prefetch. */
export async function measureFirstEvent({ subjects, effort }: World): Promise<readonly Figure[]> {
  const directory = mkdtempSync(join(tmpdir(), 'webhook-adapter-bench-'));
  cpSync(subjects.ingest.directory, directory, { recursive: true });
  await bundleMutant(WITHOUT_PREFETCH, join(directory, 'bundle.cjs'));
  const without: Subject = { ...subjects.ingest, directory };
  const measured: { with: number; without: number }[] = [];
  for (let round = 0; round < effort.coldRounds; round += 1) {
    const event = httpEvent(invoiceBody());
    measured.push({
      with: await timeFirstEvent({ subject: subjects.ingest, event }),
      without: await timeFirstEvent({ subject: without, event }),
    });
  }
  rmSync(directory, { recursive: true });
  const times = measured.map((round) => round.with);
  const bases = measured.map((round) => round.without);
  return [
    figureOf(
      { id: 'P7', what: 'first event with / without prefetch, 256 MB', unit: 'x', goal: 0.25 },
      ratioOf(times, bases),
    ),
    figureOf({ id: 'P7', what: 'first event with prefetch, 256 MB', unit: 'ms' }, spreadOf(times)),
    figureOf({ id: 'P7', what: 'first event without prefetch, 256 MB', unit: 'ms' }, spreadOf(bases)),
  ];
}

async function timeFirstEvent({ subject, event }: ColdCase): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'webhook-adapter-bench-'));
  const file = join(directory, 'event.json');
  writeFileSync(file, JSON.stringify(event));
  const child = spawn(process.execPath, [BOOT, 'cold', subject.directory, file], {
    env: { ...subject.environment, HOME: directory, BENCH_PAUSE: '1' },
    stdio: ['ignore', 'ignore', 'inherit', 'pipe', 'ipc'],
  });
  const figures = text(child.stdio[3] as never);
  await new Promise((resolve) => child.once('message', resolve));
  const release = throttle(child, MEGABYTES);
  child.send('go');
  const answered = await figures;
  release();
  rmSync(directory, { recursive: true });
  return JSON.parse(answered).first;
}
