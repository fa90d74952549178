import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { SIX_SECRETS, SIX_SOURCES } from '../fixtures/six-sources.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const running: ChildProcess[] = [];
const servers: { close: () => void }[] = [];
const folders: string[] = [];

const directory = mkdtempSync(join(tmpdir(), 'start-secrets-'));
const LOCAL_SECRETS = join(directory, 'secrets.json');
writeFileSync(LOCAL_SECRETS, JSON.stringify(SIX_SECRETS));
afterAll(() => rmSync(directory, { recursive: true }));

afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
  for (const server of servers.splice(0)) server.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/** What is done once a text has been printed. */
type Cue = readonly [text: string, act: (child: ChildProcess) => void];

const CTRL_C: Cue = ['Ctrl-C ends it. What happens', (child) => child.kill('SIGINT')];

/** Starts a program of the repository as npm would, with the mappings of six sources, unless others are named. */
async function runProgram(args: string[], { cues = [] as readonly Cue[], env = {} } = {}): Promise<Ended> {
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, NO_COLOR: '1', MAPPINGS_FOLDER: SIX_SOURCES, LOCAL_SECRETS, ...env },
  });
  running.push(child);
  const waiting = [...cues];
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
    const [cue] = waiting;
    if (cue !== undefined && stdout.includes(cue[0])) waiting.shift()?.[1](child);
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const [code] = await once(child, 'close');
  return { code, stdout, stderr };
}

async function listen(answer: (body: string) => string): Promise<string> {
  const server = createServer(async (message, response) => {
    response.end(answer(Buffer.concat(await message.toArray()).toString()));
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`;
}

/** Adds a mapping folder of a source that nobody has a sample of. */
function addSourceWithoutSample(mappings: string): void {
  mkdirSync(join(mappings, 'acme'));
  const event = '{ name: welcome, on: user.created, event-id: evt_1, event-key: "{% data.email %}" }';
  writeFileSync(
    join(mappings, 'acme/mapping.yaml'),
    `source: acme\nverify: svix\nsecret: webhooks/acme\nevents:\n  - ${event}\n`,
  );
}

/** What the program begins with, without all that it loads besides. */
const READ_SETTINGS = `
  import { readSettings } from './local/settings.ts';
  readSettings([process.execPath, 'local/start.ts', ...process.argv.slice(1)]);`;

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'start-'));
  folders.push(folder);
  return folder;
}

describe('npm start', () => {
  test('with --once shows both stories and ends with 0', async () => {
    const { code, stdout, stderr } = await runProgram(['local/start.ts', '--once', '--port', '0']);

    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('Story 1: stripe says invoice.payment_failed');
    expect(stdout).toContain('Story 2: shopify says orders/create');
    expect(stdout.match(/delivered in \d+ ms/g)).toHaveLength(2);
  }, 60_000);

  test('with --once and an event API that refuses ends with 1', async () => {
    const url = await listen(() => '{"code":1002}');
    const env = { WEBEX_EVENT_URL: url };

    const { code, stdout } = await runProgram(['local/start.ts', '--once', '--port', '0'], { env });

    expect(code).toBe(1);
    expect(stdout).toContain('HTTP 200, code 1002  dead-letter webex-mandatory-field-missing');
    expect(stdout.match(/not delivered/g)).toHaveLength(2);
  }, 60_000);

  test('sends no demonstration to the event API it is given, shows curl lines that work, and frees everything on Ctrl-C', async () => {
    const received: string[] = [];
    const url = await listen((body) => {
      received.push(body);
      return '{"transaction-id":"event_1"}';
    });

    const args = ['local/start.ts', '--port', '0', '--event-url', url, '--speed', '5'];
    const { code, stdout } = await runProgram(args, { cues: [CTRL_C] });

    expect(code).toBe(0);
    expect(received).toEqual([]);
    expect(stdout).toMatch(
      /curl -sS http:\/\/127\.0\.0\.1:\d+\/webhooks\/stripe .*stripe-signature: t=\d+,v1=/,
    );
    const at = /running +(http:\S+:\d+)/.exec(stdout)?.[1];
    await expect(fetch(`${at}/healthz`)).rejects.toThrow('fetch failed');
  }, 60_000);

  test('sends the demonstration to another event API with --once', async () => {
    const received: string[] = [];
    const url = await listen((body) => {
      received.push(body);
      return '{"transaction-id":"event_1"}';
    });

    const args = ['local/start.ts', '--port', '0', '--event-url', url, '--once'];
    const { code } = await runProgram(args);

    expect(code).toBe(0);
    expect(received.map((body) => JSON.parse(body)['event-id'])).toEqual([
      'evt_10000000000001',
      'evt_20000000000001',
    ]);
  }, 60_000);

  test('shows the story of the one source that it has a sample of', async () => {
    const mappings = newFolder();
    cpSync(join(SIX_SOURCES, 'resend'), join(mappings, 'resend'), { recursive: true });
    addSourceWithoutSample(mappings);

    const env = { MAPPINGS_FOLDER: mappings };
    const { code, stdout } = await runProgram(['local/start.ts', '--once', '--port', '0'], { env });

    expect(code).toBe(0);
    expect(stdout.match(/Story \d: \w+/g)).toEqual(['Story 1: resend']);
  }, 60_000);

  test('waits for the first mapping folder, and stays up where no source has a sample', async () => {
    const mappings = newFolder();
    const add: Cue = ['waiting', () => addSourceWithoutSample(mappings)];

    const args = ['local/start.ts', '--port', '0'];
    const env = { MAPPINGS_FOLDER: mappings };
    const { code, stdout } = await runProgram(args, { env, cues: [add, CTRL_C] });

    expect(code).toBe(0);
    expect(stdout).toContain('has no mapping folder. Add one: ');
    expect(stdout).toMatch(
      /no secret +of acme: add to \S+ {2}"webhooks\/acme": \{ "signingSecrets": \["…"\] \}/,
    );
    expect(stdout).toMatch(/no story +no mapping folder has a sample/);
    expect(stdout).toContain('--source <source> --sample <sample>');
  }, 60_000);

  test('says that a port is taken', async () => {
    const url = new URL(await listen(() => ''));

    const { code, stderr } = await runProgram(['local/start.ts', '--once', '--port', url.port]);

    expect(code).toBe(1);
    expect(stderr).toBe(
      `Port ${url.port} of 127.0.0.1 is taken. Stop what listens there, or take another: --port <number>.\n`,
    );
  }, 60_000);

  test.each([
    [['--port', '70000'], 'expected a port'],
    [['--port', 'x'], 'expected a port'],
    [['--speed', '0.5'], 'expected a number from 1'],
    [['--event-url', 'http://example.com/events'], 'expected https'],
    [['--colour'], "unknown option '--colour'"],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await runProgram([
      '--input-type=module',
      '--eval',
      READ_SETTINGS,
      '--',
      ...args,
    ]);

    expect([code, stderr]).toEqual([1, expect.stringContaining(message)]);
  });
});
