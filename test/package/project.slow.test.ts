import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { initPackedProject, type PackedApp } from './packed-app.ts';

const PORT = '8943';
const MOST_BYTES = 2_000_000;

let project: PackedApp;
beforeAll(async () => {
  project = await initPackedProject('resend');
}, 400_000);
afterAll(() => project.remove());

const read = (path: string) => readFileSync(join(project.directory, path), 'utf8');

test('the package is two megabytes at most', () => {
  const above = join(project.directory, '..');
  const sizes = readdirSync(above).filter((name) => name.endsWith('.tgz'));

  expect(sizes.map((name) => statSync(join(above, name)).size < MOST_BYTES)).toEqual([true]);
});

test('a project that init has written depends on the tarball that it came from', () => {
  const { dependencies } = JSON.parse(read('package.json'));

  expect(dependencies['webex-campaign-webhook-adapter']).toMatch(/^file:\.\.\/.*\.tgz$/);
});

test('it tells a story, is synthesized, and knows what it costs', async () => {
  const story = await project.run('npm', 'start', '--', '--once', '--port', '0');
  const synth = await project.run('npx', 'cdk', 'synth', '--quiet');
  const cost = await project.run('npx', 'webhook-adapter', 'cost');

  expect([story.code, story.stdout]).toEqual([0, expect.stringContaining('delivered in')]);
  expect([synth.code, readdirSync(join(project.directory, 'cdk.out'))]).toEqual([
    0,
    expect.arrayContaining(['webhook-adapter-dev.template.json']),
  ]);
  expect([cost.code, cost.stdout]).toEqual([0, expect.stringContaining('Stage local')]);
}, 200_000);

test('a source is added, passes the tests, and its webhook is delivered', async () => {
  const added = await project.run('npx', 'webhook-adapter', 'add-source', 'paddle');
  const tested = await project.run('npm', 'test');
  const args = ['node_modules/.bin/webhook-adapter', 'start', '--port', PORT];
  const local = spawn(process.execPath, args, { cwd: project.directory });
  const output: string[] = [];
  local.stdout.setEncoding('utf8').on('data', (text: string) => output.push(text));
  const until = async (text: string) => {
    for (let tries = 0; tries < 900 && !output.join('').includes(text); tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 100));
    return output.join('');
  };
  await until('Ctrl-C ends it');

  const sample = ['--source', 'paddle', '--sample', 'transaction-completed'];
  const sent = await project.run('npx', 'webhook-adapter', 'send', '--port', PORT, ...sample);
  const printed = await until('deliver       paddle');
  local.kill('SIGINT');

  expect([added.code, tested.code, sent.code]).toEqual([0, 0, 0]);
  expect(tested.stdout).toContain('ok      paddle/transaction-completed');
  expect(sent.stdout).toContain('HTTP 200');
  expect(printed).toContain('Story 1: paddle says');
  expect(printed).toContain('deliver       paddle  transaction.completed');
}, 200_000);
