import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { examine } from '../../cli/webhooks/doctor.ts';
import { type LocalRun, startLocalRun } from '../../local/run.ts';
import { SIX_SECRETS, SIX_SOURCES } from '../fixtures/six-sources.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

let run: LocalRun;
beforeAll(async () => {
  const started = await startLocalRun({
    ...{ port: 0, speed: 10 },
    mappings: SIX_SOURCES,
    readSecrets: () => SIX_SECRETS,
  });
  if (!started.ok) throw new Error(started.failure);
  run = started.value;
}, 240_000);
afterAll(() => run.stop());

type Ended = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** Runs the command line in a process of its own, as a person would. */
function adapter(...args: string[]): Promise<Ended> {
  const env = { ...process.env, PORT: new URL(run.stack.url).port, MAPPINGS_FOLDER: SIX_SOURCES };
  return new Promise((resolve) => {
    execFile(process.execPath, ['cli/adapter.ts', ...args], { cwd: ROOT, env }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
    );
  });
}

describe('adapter send', () => {
  test('signs a sample as its vendor would, posts it and shows the answer', async () => {
    const { code, stdout } = await adapter(
      'send',
      '--source',
      'stripe',
      '--sample',
      'checkout.session.completed',
    );

    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/^POST http.*\/webhooks\/stripe .*\nHTTP 200 .*"buffered"/),
    ]);
  });

  test.each(['/webhooks/stripe', ''])(
    'takes a webhook URL as the outputs have it, or its beginning: …%s',
    async (path) => {
      const sample = ['--source', 'stripe', '--sample', 'invoice.paid', '--url', `${run.stack.url}${path}`];
      const { code, stdout } = await adapter('send', ...sample, '--json');

      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ url: `${run.stack.url}/webhooks/stripe`, status: 200 });
    },
  );

  test('finds a sample by its event type too, and can answer in JSON', async () => {
    const { code, stdout } = await adapter(
      'send',
      '--source',
      'shopify',
      '--sample',
      'orders/fulfilled',
      '--json',
    );

    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ eventType: 'orders/fulfilled', status: 200 });
  });

  test.each([
    [
      ['--source', 'nobody', '--sample', 'x'],
      'There is no mapping folder "nobody". There are: github, hubspot, resend, shopify, stripe, woocommerce.',
    ],
    [['--source', 'stripe', '--sample', 'x'], 'There is no sample "x" of stripe. There are: '],
    [
      ['--source', 'stripe', '--sample', 'invoice.payment_failed', '--port', '1'],
      'Nothing answers at http://127.0.0.1:1/',
    ],
    [['--source', 'stripe'], "required option '--sample <name>' not specified"],
  ])('refuses %j with a sentence', async (args, sentence) => {
    const { code, stderr } = await adapter('send', ...args);

    expect([code > 0, stderr]).toEqual([true, expect.stringContaining(sentence)]);
  });
});

describe('adapter doctor', () => {
  test('prints a line of JSON per request of a file, and ends with 1 where one is not valid', async () => {
    const request = fileURLToPath(new URL('../../samples/vectors.json', import.meta.url));

    const { code, stdout } = await adapter('doctor', '--json', '--request', request);

    const { text } = examine(SIX_SOURCES, { request, json: true });
    expect([code, stdout]).toEqual([1, `${text}\n`]);
  });
});

describe('adapter dead-letter list', () => {
  test('shows each dead letter with its reason, and leaves it there', async () => {
    run.simulator?.script([{ status: 200, body: { code: 1002 } }]);
    await adapter('send', '--source', 'stripe', '--sample', 'invoice.payment_failed');
    await run.lines.find(
      (line) => (line.stage === 'deliver' && line.outcome === 'dead-letter') || undefined,
      20_000,
    );

    const first = await adapter('dead-letter', 'list');
    const second = await adapter('dead-letter', 'list', '--json');

    expect(first.stdout).toContain('webex-mandatory-field-missing  (deliver)');
    expect(first.stdout).toContain('answer   HTTP 200, code 1002');
    expect(JSON.parse(second.stdout)).toMatchObject([
      { code: 'webex-mandatory-field-missing', event: 'payment-failed' },
    ]);
  }, 240_000);
});
