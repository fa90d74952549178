import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from '@jest/globals';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const running: ChildProcess[] = [];
const servers: { close: () => void }[] = [];

afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
  for (const server of servers.splice(0)) server.close();
});

type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/** Starts a program of the repository as npm would; `until` ends it with Ctrl-C once its output holds that. */
async function runProgram(args: string[], { until = '', env = {} } = {}): Promise<Ended> {
  const child = spawn(process.execPath, args, { cwd: ROOT, env: { ...process.env, NO_COLOR: '1', ...env } });
  running.push(child);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
    if (until !== '' && stdout.includes(until)) child.kill('SIGINT');
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

describe('npm start', () => {
  test('with --once tells both stories and ends with 0', async () => {
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

  test('calls the event API it is given, shows curl lines that work, and frees everything on Ctrl-C', async () => {
    const received: string[] = [];
    const url = await listen((body) => {
      received.push(body);
      return '{"transaction-id":"event_1"}';
    });

    const args = ['local/start.ts', '--port', '0', '--event-url', url, '--speed', '5'];
    const { code, stdout } = await runProgram(args, { until: 'Ctrl-C ends it' });

    expect(code).toBe(0);
    expect(received.map((body) => JSON.parse(body)['event-id'])).toEqual([
      'evt_10000000000001',
      'evt_20000000000001',
    ]);
    expect(stdout).toMatch(
      /curl -sS http:\/\/127\.0\.0\.1:\d+\/webhooks\/stripe .*stripe-signature: t=\d+,v1=/,
    );
    const at = /running +(http:\S+:\d+)/.exec(stdout)?.[1];
    await expect(fetch(`${at}/healthz`)).rejects.toThrow('fetch failed');
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
    const { code, stderr } = await runProgram(['local/start.ts', ...args]);

    expect([code, stderr]).toEqual([1, expect.stringContaining(message)]);
  });
});
