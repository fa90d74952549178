import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { stop } from 'esbuild';
import { SECRETS, sqsEvent } from '../../bench/events.ts';
import { CATALOGUE_FILE } from '../../lambdas/adapters/lambda.ts';
import { mappingSchema } from '../../lambdas/map/mapping.ts';
import { bundleHandler } from '../../lib/bundle/bundle-function.ts';
import { type AwsAnswer, type AwsCall, startAws, startBundle } from './run-bundle.ts';

// As `ingest-bundle.slow.test.ts`: on AWS, where no endpoint is set.
const ENVIRONMENT = {
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'key-id',
  AWS_SECRET_ACCESS_KEY: 'key',
  STACK_NAME: 'stack',
  BUFFER_QUEUE_URL: 'https://sqs.eu-central-1.amazonaws.com/000000000000/buffer',
  DEAD_LETTER_QUEUE_URL: 'https://sqs.eu-central-1.amazonaws.com/000000000000/dead-letter',
  WEBEX_EVENT_URL: 'https://webex.example.com/events',
  WEBEX_KEYS_SECRET: 'webex-campaign',
  LEDGER_TABLE: 'ledger',
  LEASE_SECONDS: '60',
  EVENTS_PER_SECOND: '1000',
  MAX_CONCURRENCY: '2',
  SUCCESS_ID_FIELDS: 'transaction-id',
  SERVICE_UNAVAILABLE: 'unclear',
  PROBE: 'call',
};

const EVENT = {
  name: 'paid',
  on: ['order.paid'],
  'event-id': 'evt_paid',
  'event-key': { kind: 'customer-id', value: '{% customer %}' },
  'event-params': { upper: '{% $uppercase(customer) %}' },
  required: [],
  'on-null': 'omit',
  'on-unconfirmed': 'park',
};

const directory = mkdtempSync(join(tmpdir(), 'webhook-adapter-bundle-'));
const running: { readonly stop: () => void }[] = [];

beforeAll(async () => {
  await bundleHandler(fileURLToPath(new URL('../../lambdas/deliver/handler.ts', import.meta.url)), directory);
  const mapping = mappingSchema.parse({ source: 'measured', let: {}, events: [EVENT] });
  writeFileSync(join(directory, CATALOGUE_FILE), JSON.stringify([mapping]));
});
afterAll(async () => {
  await stop();
  rmSync(directory, { recursive: true });
});
afterEach(() => {
  for (const each of running.splice(0)) each.stop();
});

function answerWell({ operation, input }: AwsCall): AwsAnswer {
  const secrets: Readonly<Record<string, unknown>> = SECRETS;
  if (operation === 'GetSecretValue') {
    return { body: { SecretString: JSON.stringify(secrets[String(input.SecretId)]), CreatedDate: 1.7e9 } };
  }
  return operation === '' ? { body: { 'transaction-id': 'event-1' } } : {};
}

async function start(answer: (call: AwsCall, before: number) => AwsAnswer | undefined = () => undefined) {
  const aws = await startAws((call, before) => answer(call, before) ?? answerWell(call));
  const bundle = startBundle(directory, { ...ENVIRONMENT, AWS_PORT: String(aws.port) });
  running.push(aws, bundle);
  await bundle.ready();
  return { ...bundle, calls: aws.calls };
}

const BATCH = () => sqsEvent('{"type":"order.paid","customer":"c1"}');
const called = (calls: readonly AwsCall[]) => calls.map(({ host, operation }) => `${operation} ${host}`);

describe('the bundle of deliver', () => {
  test('is ready with its secrets read and its connection made', async () => {
    const { calls, printed } = await start();

    expect(new Set(called(calls))).toEqual(
      new Set([
        'Query dynamodb.eu-central-1.amazonaws.com',
        'GetSecretValue secretsmanager.eu-central-1.amazonaws.com',
      ]),
    );
    expect(printed).toEqual([]);
  });

  test('claims an event, calls Webex Campaign and settles it', async () => {
    const { send, calls } = await start();
    const before = calls.length;

    expect(await send(BATCH())).toEqual({ batchItemFailures: [] });
    expect(new Set(called(calls.slice(before)))).toEqual(
      new Set(['PutItem dynamodb.eu-central-1.amazonaws.com', ' webex.example.com']),
    );
    expect(JSON.stringify(calls.find(({ operation }) => operation === '')?.input)).toContain('"upper":"C1"');
  });

  test.each([
    ['throttled', { status: 400, body: { __type: 'com.amazonaws.dynamodb.v20120810#ThrottlingException' } }],
    [
      'out of order',
      { status: 500, body: { __type: 'com.amazonaws.dynamodb.v20120810#InternalServerError' } },
    ],
  ])('writes an entry again where DynamoDB is %s', async (_, answer) => {
    const { send, calls } = await start(({ operation }, before) =>
      operation === 'PutItem' && before === 0 ? answer : undefined,
    );

    expect(await send(BATCH())).toEqual({ batchItemFailures: [] });
    expect(calls.filter(({ operation }) => operation === '')).toHaveLength(1);
  });

  test('knows an entry that is there already, and leaves a message that another worker has', async () => {
    const there = {
      status: 400,
      body: { __type: 'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException' },
    };
    const { send, calls, printed } = await start(({ operation }) =>
      operation === 'PutItem' ? there : undefined,
    );

    expect(await send(BATCH())).toMatchObject({ batchItemFailures: [{}] });
    expect(calls.filter(({ operation }) => operation === '')).toHaveLength(0);
    expect(called(calls)).toContain('ChangeMessageVisibility sqs.eu-central-1.amazonaws.com');
    expect(printed.join()).not.toContain('ledger-unavailable');
  });

  test('asks the ledger what it knows of a message that comes again', async () => {
    const { send, calls } = await start(({ operation }) =>
      operation === 'Query' ? { body: { Items: [], Count: 0, ScannedCount: 0 } } : undefined,
    );
    const again = JSON.parse(
      JSON.stringify(BATCH()).replace('"ApproximateReceiveCount":"1"', '"ApproximateReceiveCount":"2"'),
    );

    expect(await send(again)).toEqual({ batchItemFailures: [] });
    expect(called(calls)).toContain('Query dynamodb.eu-central-1.amazonaws.com');
    expect(calls.filter(({ operation }) => operation === '')).toHaveLength(1);
  });
});
