import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { adopt } from '../../../cli/stacks/adopt.ts';

const directory = mkdtempSync(join(tmpdir(), 'adopt-'));
const before = { ...process.env };

/** What the account holds, by the operation that looks for it and the name; and what it answers to anything else. */
const ACCOUNT: Readonly<Record<string, object>> = {
  'AmazonSQS.GetQueueUrl shop-dead-letter': { QueueUrl: 'https://sqs.example/1/shop-dead-letter' },
  'DynamoDB_20120810.DescribeTable shop-ledger': { Table: {} },
  'secretsmanager.DescribeSecret shop/webex-campaign': {
    ARN: 'arn:aws:secretsmanager:eu-west-1:1:secret:shop/webex-campaign-a1b2c3',
    KmsKeyId: 'arn:aws:kms:eu-west-1:1:key/0a1b',
  },
};
const MISSING: Readonly<Record<string, string>> = {
  AmazonSQS: 'com.amazonaws.sqs#QueueDoesNotExist',
  DynamoDB_20120810: 'com.amazonaws.dynamodb.v20120810#ResourceNotFoundException',
  secretsmanager: 'ResourceNotFoundException',
};
let isRefusing = false;

const server = createServer(async (message, response) => {
  const target = String(message.headers['x-amz-target']);
  const { QueueName, TableName, SecretId } = JSON.parse(Buffer.concat(await message.toArray()).toString());
  const held = ACCOUNT[`${target} ${QueueName ?? TableName ?? SecretId}`];
  const type = isRefusing ? 'AccessDeniedException' : MISSING[target.split('.')[0] ?? ''];
  response.writeHead(held && !isRefusing ? 200 : 400, { 'content-type': 'application/x-amz-json-1.0' });
  response.end(JSON.stringify(isRefusing ? { __type: type } : (held ?? { __type: type })));
});

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  });
});
afterAll(() => {
  process.env = before;
  server.close();
  server.closeAllConnections();
  rmSync(directory, { recursive: true });
});

const queue = (QueueName: string) => ({ Type: 'AWS::SQS::Queue', Properties: { QueueName } });
const secret = (Name: string) => ({ Type: 'AWS::SecretsManager::Secret', Properties: { Name } });

function synthesized(stack: string, Resources: object): void {
  writeFileSync(join(directory, `${stack}.template.json`), JSON.stringify({ Resources }));
}

describe('adapter adopt', () => {
  test('names what is left in the account, each as cdk import identifies it, and the key that encrypts it', async () => {
    synthesized('shop', {
      DeadLetter: queue('shop-dead-letter'),
      Buffer: queue('shop-buffer'),
      Ledger: { Type: 'AWS::DynamoDB::Table', Properties: { TableName: 'shop-ledger' } },
      Keys: secret('shop/webex-campaign'),
      Stripe: secret('shop/webhooks/stripe'),
      Key: { Type: 'AWS::KMS::Key', Properties: {} },
      Function: { Type: 'AWS::Lambda::Function', Properties: { Description: 'x' } },
    });

    const { text, exitCode } = await adopt(directory, { stack: 'shop' });

    expect(exitCode).toBe(0);
    expect(JSON.parse(text)).toEqual({
      DeadLetter: { QueueUrl: 'https://sqs.example/1/shop-dead-letter' },
      Ledger: { TableName: 'shop-ledger' },
      Keys: { Id: 'arn:aws:secretsmanager:eu-west-1:1:secret:shop/webex-campaign-a1b2c3' },
      Key: { KeyId: '0a1b' },
    });
  });

  test('says so where nothing is left', async () => {
    synthesized('new', { Buffer: queue('new-buffer') });

    expect(await adopt(directory, { stack: 'new' })).toEqual({
      text: 'Nothing of new is left: just deploy it.',
      exitCode: 2,
    });
  });

  test('says what to do where the stack was not synthesized', async () => {
    const { text } = await adopt(directory, { stack: 'none' });

    expect(text).toMatch(/^There is no .*none\.template\.json\. Run "npx cdk synth --quiet" first\.$/);
  });

  test('does not take a refusal for an absence', async () => {
    synthesized('shop', { Keys: secret('shop/webex-campaign') });
    isRefusing = true;

    await expect(adopt(directory, { stack: 'shop' })).rejects.toThrow();
    isRefusing = false;
  });
});
