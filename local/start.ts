import { fileURLToPath } from 'node:url';
import { formatProblems } from '../lib/config-file.ts';
import type { MappingFile } from '../lib/mapping-file.ts';
import { readMappingFolders } from '../lib/mapping-folders.ts';
import { DEMONSTRATED, isDelivered, signLocally, tellStory } from './demonstration.ts';
import { type LocalRun, startLocalRun } from './local-run.ts';
import { readSettings } from './settings.ts';
import { tellFact, tellHeading, tellLine, tellWebhook } from './tell.ts';

const settings = readSettings(process.argv);
const mappings = readMappingFolders(fileURLToPath(new URL('../mappings', import.meta.url)));
if (!mappings.ok) exitWith(formatProblems(mappings.failure));

print(tellHeading('Webex Campaign webhook adapter, on this machine'));
print(tellFact('synthesizing', 'the app, as "cdk deploy" would …'));
let isLive = false;
const run = await startLocalRun(settings, (line) => {
  if (isLive || typeof line === 'string') print(tellLine(line));
});
if (!run.ok) exitWith(run.failure);
process.once('SIGINT', stop);
process.once('SIGTERM', stop);

introduce(run.value);
const isAllDelivered = await demonstrate(run.value, mappings.value);
if (settings.once) {
  await run.value.stop();
  process.exitCode = isAllDelivered ? 0 : 1;
} else {
  isLive = true;
  await invite(run.value, mappings.value);
}

function introduce({ stack, simulator, eventUrl }: LocalRun): void {
  print(tellFact('running', `${stack.url}/webhooks/{source}`));
  print(tellFact('calling', `${eventUrl}${simulator ? '  (the Webex Campaign simulator)' : ''}`));
}

async function demonstrate(local: LocalRun, files: readonly MappingFile[]): Promise<boolean> {
  let delivered = 0;
  for (const [index, { source, sample }] of DEMONSTRATED.entries()) {
    const story = await tellStory(local, mappingOf(source, files), sample);
    if (!story.ok) exitWith(story.failure);
    print(tellWebhook(index + 1, source, story.value));
    if (isDelivered(story.value)) delivered += 1;
  }
  return delivered === DEMONSTRATED.length;
}

/** Shows how to send one's own webhook, with a signature that is valid now. */
async function invite(local: LocalRun, files: readonly MappingFile[]): Promise<void> {
  print(tellHeading('Send your own'));
  for (const { source, sample } of DEMONSTRATED) {
    const signed = await signLocally(local, mappingOf(source, files), sample);
    if (!signed.ok) exitWith(signed.failure);
    const headers = Object.entries(signed.value.headers).map(([name, value]) => `-H '${name}: ${value}'`);
    const url = `${local.stack.url}${signed.value.path}`;
    print(`\n  curl -sS ${url} ${headers.join(' ')} --data-binary @${signed.value.sample.path}`);
  }
  print('\n  A Stripe signature is valid for five minutes. For a new one, or another sample:');
  print('  npm run -s adapter -- send --source stripe --sample checkout.session.completed');
  print('  npm run -s adapter -- dead-letter list');
  print(`\n${tellFact('up', 'Ctrl-C ends it. What happens from here on:')}`);
}

function mappingOf(source: string, files: readonly MappingFile[]): MappingFile {
  const file = files.find((mapping) => mapping.source === source);
  return file ?? exitWith(`The demonstration needs the mapping folder "${source}".`);
}

async function stop(): Promise<void> {
  if (run.ok) await run.value.stop();
  process.exit(0);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function exitWith(text: string): never {
  process.stderr.write(`${text}\n`);
  process.exit(1);
}
