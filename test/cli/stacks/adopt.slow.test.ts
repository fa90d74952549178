import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { adopt } from '../../../cli/stacks/adopt.ts';
import { stackPropsOf } from '../../../lib/stages/settings.ts';
import { WebhookAdapterStack } from '../../../lib/webhook-adapter-stack.ts';
import { type Loopback, listenOnLoopback } from '../../../local/emulator/host.ts';
import {
  type CloudFormationServer,
  type Stacks,
  startCloudFormation,
} from '../../answers/cloudformation-server.ts';
import { PLAIN, sixMappings } from '../../lib/stacks.ts';

const directory = mkdtempSync(join(tmpdir(), 'adopt-'));
const DATA_KEY = 'arn:aws:kms:us-east-1:1:key/data';

type Resources = Readonly<
  Record<string, { readonly Type: string; readonly Properties?: Record<string, unknown> }>
>;

/** A stage with a key of its own, beside the key of the alarms, and its template. */
function synthesize(name: string, sources: readonly string[]): Resources {
  const mappings = sixMappings.filter(({ source }) => sources.includes(source));
  const stack = new WebhookAdapterStack(new App(), `webhook-adapter-${name}`, {
    ...stackPropsOf(name, { ...PLAIN, kms: 'customer' }),
    placeholders: 'allowed',
    mappings,
  });
  const template = Template.fromStack(stack).toJSON();
  writeFileSync(join(directory, `webhook-adapter-${name}.template.json`), JSON.stringify(template));
  return template.Resources;
}

/** What the account holds, by the operation that looks for it and the name. */
const left = new Map<string, object>();
let stacks: Stacks = {};
let isRefusing = false;
let resources: Resources;
let account: Loopback;
let cloudFormation: CloudFormationServer;

const MISSING: Readonly<Record<string, string>> = {
  AmazonSQS: 'com.amazonaws.sqs#QueueDoesNotExist',
  DynamoDB_20120810: 'com.amazonaws.dynamodb.v20120810#ResourceNotFoundException',
  secretsmanager: 'ResourceNotFoundException',
};

beforeAll(async () => {
  resources = synthesize('dev', ['stripe', 'shopify']);
  account = await listenOnLoopback(
    createServer(async (message, response) => {
      // It is asked for AWS's clock.
      if (message.method === 'HEAD') return void response.end();
      const [service = '', operation = ''] = String(message.headers['x-amz-target']).split('.');
      const { QueueName, QueueUrl, TableName, SecretId } = (await json(message)) as Record<string, string>;
      const held = isRefusing
        ? undefined
        : left.get(`${operation} ${QueueName ?? QueueUrl ?? TableName ?? SecretId}`);
      const __type = isRefusing ? 'AccessDeniedException' : MISSING[service];
      response.writeHead(held ? 200 : 400, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(JSON.stringify(held ?? { __type }));
    }),
  );
  cloudFormation = await startCloudFormation(() => stacks);
  process.env.AWS_ENDPOINT_URL = account.url;
});
afterAll(async () => {
  await cloudFormation.stop();
  await account.stop();
  rmSync(directory, { recursive: true });
});

/** All that a destroyed stage leaves. */
beforeEach(() => {
  stacks = {};
  left.clear();
  for (const queue of ['buffer', 'dead-letter']) leaveQueue(`webhook-adapter-dev-${queue}`, DATA_KEY);
  left.set('DescribeTable webhook-adapter-dev-ledger', {
    Table: { SSEDescription: { KMSMasterKeyArn: DATA_KEY } },
  });
  for (const name of ['webex-campaign', 'webhooks/stripe', 'webhooks/shopify'])
    leaveSecret(`webhook-adapter-dev/${name}`, { KmsKeyId: DATA_KEY });
});

function leaveQueue(name: string, key: string): void {
  const url = `https://sqs.example/1/${name}`;
  left.set(`GetQueueUrl ${name}`, { QueueUrl: url });
  left.set(`GetQueueAttributes ${url}`, { Attributes: { KmsMasterKeyId: key } });
}

function leaveSecret(name: string, more: object): void {
  left.set(`DescribeSecret ${name}`, {
    ARN: `arn:aws:secretsmanager:us-east-1:1:secret:${name}-a1b2c3`,
    ...more,
  });
}

/** The ids of a template by a property. */
const idOf = (name: string) =>
  Object.keys(resources).find((id) =>
    Object.values(resources[id]?.Properties ?? {}).some((value) => value === name),
  ) ?? 'none';

const run = () => adopt(directory, { stack: 'webhook-adapter-dev' });

describe('adapter adopt', () => {
  test('names all that a destroyed stage has left, with the key of the data, and leaves the key of the alarms', async () => {
    const { text, exitCode } = await run();

    expect(exitCode).toBe(0);
    const keys = Object.keys(resources).filter((id) => resources[id]?.Type === 'AWS::KMS::Key');
    const dataKey = keys.find((id) => !id.includes('Alarms')) ?? 'none';
    expect(keys).toHaveLength(2);
    const secret = (name: string) => ({
      Id: `arn:aws:secretsmanager:us-east-1:1:secret:webhook-adapter-dev/${name}-a1b2c3`,
    });
    expect(JSON.parse(text)).toEqual({
      [idOf('webhook-adapter-dev-dead-letter')]: {
        QueueUrl: 'https://sqs.example/1/webhook-adapter-dev-dead-letter',
      },
      [idOf('webhook-adapter-dev-buffer')]: { QueueUrl: 'https://sqs.example/1/webhook-adapter-dev-buffer' },
      [idOf('webhook-adapter-dev-ledger')]: { TableName: 'webhook-adapter-dev-ledger' },
      [idOf('webhook-adapter-dev/webex-campaign')]: secret('webex-campaign'),
      [idOf('webhook-adapter-dev/webhooks/stripe')]: secret('webhooks/stripe'),
      [idOf('webhook-adapter-dev/webhooks/shopify')]: secret('webhooks/shopify'),
      [dataKey]: { KeyId: 'data' },
    });
  });

  test('names nothing but the secret of a source that was removed and comes back', async () => {
    const back = idOf('webhook-adapter-dev/webhooks/shopify');
    stacks = {
      'webhook-adapter-dev': {
        resources: Object.keys(resources).flatMap((id) => (id === back ? [] : [{ id, physical: id }])),
      },
    };

    const { text, exitCode } = await run();

    expect(exitCode).toBe(0);
    expect(Object.keys(JSON.parse(text))).toEqual([back]);
  });

  test('refuses to take in the buffer without the queue that it names, and says what to do', async () => {
    left.delete('GetQueueUrl webhook-adapter-dev-dead-letter');

    expect(await run()).toEqual({
      text: 'webhook-adapter-dev-buffer is left, and webhook-adapter-dev-dead-letter, which it names, is not. Make that again first: aws sqs create-queue --queue-name webhook-adapter-dev-dead-letter',
      exitCode: 2,
    });
  });

  test('refuses two keys where the template has one, rather than choose', async () => {
    leaveQueue('webhook-adapter-dev-buffer', 'arn:aws:kms:us-east-1:1:key/other');

    const { text, exitCode } = await run();

    expect(exitCode).toBe(2);
    expect(text).toMatch(/^What is left is encrypted with several keys, and the template has one, Key\w+: /);
    expect(text).toMatch(/: (other, data|data, other)\.$/);
  });

  test('refuses what is encrypted otherwise than the template says', async () => {
    left.clear();
    leaveSecret('webhook-adapter-dev/webhooks/stripe', {});

    const { text, exitCode } = await run();

    expect(exitCode).toBe(2);
    expect(text).toContain('webhook-adapter-dev/webhooks/stripe is left, and is not encrypted with Key');
  });

  test('refuses a secret that is being deleted, with how to keep it', async () => {
    leaveSecret('webhook-adapter-dev/webhooks/stripe', { KmsKeyId: DATA_KEY, DeletedDate: 1_700_000_000 });

    expect(await run()).toEqual({
      text: 'webhook-adapter-dev/webhooks/stripe is being deleted. Keep it: aws secretsmanager restore-secret --secret-id webhook-adapter-dev/webhooks/stripe',
      exitCode: 2,
    });
  });

  test('says so where nothing is left', async () => {
    left.clear();

    expect(await run()).toEqual({
      text: 'Nothing of webhook-adapter-dev is left outside of it: just deploy it.',
      exitCode: 2,
    });
  });

  test('says what to do where the stack was not synthesized', async () => {
    const { text } = await adopt(directory, { stack: 'none' });

    expect(text).toMatch(/^There is no .*none\.template\.json\. Run "npx cdk synth --quiet" first\.$/);
  });

  test('does not take a refusal for an absence', async () => {
    isRefusing = true;

    await expect(run()).rejects.toThrow();
    isRefusing = false;
  });
});
