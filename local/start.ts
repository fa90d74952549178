import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { contractFileOf, PROJECT, projectOf } from '../answers/project.ts';
import { fail, type Result, succeed } from '../lambdas/result.ts';
import { formatProblems } from '../lib/config/file.ts';
import { docsPage, escapeUnseen, INVOCATION, print, printStyled } from '../lib/config/terminal.ts';
import type { MappingFile } from '../lib/mapping/file.ts';
import { foldersOf, readExamples, readMappingFolders } from '../lib/mapping/folders.ts';
import { LOCAL_STAGE } from '../lib/stages/synthesize.ts';
import {
  chooseSamples,
  type Demonstrated,
  isDelivered,
  namesToSend,
  playSample,
  signLocally,
} from './demonstration.ts';
import {
  formatCall,
  formatFact,
  formatHeading,
  formatLine,
  formatRedeployed,
  formatStory,
} from './output.ts';
import { type LocalRun, startLocalRun, watchMappings } from './run.ts';
import { formatMissing, readLocalSecrets, readSettings, type Settings } from './settings.ts';

/** The mapping folders that run, those of the stage, and the event definitions that they name. */
const { mappings: MAPPINGS, ...FILES } = projectOf(PROJECT, { stage: LOCAL_STAGE });
const CONTRACT = contractFileOf({ mappings: MAPPINGS, ...FILES });

/** Pause between two looks for the first mapping folder. */
const POLL_MILLISECONDS = 1_000;

const NO_SAMPLE = `no mapping folder has a sample or an example that can be signed and becomes an event: ${docsPage('add-a-source.md')}, 4`;

/** What the printed commands name where there is no sample. */
const PLACEHOLDER = { source: '<source>', sample: '<sample>' };

let ending: Promise<void> | undefined;
let keptIn: string | undefined;
const warnedOf = new Set<string>();
const ended = await start(readSettings(process.argv));
if (!ended.ok) print(ended.failure, process.stderr);
if (!ended.ok || ended.value === 'not-delivered') process.exitCode = 1;

/** Starts the local run and shows it at work; returns when the demonstration is over, with the run up or stopped. */
async function start(settings: Settings): Promise<Result<'up' | 'delivered' | 'not-delivered', string>> {
  const mappings = await readMappings(settings);
  if (!mappings.ok) return mappings;

  printStyled(formatHeading('Webex Campaign webhook adapter, on this machine'));
  printStyled(formatFact('synthesizing', 'the app, as "cdk deploy" would …'));
  let isLive = false;
  const run = await startLocalRun(
    { ...settings, ...(process.env.MAPPINGS_FOLDER && { mappings: MAPPINGS }) },
    {
      onLine: (line) => {
        if (isLive || typeof line === 'string') printStyled(formatLine(line));
      },
      onCall: (call) => {
        if (isLive) printStyled(formatCall(call));
      },
    },
  );
  if (!run.ok) return run;
  // npm passes Ctrl-C on, so the signal may come twice.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => void end(run.value));
  introduce(run.value);
  warnOfSecrets(mappings.value);

  const demonstrable = mappings.value.map((mapping) => ({ mapping, examples: examplesOf(mapping) }));
  const samples = await chooseSamples(run.value, demonstrable);
  if (settings.once) {
    const demonstrated = await demonstrate(run.value, samples);
    await run.value.stop();
    return succeed(demonstrated);
  }
  // Another event API may be a tenant's: nothing is sent there that was not asked for.
  if (settings.eventUrl === undefined) await demonstrate(run.value, samples);
  isLive = true;
  followMappings(run.value);
  await invite(run.value, samples);
  return succeed('up');
}

function followMappings(run: LocalRun): void {
  const redeploy = () => run.redeploy();
  watchMappings({ mappings: MAPPINGS, contractFile: CONTRACT }, redeploy, (redeployed) => {
    printStyled(formatRedeployed(redeployed));
    const read = readMappingFolders(MAPPINGS);
    if (read.ok) warnOfSecrets(read.value);
  });
}

/** Reads the mappings. Where there is no folder yet, as in a new project, it waits for the first. */
async function readMappings({ once }: Settings): Promise<Result<readonly MappingFile[], string>> {
  let printed = '';
  for (;;) {
    const read = readMappingFolders(MAPPINGS, [LOCAL_STAGE], CONTRACT);
    if (read.ok) return read;
    const problems = formatProblems(read.failure);
    const isWaiting = printed !== '' || foldersOf(MAPPINGS).length === 0;
    if (once || !isWaiting) return fail(problems);
    if (problems !== printed)
      printStyled(`${problems}\n${formatFact('waiting', 'for a mapping folder; Ctrl-C ends it')}`);
    printed = problems;
    await pause(POLL_MILLISECONDS);
  }
}

function introduce({ stack, simulator, eventUrl }: LocalRun): void {
  printStyled(formatFact('running', `${stack.url}/webhooks/{source}`));
  printStyled(formatFact('calling', `${eventUrl}${simulator ? '  (the Webex Campaign simulator)' : ''}`));
}

/** Names the sources whose webhooks would be answered 503, each once. */
function warnOfSecrets(mappings: readonly MappingFile[]): void {
  const stored = readLocalSecrets();
  for (const { source, secret } of mappings) {
    if (Object.hasOwn(stored, secret) || warnedOf.has(secret)) continue;
    warnedOf.add(secret);
    printStyled(formatFact('no secret', `of ${source}: ${formatMissing(secret)}`));
  }
}

/** Sends the samples through the run, one after the other; without any it is `not-delivered`. */
async function demonstrate(
  run: LocalRun,
  samples: readonly Demonstrated[],
): Promise<'delivered' | 'not-delivered'> {
  if (samples.length === 0) printStyled(`\n${formatFact('no story', NO_SAMPLE)}`);
  let delivered = 0;
  for (const [index, sample] of samples.entries()) {
    const story = await playSample(run, sample);
    printStyled(story.ok ? formatStory(index + 1, sample.mapping.source, story.value) : story.failure);
    if (story.ok && isDelivered(story.value)) delivered += 1;
  }
  return samples.length > 0 && delivered === samples.length ? 'delivered' : 'not-delivered';
}

/** Shows how to send a webhook of one's own, signed now. */
async function invite(run: LocalRun, samples: readonly Demonstrated[]): Promise<void> {
  printStyled(formatHeading('Send your own'));
  for (const demonstrated of samples) {
    const { mapping, sample } = demonstrated;
    const signed = await signLocally(run, demonstrated);
    if (!signed.ok) continue;
    const headers = Object.entries(signed.value.headers).map(([name, value]) =>
      escapeUnseen(`-H '${name}: ${value}'`),
    );
    const { path, body } = signed.value;
    const file = keepBody(`${mapping.source}-${sample}.json`, body);
    printStyled(`\n  curl -sS ${run.stack.url}${path} ${headers.join(' ')} --data-binary @${file}`);
  }
  const port = new URL(run.stack.url).port;
  const at = port === '8787' ? '' : ` --port ${port}`;
  const { source, sample } = anotherThan(samples[0]);
  printStyled('\n  A signature may be valid for five minutes only. For a new one, or another sample:');
  printStyled(`  ${INVOCATION} send${at} --source ${source} --sample ${sample}`);
  printStyled(`  ${INVOCATION} dead-letter list${at}`);
  printStyled(`\n${formatFact('up', 'Ctrl-C ends it. What happens from here on:')}`);
}

/** Another sample of the same source, where there is one. */
function anotherThan(shown: Demonstrated | undefined): typeof PLACEHOLDER {
  if (shown === undefined) return PLACEHOLDER;
  const sample = namesToSend(shown).find((name) => name !== shown.sample) ?? shown.sample;
  return { source: shown.mapping.source, sample };
}

function examplesOf({ source }: MappingFile): Demonstrated['examples'] {
  return readExamples(join(MAPPINGS, source), source).examples;
}

/** Keeps a body in a file: its times are of now, other than those of the sample, and it is what was signed. */
function keepBody(name: string, body: Uint8Array): string {
  keptIn ??= mkdtempSync(join(tmpdir(), 'webhook-adapter-'));
  const file = join(keptIn, name);
  writeFileSync(file, body);
  return file;
}

async function end(run: LocalRun): Promise<void> {
  ending ??= run.stop();
  await ending;
  if (keptIn !== undefined) rmSync(keptIn, { recursive: true, force: true });
  process.exit(0);
}
