import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ADVICE, WAITING } from '../../answers/advice.ts';
import { examine } from '../../cli/webhooks/doctor.ts';
import { type LocalRun, startLocalRun } from '../../local/run.ts';
import { SIX_SECRETS, SIX_SOURCES } from '../fixtures/six-sources.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

let withoutGithub = false;
let run: LocalRun;
beforeAll(async () => {
  const started = await startLocalRun({
    ...{ port: 0, speed: 10 },
    mappings: SIX_SOURCES,
    readSecrets: () => {
      const { 'webhooks/github': github, ...others } = SIX_SECRETS;
      return withoutGithub ? others : { ...others, 'webhooks/github': github };
    },
  });
  if (!started.ok) throw new Error(started.failure);
  run = started.value;
}, 240_000);
afterAll(() => run.stop());

type Ended = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** Runs the command line in a process of its own, as a person would. */
function adapter(...args: string[]): Promise<Ended> {
  return adapterWith(SIX_SOURCES, ...args);
}

function adapterWith(mappings: string, ...args: string[]): Promise<Ended> {
  const env = { ...process.env, PORT: new URL(run.stack.url).port, MAPPINGS_FOLDER: mappings };
  return new Promise((resolve) => {
    const command = ['cli/adapter.ts', ...args];
    const child = execFile(process.execPath, command, { cwd: ROOT, env }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
    );
    // A command that asks for a secret must not wait for one.
    child.stdin?.end();
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

  test('says of a sample that was sent before that it is a duplicate', async () => {
    const sample = ['send', '--source', 'stripe', '--sample', 'customer.subscription.trial_will_end'];
    const first = await adapter(...sample);
    await run.lines.find(
      (line) => (line.stage === 'deliver' && line.deduplicationId === 'evt_00000000000000') || undefined,
      20_000,
    );
    const second = await adapter(...sample);
    const json = await adapter(...sample, '--json');

    expect([first.code, first.stdout]).toEqual([0, expect.not.stringContaining('duplicate')]);
    expect([second.code, second.stdout]).toEqual([
      0,
      expect.stringMatching(
        /\nA duplicate: \S+ was taken from the buffer at \S+Z already\. .* explain \S+\n$/,
      ),
    ]);
    expect(JSON.parse(json.stdout)).toMatchObject({ duplicateOf: { deduplicationId: expect.any(String) } });
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

  test('takes an example of the mapping folder, and names what is wrong in it', async () => {
    const mappings = mkdtempSync(join(tmpdir(), 'send-'));
    cpSync(join(SIX_SOURCES, 'stripe'), join(mappings, 'stripe'), { recursive: true });
    mkdirSync(join(mappings, 'stripe/examples'), { recursive: true });
    const body = '{ id: evt_own_example, type: charge.dispute.created }';
    writeFileSync(join(mappings, 'stripe/examples/own.yaml'), `webhook: { body: ${body} }\n`);
    const sample = ['--source', 'stripe', '--sample', 'own'];
    const { code, stdout } = await adapterWith(mappings, 'send', ...sample, '--json');
    writeFileSync(join(mappings, 'stripe/examples/own.yaml'), 'webhok: {}\n');
    const broken = await adapterWith(mappings, 'send', ...sample);
    rmSync(mappings, { recursive: true });

    expect([broken.code, broken.stderr]).toEqual([2, expect.stringContaining('Did you mean "webhook"?')]);

    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ eventType: 'stripe/own', status: 200 });
  });

  test('says what to do with a payload that has no row in the manifest', async () => {
    const folder = new URL('../../samples/payloads/stripe/', import.meta.url);
    const file = fileURLToPath(new URL('no-row-of-a-test.json', folder));
    writeFileSync(file, '{}');
    const { code, stderr } = await adapter('send', '--source', 'stripe', '--sample', 'no-row-of-a-test');
    rmSync(file);

    expect([code, stderr]).toEqual([
      2,
      'samples/payloads/stripe/no-row-of-a-test.json has no row in samples/manifest.json. Add one: ' +
        '{"file":"payloads/stripe/no-row-of-a-test.json","provider":"stripe","event":"<event type>"}\n',
    ]);
  });

  test('says where the secret is read from when it has a URL and no run', async () => {
    const sample = ['--source', 'stripe', '--sample', 'invoice.paid', '--port', '1'];
    const { stderr } = await adapter('send', ...sample, '--url', run.stack.url);

    expect(stderr).toMatch(
      /^Nothing answers at .* --url says where to post; the signing secret is read from there\.\n$/,
    );
  });

  test('says what to add to the local secrets for a source without one', async () => {
    withoutGithub = true;
    const { code, stderr } = await adapter('send', '--source', 'github', '--sample', 'star.created');
    withoutGithub = false;

    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining('add to local/secrets.json  "webhooks/github": {'),
    ]);
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
    [['--sorce', 'stripe'], "error: unknown option '--sorce' (Did you mean --source?)\n"],
    [
      ['--source', 'stripe', '--sample', 'x', '--zebra'],
      "error: unknown option '--zebra' (--help lists those that there are)\n",
    ],
  ])('refuses %j with a sentence', async (args, sentence) => {
    const { code, stderr } = await adapter('send', ...args);

    expect([code > 0, stderr]).toEqual([true, expect.stringContaining(sentence)]);
  });
});

describe('a name that is not known', () => {
  test.each([
    [['dead-leter', 'list'], "error: unknown command 'dead-leter' (Did you mean dead-letter?)"],
    [['dead-letter', 'list', '--codes', 'x'], "error: unknown option '--codes' (Did you mean --code?)"],
    [
      ['dead-letter', 'list', '--code', 'unconfirmd'],
      "error: option '--code <code>' argument 'unconfirmd' is invalid. Did you mean \"unconfirmed\"?",
    ],
  ])('ends %j with 2 and one line', async (args, line) => {
    expect(await adapter(...args)).toEqual({ code: 2, stdout: '', stderr: `${line}\n` });
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

describe('adapter check', () => {
  test('says that all is well, in a line each, and messages nobody', async () => {
    const { code, stdout } = await adapter('check');

    expect(stdout.split('\n').map((line) => line.slice(0, 16))).toEqual([
      `${run.eventUrl}`.slice(0, 16),
      'ok       address',
      'ok       TLS    ',
      'ok       key    ',
      'ok       answer ',
      '',
    ]);
    expect(code).toBe(0);
    expect(run.simulator?.received().at(-1)).toMatchObject({ body: '{}', isAccepted: false });
  });

  test('says what fails and what to do, and ends with 1', async () => {
    run.simulator?.setOutage({ answer: 503 });
    const { code, stdout } = await adapter('check');
    const json = await adapter('check', '--json');
    run.simulator?.setOutage(undefined);

    expect([code, stdout]).toEqual([
      1,
      expect.stringMatching(
        /^FAILED {3}answer {3}Webex Campaign fails: HTTP 503\.\n {18}Look at the status page/m,
      ),
    ]);
    expect(JSON.parse(json.stdout)).toMatchObject({
      eventUrl: run.eventUrl,
      checks: [
        { check: 'address', state: 'ok' },
        { check: 'tls', state: 'ok', code: 'no-tls' },
        { check: 'key', state: 'not-checked' },
        { check: 'answer', state: 'failed', code: 'outage' },
      ],
    });
  });

  test('shows no key, and takes another address', async () => {
    const { code, stdout } = await adapter('check', '--event-url', `${run.eventUrl}/elsewhere`);

    expect([code, stdout]).toEqual([1, expect.stringContaining('HTTP 404, code 404')]);
    expect(stdout).not.toContain(JSON.parse(JSON.stringify(SIX_SECRETS['webex-campaign'])).primary);
  });

  test.each([
    [['--event-url', 'http://example.com/events'], '--event-url: expected https'],
    [['--stack', 'messages-dev'], 'stages.yaml has no stage of the stack "messages-dev": give --event-url'],
  ])('refuses %j with a sentence, before it reads a key', async (args, sentence) => {
    const { code, stderr } = await adapter('check', ...args);

    expect([code, stderr]).toEqual([2, expect.stringContaining(sentence)]);
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

    const first = await adapter('dead-letter', 'list', '--all');
    const second = await adapter('dead-letter', 'list', '--json');

    expect(first.stdout).toContain('webex-mandatory-field-missing  (deliver)');
    expect(first.stdout).toContain('answer   HTTP 200, code 1002');
    expect(JSON.parse(second.stdout)).toMatchObject([
      { code: 'webex-mandatory-field-missing', event: 'payment-failed' },
    ]);
  }, 240_000);
});

/** The commands that an advice names, as a person would type them. */
function commandsIn(text: string): readonly (readonly string[])[] {
  const named = text.matchAll(
    /"(?:npm run -s adapter -- )?((?:map|check|resume|replay|secrets|dead-letter)\b[^"]*)"/g,
  );
  return [...named].map(([, command = '']) =>
    command
      .replace(/^replay/, 'dead-letter replay')
      .replaceAll('ID', '00000000')
      .split(' '),
  );
}

describe('the commands of all advice', () => {
  const texts = [...Object.values(ADVICE), ...Object.values(WAITING)].map(({ next }) => next);
  const commands = new Map(texts.flatMap(commandsIn).map((words) => [words.join(' '), words]));

  test('are some', () => expect(commands.size).toBeGreaterThan(4));

  test.each([...commands.keys()])('%s is a command line that is understood', async (command) => {
    const words = commands.get(command) ?? [];
    const { stderr } = await adapter(...words);

    // What is asked for may not be there; the command and its options are.
    expect(stderr).not.toMatch(/unknown (command|option)|too many arguments|--help lists/);
  });
});
