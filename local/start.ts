import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROJECT, projectOf } from '../cli/project.ts';
import { fail, type Result, succeed } from '../lambdas/result.ts';
import { formatProblems } from '../lib/config-file.ts';
import type { MappingFile } from '../lib/map/mapping-file.ts';
import { readMappingFolders } from '../lib/map/mapping-folders.ts';
import { DEMONSTRATED, isDelivered, signLocally, tellStory } from './demonstration.ts';
import { type LocalRun, startLocalRun } from './local-run.ts';
import { readSettings, type Settings } from './settings.ts';
import { LOCAL_STAGE } from './synthesize.ts';
import { tellCall, tellFact, tellHeading, tellLine, tellWebhook } from './tell.ts';
import { watchMappings } from './watch-mappings.ts';

/** The mapping folders that run: those of the stage. */
const MAPPINGS = projectOf(PROJECT, { stage: LOCAL_STAGE }).mappings;

let ending: Promise<void> | undefined;
let keptIn: string | undefined;
const ended = await start(readSettings(process.argv));
if (!ended.ok) process.stderr.write(`${ended.failure}\n`);
if (!ended.ok || ended.value === 'not-delivered') process.exitCode = 1;

/** Starts the local run and shows it at work; comes back when the demonstration is over, with or without it still up. */
async function start(settings: Settings): Promise<Result<'up' | 'delivered' | 'not-delivered', string>> {
  const mappings = readMappingFolders(MAPPINGS);
  if (!mappings.ok) return fail(formatProblems(mappings.failure));

  print(tellHeading('Webex Campaign webhook adapter, on this machine'));
  print(tellFact('synthesizing', 'the app, as "cdk deploy" would …'));
  let isLive = false;
  const run = await startLocalRun(settings, {
    onLine: (line) => {
      if (isLive || typeof line === 'string') print(tellLine(line));
    },
    onCall: (call) => {
      if (isLive) print(tellCall(call));
    },
  });
  if (!run.ok) return run;
  // npm hands Ctrl-C on, so the signal may come twice.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => void end(run.value));
  introduce(run.value);

  const demonstrated = await demonstrate(run.value, mappings.value);
  if (settings.once || !demonstrated.ok) {
    await run.value.stop();
    return demonstrated;
  }
  isLive = true;
  watchMappings(MAPPINGS, () => run.value.redeploy(), print);
  const invited = await invite(run.value, mappings.value);
  return invited.ok ? succeed('up') : invited;
}

function introduce({ stack, simulator, eventUrl }: LocalRun): void {
  print(tellFact('running', `${stack.url}/webhooks/{source}`));
  print(tellFact('calling', `${eventUrl}${simulator ? '  (the Webex Campaign simulator)' : ''}`));
}

async function demonstrate(
  run: LocalRun,
  files: readonly MappingFile[],
): Promise<Result<'delivered' | 'not-delivered', string>> {
  let delivered = 0;
  for (const [index, { source, sample }] of DEMONSTRATED.entries()) {
    const mapping = mappingOf(source, files);
    const story = mapping.ok ? await tellStory(run, mapping.value, sample) : mapping;
    if (!story.ok) return story;
    print(tellWebhook(index + 1, source, story.value));
    if (isDelivered(story.value)) delivered += 1;
  }
  return succeed(delivered === DEMONSTRATED.length ? 'delivered' : 'not-delivered');
}

/** Shows how to send one's own webhook, with a signature that is valid now. */
async function invite(run: LocalRun, files: readonly MappingFile[]): Promise<Result<void, string>> {
  print(tellHeading('Send your own'));
  for (const { source, sample } of DEMONSTRATED) {
    const mapping = mappingOf(source, files);
    const signed = mapping.ok ? await signLocally(run, mapping.value, sample) : mapping;
    if (!signed.ok) return signed;
    const headers = Object.entries(signed.value.headers).map(([name, value]) => `-H '${name}: ${value}'`);
    const { path, body } = signed.value;
    const file = keepBody(`${source}-${sample}.json`, body);
    print(`\n  curl -sS ${run.stack.url}${path} ${headers.join(' ')} --data-binary @${file}`);
  }
  const port = new URL(run.stack.url).port;
  const at = port === '8787' ? '' : ` --port ${port}`;
  print('\n  A Stripe signature is valid for five minutes. For a new one, or another sample:');
  print(`  npm run -s adapter -- send${at} --source stripe --sample checkout.session.completed`);
  print(`  npm run -s adapter -- dead-letter list${at}`);
  print(`\n${tellFact('up', 'Ctrl-C ends it. What happens from here on:')}`);
  return succeed(undefined);
}

/** The signature is over the sample as of now, which is not what lies in `samples/`. */
function keepBody(name: string, body: Uint8Array): string {
  keptIn ??= mkdtempSync(join(tmpdir(), 'webhook-adapter-'));
  const file = join(keptIn, name);
  writeFileSync(file, body);
  return file;
}

function mappingOf(source: string, files: readonly MappingFile[]): Result<MappingFile, string> {
  const file = files.find((mapping) => mapping.source === source);
  return file ? succeed(file) : fail(`The demonstration needs the mapping folder "${source}".`);
}

async function end(run: LocalRun): Promise<void> {
  ending ??= run.stop();
  await ending;
  if (keptIn !== undefined) rmSync(keptIn, { recursive: true, force: true });
  process.exit(0);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
