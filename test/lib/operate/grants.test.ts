import { beforeAll, describe, expect, test } from '@jest/globals';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AttributeType, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { AccountRootPrincipal, type IGrantable, Role } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { grantActing, grantReading } from '../../../lib/operate/grants.ts';
import type { WebhookAdapter } from '../../../lib/webhook-adapter.ts';
import { filesReachedBy, readSourceFiles } from '../../architecture/source-files.ts';
import { createAdapter } from './adapter-under-test.ts';

type Statement = { readonly Action: string | string[]; readonly Resource: unknown };

/** What each role of a stack may do, `action on resource`, by the role's id. */
function grantsIn(stack: Stack): ReadonlyMap<string, readonly string[]> {
  const policies = Object.values(Template.fromStack(stack).findResources('AWS::IAM::Policy'));
  return new Map(
    policies.map(({ Properties }) => [
      Properties.Roles[0].Ref.slice(0, -8),
      Properties.PolicyDocument.Statement.flatMap(({ Action, Resource }: Statement) =>
        [Action].flat().flatMap((action) => [Resource].flat().map((one) => `${action} on ${place(one)}`)),
      ).sort(),
    ]),
  );
}

/** A resource by its construct: what CloudFormation joins and gets is left out. */
function place(resource: unknown): string {
  const text = JSON.stringify(resource);
  const [, id = text] = /"(Webhooks\w*?|[A-Z]\w*?)[0-9A-F]{8}"/.exec(text) ?? [];
  const [named = id] = /:log-group:\*|:stack\/[\w-]+\/\*/.exec(text) ?? [];
  return named;
}

/** A stack that is found by its name or by one of its resources. */
const FIND = ['DescribeStackResources', 'ListStackResources'].map(
  (action) => `cloudformation:${action} on :stack/messages/*`,
);
const READ = [
  ...FIND,
  'dynamodb:BatchGetItem on WebhooksLedgerTable',
  'dynamodb:Query on WebhooksLedgerTable',
  'dynamodb:Scan on WebhooksLedgerTable',
  'logs:DescribeLogGroups on :log-group:*',
  'logs:FilterLogEvents on WebhooksDeliverFunctionLogs',
  'logs:FilterLogEvents on WebhooksIngestFunctionLogs',
  'logs:GetQueryResults on "*"',
  'logs:StartQuery on WebhooksDeliverFunctionLogs',
  'logs:StartQuery on WebhooksIngestFunctionLogs',
  'sqs:ChangeMessageVisibility on WebhooksDeadLetterQueue',
  'sqs:GetQueueAttributes on WebhooksBufferQueue',
  'sqs:GetQueueAttributes on WebhooksDeadLetterQueue',
  'sqs:GetQueueUrl on WebhooksBufferQueue',
  'sqs:GetQueueUrl on WebhooksDeadLetterQueue',
  'sqs:ReceiveMessage on WebhooksDeadLetterQueue',
];
const ACT = [
  'dynamodb:PutItem on WebhooksLedgerTable',
  'sqs:DeleteMessage on WebhooksDeadLetterQueue',
  'sqs:SendMessage on WebhooksBufferQueue',
  'sqs:SendMessage on WebhooksDeadLetterQueue',
];
const SEARCH = ['lambda:InvokeFunction on WebhooksSearchFunction'];

let granted: ReadonlyMap<string, readonly string[]>;
beforeAll(() => {
  const { stack, adapter } = createAdapter();
  const give = (id: string, grant: (adapter: WebhookAdapter, role: IGrantable) => void) =>
    grant(adapter, new Role(stack, id, { assumedBy: new AccountRootPrincipal() }));
  give('Reader', (one, role) => one.grantRead(role));
  give('Pipeline', (one, role) => one.grantReadMappings(role));
  give('Operator', (one, role) => one.grantOperate(role));
  give('Searcher', (one, role) => one.grantSearch(role));
  give('Eraser', (one, role) => one.grantErase(role));
  give('SecretSetter', (one, role) => one.grantSetSecrets(role));
  granted = grantsIn(stack);
});

describe('an adapter', () => {
  test('lets a reader find out what happened, and change nothing', () => {
    expect(granted.get('Reader')).toEqual(READ);
  });

  test('lets a pipeline read the mappings that are deployed, and no data of a customer', () => {
    expect(granted.get('Pipeline')).toEqual([
      ...FIND,
      'lambda:GetFunction on WebhooksDeliverFunction',
      'lambda:GetFunction on WebhooksIngestFunction',
    ]);
  });

  test('lets an operator replay and drop, besides', () => {
    expect(granted.get('Operator')).toEqual([...READ, ...ACT].sort());
  });

  test('lets a searcher ask for the hash of a customer, besides what a reader may', () => {
    expect(granted.get('Searcher')).toEqual([...READ, ...SEARCH].sort());
  });

  test('lets whoever erases a customer take her webhooks off the buffer, besides', () => {
    const take = ['ReceiveMessage', 'ChangeMessageVisibility', 'DeleteMessage'];

    expect(granted.get('Eraser')).toEqual(
      [...READ, ...ACT, ...SEARCH, ...take.map((action) => `sqs:${action} on WebhooksBufferQueue`)].sort(),
    );
  });

  test('lets whoever sets secrets do that, and see which one is in use', () => {
    const secrets = ['DeliverWebexKeys', 'IngestSigningSecretwebhooksbilling'];
    const actions = ['DescribeSecret', 'GetSecretValue', 'PutSecretValue', 'UpdateSecretVersionStage'];

    expect(granted.get('SecretSetter')).toEqual(
      [
        ...FIND,
        'logs:GetQueryResults on "*"',
        'logs:StartQuery on WebhooksDeliverFunctionLogs',
        'logs:StartQuery on WebhooksIngestFunctionLogs',
        ...actions.flatMap((action) =>
          secrets.map((secret) => `secretsmanager:${action} on Webhooks${secret}`),
        ),
      ].sort(),
    );
  });
});

const FILES = readSourceFiles('answers', 'cli', 'signing');

/** The API calls of some commands, as IAM names them. */
function callsOf(...commands: readonly string[]): Set<string> {
  return callsFrom(...commands.map((name) => `cli/${name}.ts`));
}

/** The API calls of some files, and of all that they load. */
function callsFrom(...paths: readonly string[]): Set<string> {
  const reached = new Set(paths.flatMap((path) => filesReachedBy(path, FILES)));
  const calls = [...reached].flatMap(({ text }) => [
    ...text.matchAll(/new (\w+?)(?:Batch)?Command\(|\bpaginate(\w+)\(/g),
  ]);
  const names = calls.map(([, command, paginated]) => command ?? paginated ?? '');
  // Nobody needs a permission for it (STS API reference).
  return new Set(names.filter((name) => name !== 'GetCallerIdentity').map(actionOf));
}

const SERVICES: readonly (readonly [RegExp, string])[] = [
  [/Stack/, 'cloudformation'],
  [/Queue|Message/, 'sqs'],
  [/Item|^Query$|^Scan$/, 'dynamodb'],
];

function actionOf(call: string): string {
  if (call === 'GetFunction') return 'lambda:GetFunction';
  if (call === 'Invoke') return 'lambda:InvokeFunction';
  if (call === 'GetSecretValue') return 'secretsmanager:GetSecretValue';
  const [, service = 'logs'] = SERVICES.find(([pattern]) => pattern.test(call)) ?? [];
  return `${service}:${call}`;
}

describe('what the commands call with --stack', () => {
  const actionsOf = (role: string) => new Set(granted.get(role)?.map((grant) => grant.split(' on ')[0]));
  /** `explain --customer` asks a function; only the local run's secret is read by the command. */
  const actionsOfSearch = new Set(['lambda:InvokeFunction', 'secretsmanager:GetSecretValue']);
  const READING = [
    'dead-letters/list',
    'dead-letters/show',
    'webhooks/explain',
    'webhooks/tail',
    'webhooks/report',
  ];

  test('is what a reader is granted, for those that only look', () => {
    const calls = callsOf(...READING);

    // Their modules also contain calls that write; these commands do not make them.
    const written = new Set(['dynamodb:PutItem', 'sqs:SendMessage', 'sqs:DeleteMessage']);
    const others = new Set([...written, ...actionsOfSearch]);
    expect([...calls].filter((call) => !others.has(call)).sort()).toEqual([...actionsOf('Reader')].sort());
  });

  test('is what a pipeline is granted, for what diff reads of a deployed stack', () => {
    const calls = callsFrom('answers/diff/deployed.ts');

    expect([...calls].sort()).toEqual([...actionsOf('Pipeline')].sort());
  });

  test('is what an operator is granted, for all that concern dead letters', () => {
    const commands = [...READING, 'dead-letters/replay', 'dead-letters/list', 'stacks/pause'];

    const calls = [...callsOf(...commands)].filter((call) => !actionsOfSearch.has(call));
    expect(calls.sort()).toEqual([...actionsOf('Operator')].sort());
  });

  test('is what somebody is granted who erases a customer', () => {
    const calls = callsOf(...READING, 'dead-letters/replay', 'webhooks/erase');

    // Only the local run's secret is read by a command.
    calls.delete('secretsmanager:GetSecretValue');
    expect([...calls].sort()).toEqual([...actionsOf('Eraser')].sort());
  });
});

describe('of parts with keys of their own', () => {
  test('the reader may decrypt, and the operator may encrypt what goes back, too', () => {
    const stack = new Stack(new App(), 'keys');
    const encryptionMasterKey = new Key(stack, 'QueueKey');
    const parts = {
      buffer: new Queue(stack, 'Buffer', { encryptionMasterKey }),
      deadLetter: new Queue(stack, 'DeadLetter', { encryptionMasterKey }),
      ledger: new Table(stack, 'Ledger', {
        partitionKey: { name: 'webhook', type: AttributeType.STRING },
        encryption: TableEncryption.CUSTOMER_MANAGED,
        encryptionKey: new Key(stack, 'TableKey'),
      }),
      functions: [],
    };
    grantReading(parts, new Role(stack, 'Reader', { assumedBy: new AccountRootPrincipal() }));
    grantActing(parts, new Role(stack, 'Operator', { assumedBy: new AccountRootPrincipal() }));
    const keysOf = (role: string) =>
      grantsIn(stack)
        .get(role)
        ?.filter((grant) => grant.startsWith('kms:'));

    expect(keysOf('Reader')).toEqual(['kms:Decrypt on QueueKey', 'kms:Decrypt on TableKey']);
    expect(keysOf('Operator')).toEqual(
      expect.arrayContaining(['kms:GenerateDataKey* on QueueKey', 'kms:GenerateDataKey* on TableKey']),
    );
  });
});
