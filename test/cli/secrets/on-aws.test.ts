import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { finishRotation, showSecrets } from '../../../cli/secrets/rotate.ts';
import { type Loopback, listenOnLoopback } from '../../../local/emulator/host.ts';
import {
  type CloudFormationServer,
  type Stacks,
  startCloudFormation,
} from '../../answers/cloudformation-server.ts';
import { SIX_SOURCES } from '../../fixtures/six-sources.ts';
import { type CloudWatchServer, startCloudWatch } from '../webhooks/cloudwatch-server.ts';

const PROJECT = { mappings: SIX_SOURCES, stagesFile: '/nowhere' };
const DAY = 86_400_000;
const two = JSON.stringify({ signingSecrets: ['whsec_new', 'whsec_old'] });

/** The secrets of an adapter with a name of its own, `hooks`; that of Shopify is not deployed yet. */
const secrets = new Map<string, string>();
const STACKS: Stacks = {
  'company-shop': {
    resources: [
      { id: 'WebhooksLedgerTable0A1B2C3D', physical: 'hooks-ledger' },
      {
        id: 'WebhooksIngestFunctionLogs0A1B2C3D',
        physical: 'company-shop-WebhooksIngestFunctionLogs0A1B2C3D-1A2B',
      },
      {
        id: 'WebhooksDeliverFunctionLogs0A1B2C3D',
        physical: 'company-shop-WebhooksDeliverFunctionLogs0A1B2C3D-3C4D',
      },
    ],
  },
};

let stacks: Stacks | 'refused' = STACKS;
const queried: unknown[] = [];
let cloudFormation: CloudFormationServer;
let cloudWatch: CloudWatchServer;
let secretsManager: Loopback;

beforeAll(async () => {
  secretsManager = await listenOnLoopback(
    createServer(async (message, response) => {
      const request = (await json(message)) as { SecretId: string; SecretString?: string };
      const operation = String(message.headers['x-amz-target']).split('.')[1];
      const { status, body } = answerTo(operation, request);
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
      response.end(JSON.stringify(body));
    }),
  );
  cloudFormation = await startCloudFormation(() => stacks);
  cloudWatch = await startCloudWatch((operation, request) => {
    if (operation === 'StartQuery') queried.push(request.logGroupNames);
    return operation === 'StartQuery' ? { queryId: 'q' } : { status: 'Complete', results: [] };
  });
  process.env.AWS_ENDPOINT_URL_SECRETS_MANAGER = secretsManager.url;
});
afterAll(async () => {
  await cloudWatch.stop();
  await cloudFormation.stop();
  await secretsManager.stop();
});
beforeEach(() => {
  stacks = STACKS;
  queried.length = 0;
  secrets.clear();
  for (const source of ['github', 'hubspot', 'resend', 'stripe', 'woocommerce'])
    secrets.set(`hooks/webhooks/${source}`, JSON.stringify({ signingSecrets: ['one-of-them'] }));
  secrets.set('hooks/webhooks/stripe', two);
  secrets.set('hooks/webex-campaign', JSON.stringify({ primary: 'key', secondary: '' }));
});

function answerTo(
  operation: string | undefined,
  { SecretId, SecretString }: { SecretId: string; SecretString?: string },
) {
  const value = secrets.get(SecretId);
  if (value === undefined)
    return { status: 400, body: { __type: 'ResourceNotFoundException', message: 'none' } };
  if (operation === 'PutSecretValue') secrets.set(SecretId, String(SecretString));
  return {
    status: 200,
    body: { Name: SecretId, SecretString: value, VersionId: 'v', CreatedDate: (Date.now() - 2 * DAY) / 1000 },
  };
}

describe.each(['company-shop', 'hooks'])('with --stack %s', (stack) => {
  test('status reads the secrets by the adapter’s name, and the log groups that CloudFormation has named', async () => {
    const { text, exitCode } = await showSecrets(PROJECT, { stack, port: 0, name: 'stripe' });

    expect(text).toContain('hooks/webhooks/stripe: 2 signing secrets');
    expect(exitCode).toBe(0);
    expect(queried).toEqual([
      [
        'company-shop-WebhooksIngestFunctionLogs0A1B2C3D-1A2B',
        'company-shop-WebhooksDeliverFunctionLogs0A1B2C3D-3C4D',
      ],
    ]);
  });

  test('status shows the others where one is missing, and ends with 1', async () => {
    const { text, exitCode } = await showSecrets(PROJECT, { stack, port: 0 });

    expect(exitCode).toBe(1);
    expect(text).toContain('hooks/webhooks/github: 1 signing secret');
    expect(text).toContain(
      'shopify: There is no secret "hooks/webhooks/shopify" in this account and region: deploy the stack first.',
    );
    expect(text).toContain('hooks/webex-campaign: 1 key');
    const asJson = await showSecrets(PROJECT, { stack, port: 0, json: true });
    expect(JSON.parse(asJson.text)).toHaveLength(7);
  });

  test('--finish --force takes the old value away without asking the log', async () => {
    const { exitCode } = await finishRotation(PROJECT, {
      stack,
      port: 0,
      name: 'stripe',
      force: true,
      yes: true,
    });

    expect(exitCode).toBe(0);
    expect(queried).toEqual([]);
    expect(secrets.get('hooks/webhooks/stripe')).toBe('{"signingSecrets":["whsec_new"]}');
  });
});

test('--force ends a rotation where nobody may read the logs, and nothing else does', async () => {
  stacks = 'refused';
  const options = { stack: 'hooks', port: 0, name: 'stripe', yes: true };

  expect(await finishRotation(PROJECT, options)).toEqual({
    text: expect.stringMatching(
      /not authorized\)\. .*\nNothing was changed\. To take it away all the same: --force$/,
    ),
    exitCode: 2,
  });
  expect(await finishRotation(PROJECT, { ...options, force: true })).toMatchObject({ exitCode: 0 });
});

test('one secret alone that is not there is refused with what to do', async () => {
  expect(await showSecrets(PROJECT, { stack: 'hooks', port: 0, name: 'shopify' })).toEqual({
    text: 'There is no secret "hooks/webhooks/shopify" in this account and region: deploy the stack first.',
    exitCode: 2,
  });
});
