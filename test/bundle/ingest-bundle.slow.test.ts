import { createHash, createHmac } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { stop } from 'esbuild';
import { CATALOGUE_FILE, PREPARED_SOURCES } from '../../lambdas/adapters/lambda.ts';
import { type Source, sourceSchema } from '../../lambdas/ingest/source.ts';
import { bundleHandler } from '../../lib/bundle/bundle-function.ts';
import { type AwsAnswer, type AwsCall, startAws, startBundle } from './run-bundle.ts';

// The bundle as it is deployed, in a process that has what Lambda's has: no endpoint is set, so that the SDK finds them
// itself, which it does nowhere else on this machine.
const ENVIRONMENT = {
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'key-id',
  AWS_SECRET_ACCESS_KEY: 'key',
  AWS_SESSION_TOKEN: 'session',
  AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
  STACK_NAME: 'stack',
  BUFFER_QUEUE_URL: 'https://sqs.eu-central-1.amazonaws.com/000000000000/buffer',
  PUBLIC_URL: 'https://api.example.com',
};

const SECRET = 'signing-secret';
const ADYEN_KEY = '00ff';

const directory = mkdtempSync(join(tmpdir(), 'webhook-adapter-bundle-'));
const running: { readonly stop: () => void }[] = [];

beforeAll(async () => {
  await bundleHandler(fileURLToPath(new URL('../../lambdas/ingest/handler.ts', import.meta.url)), directory);
  writeFileSync(
    join(directory, CATALOGUE_FILE),
    JSON.stringify([sourceOf('shop', SHOP), sourceOf('adyen', ADYEN)]),
  );
});

afterAll(async () => {
  await stop();
  rmSync(directory, { recursive: true });
});

afterEach(() => {
  for (const each of running.splice(0)) each.stop();
});

const SHOP = { encoding: 'hex', signature: { header: 'x-signature' } };
const ADYEN = { kind: 'custom', plugIn: 'adyen-standard' };

function sourceOf(source: string, signature: object): Source {
  const eventType = [{ body: source === 'adyen' ? '/live' : '/type' }];
  const profile = { signature, eventType };
  const eventTypes = ['order.paid', 'false'];
  return sourceSchema.parse({ source, secret: `hooks/${source}`, profile, eventTypes, mappedHeaders: [] });
}

/** AWS as it should be; `answer` says where it is not. */
function answerWell({ operation, input }: AwsCall): AwsAnswer {
  if (operation === 'GetSecretValue') {
    const secret = input.SecretId === 'hooks/adyen' ? ADYEN_KEY : SECRET;
    return { body: { SecretString: JSON.stringify({ signingSecrets: [secret] }), CreatedDate: 1.7e9 } };
  }
  if (operation !== 'SendMessage') return {};
  const MD5OfMessageBody = createHash('md5').update(String(input.MessageBody)).digest('hex');
  return { body: { MessageId: '1', MD5OfMessageBody } };
}

async function start(
  answer: (call: AwsCall, before: number) => AwsAnswer | undefined = () => undefined,
  environment: Readonly<Record<string, string>> = {},
  from = directory,
) {
  const aws = await startAws((call, before) => answer(call, before) ?? answerWell(call));
  const bundle = startBundle(from, { ...ENVIRONMENT, AWS_PORT: String(aws.port), ...environment });
  running.push(aws, bundle);
  await bundle.ready();
  return { ...bundle, calls: aws.calls };
}

function webhook(
  body: string,
  signature = createHmac('sha256', SECRET).update(body).digest('hex'),
  source = 'shop',
) {
  return {
    rawPath: `/webhooks/${source}`,
    headers: { 'x-signature': signature, 'content-type': 'application/json' },
    body,
    isBase64Encoded: false,
    requestContext: { requestId: 'request-1', http: { method: 'POST' } },
  };
}

const PAID = '{"type":"order.paid"}';
const sends = (calls: readonly AwsCall[]) => calls.filter(({ operation }) => operation === 'SendMessage');

describe('the bundle of ingest', () => {
  test('is ready with every secret read and its connection made, having sent and said nothing', async () => {
    const { calls, printed } = await start();

    expect(calls.map(({ host, operation }) => `${operation} ${host}`).sort()).toEqual([
      'GetQueueAttributes sqs.eu-central-1.amazonaws.com',
      'GetSecretValue secretsmanager.eu-central-1.amazonaws.com',
      'GetSecretValue secretsmanager.eu-central-1.amazonaws.com',
    ]);
    expect(printed).toEqual([]);
  });

  test("buffers a webhook, signed with the function's credentials", async () => {
    const { send, calls, printed } = await start();

    expect(await send(webhook(PAID))).toMatchObject({ statusCode: 200 });
    expect(sends(calls)).toMatchObject([
      {
        host: 'sqs.eu-central-1.amazonaws.com',
        headers: {
          authorization: expect.stringMatching(/Credential=key-id\/\d{8}\/eu-central-1\/sqs\/aws4_request,/),
          'x-amz-security-token': 'session',
          'user-agent': expect.stringMatching(/aws-sdk-js\/3\.\d+\.\d+ /),
        },
        input: { QueueUrl: ENVIRONMENT.BUFFER_QUEUE_URL, MessageBody: PAID },
      },
    ]);
    expect(printed.map((line) => JSON.parse(line).code)).toEqual(['buffered']);
  });

  test.each([
    ['throttled', { status: 400, body: { __type: 'com.amazonaws.sqs#RequestThrottled', message: 'slow' } }],
    ['out of order', { status: 503, body: {} }],
  ])('sends a message again where SQS is %s', async (_, answer) => {
    const { send, calls } = await start(({ operation }, before) =>
      operation === 'SendMessage' && before === 0 ? answer : undefined,
    );

    expect(await send(webhook(PAID))).toMatchObject({ statusCode: 200 });
    expect(sends(calls)).toHaveLength(2);
  });

  test('names what SQS refuses, and asks the sender to repeat', async () => {
    const { send, printed } = await start(({ operation }) =>
      operation === 'SendMessage'
        ? {
            status: 400,
            headers: { 'x-amzn-query-error': 'AWS.SimpleQueueService.NonExistentQueue;Sender' },
            body: { __type: 'com.amazonaws.sqs#QueueDoesNotExist', message: 'gone' },
          }
        : undefined,
    );

    expect(await send(webhook(PAID))).toMatchObject({ statusCode: 503 });
    expect(JSON.parse(printed[0] ?? '')).toMatchObject({
      code: 'buffer-unavailable',
      cause: 'QueueDoesNotExist',
    });
  });

  test('knows a secret that does not exist by its error', async () => {
    const { send, printed } = await start(({ operation }) =>
      operation === 'GetSecretValue'
        ? { status: 400, body: { __type: 'ResourceNotFoundException' } }
        : undefined,
    );

    expect(await send(webhook(PAID))).toMatchObject({ statusCode: 503 });
    expect(JSON.parse(printed[0] ?? '').code).toBe('secret-missing');
  });

  test.each(['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE'])(
    'does not start where %s names a file, which it would not read',
    async (variable) => {
      const bundle = startBundle(directory, { ...ENVIRONMENT, [variable]: '/opt/settings' });

      expect(await bundle.ready()).toBeNull();
      expect(await bundle.problems).toContain(`${variable} is set`);
    },
  );
});

describe('the bundle of ingest, of a stage with many sources,', () => {
  const many = mkdtempSync(join(tmpdir(), 'webhook-adapter-bundle-'));
  const secretsOf = (calls: readonly AwsCall[]) =>
    calls.flatMap(({ operation, input }) => (operation === 'GetSecretValue' ? [input.SecretId] : []));
  const names = Array.from({ length: 100 }, (_, index) => `shop-${index}`);

  beforeAll(() => {
    cpSync(directory, many, { recursive: true });
    writeFileSync(join(many, CATALOGUE_FILE), JSON.stringify(names.map((source) => sourceOf(source, SHOP))));
  });
  afterAll(() => rmSync(many, { recursive: true }));

  test('is ready with the secrets of a few', async () => {
    const { calls } = await start(undefined, {}, many);

    expect(secretsOf(calls).sort()).toEqual(
      names
        .slice(0, PREPARED_SOURCES)
        .map((source) => `hooks/${source}`)
        .sort(),
    );
  });

  test('reads the secret of any other once, when its first webhook comes', async () => {
    const { send, calls } = await start(undefined, {}, many);
    const answers = [
      await send(webhook(PAID, undefined, 'shop-99')),
      await send(webhook(PAID, undefined, 'shop-99')),
    ];

    expect(answers).toMatchObject([{ statusCode: 200 }, { statusCode: 200 }]);
    expect(secretsOf(calls).slice(PREPARED_SOURCES)).toEqual(['hooks/shop-99']);
    expect(sends(calls)).toHaveLength(2);
  });
});

describe('what the bundle of ingest loads when it is needed', () => {
  test('compresses a large body', async () => {
    const { send, calls } = await start();
    const body = JSON.stringify({ type: 'order.paid', text: 'x'.repeat(1_100_000) });

    expect(await send(webhook(body))).toMatchObject({ statusCode: 200 });
    expect(gunzipSync(Buffer.from(String(sends(calls)[0]?.input.MessageBody), 'base64')).toString()).toBe(
      body,
    );
  });

  test.each([
    [
      'why a signature does not fit',
      createHmac('sha256', SECRET).update(`${PAID}\n`).digest('hex'),
      'body-re-encoded',
    ],
    ['that no secret has made it', '00'.repeat(32), 'no-matching-secret'],
  ])('says %s', async (_, signature, code) => {
    const { send } = await start();
    const answer = await send(webhook(PAID, signature));

    expect(answer.statusCode).toBe(401);
    expect(JSON.parse(String(answer.body))).toEqual({
      code,
      message: expect.stringMatching(/^The signature /),
    });
  });

  test('verifies with a plug-in', async () => {
    const { send, calls } = await start();
    const hmacSignature = createHmac('sha256', Buffer.from(ADYEN_KEY, 'hex'))
      .update('psp::account:order:100:EUR:AUTHORISATION:true')
      .digest('base64');
    const item = {
      pspReference: 'psp',
      merchantAccountCode: 'account',
      merchantReference: 'order',
      amount: { value: 100, currency: 'EUR' },
      eventCode: 'AUTHORISATION',
      success: 'true',
      additionalData: { hmacSignature },
    };
    const body = JSON.stringify({ live: 'false', notificationItems: [{ NotificationRequestItem: item }] });

    expect(await send(webhook(body, '', 'adyen'))).toMatchObject({ statusCode: 200 });
    expect(sends(calls)).toHaveLength(1);
  });
});
