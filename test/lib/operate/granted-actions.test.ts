import { describe, expect, test } from '@jest/globals';
import { EVERYTHING, PLAIN, templateOf } from '../stacks.ts';
import { rolesOf } from './role-grants.ts';

/** Wildcards that are wanted, `"Action on Resource"`, each with its reason. */
const REASONS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [
      'ec2:AssignPrivateIpAddresses',
      'ec2:CreateNetworkInterface',
      'ec2:DeleteNetworkInterface',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeSubnets',
      'ec2:UnassignPrivateIpAddresses',
    ].map((action) => [
      `${action} on "*"`,
      'Lambda connects the function to its network by interfaces that are not there yet; its code is denied all of it.',
    ]),
  ),
  'kms:* on "*"':
    'The policy of a key is about that key alone: the account may use it as far as IAM policies say, and nobody could change or delete it otherwise.',
  'kms:Decrypt on "*"': "Of the policy of the alarms' key, where * stands for the key itself.",
  'kms:GenerateDataKey on "*"': 'The same.',
  ...Object.fromEntries(
    ['kms:Decrypt*', 'kms:Describe*', 'kms:Encrypt*', 'kms:GenerateDataKey*', 'kms:ReEncrypt*'].map(
      (action) => [
        `${action} on "*"`,
        "As CloudWatch Logs demands it, in the policy of the key itself, for this stack's log groups alone.",
      ],
    ),
  ),
};

type Statement = {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource?: unknown;
};

/** Everything that the template allows anybody, as `action on resource`. */
function grantsOf(template: object): readonly string[] {
  return statementsIn(template)
    .filter(({ Effect }) => Effect === 'Allow')
    .flatMap(({ Action, Resource }) =>
      [Action]
        .flat()
        .flatMap((action) => [Resource].flat().map((one) => `${action} on ${formatTarget(one)}`)),
    );
}

/** Every policy statement, wherever in the template it stands: roles, inline policies, queue policies. */
function statementsIn(value: unknown): readonly Statement[] {
  if (typeof value !== 'object' || value === null) return [];
  if ('Effect' in value && 'Action' in value) return [value as Statement];
  return Object.values(value).flatMap(statementsIn);
}

/** A resource as the template has it; the trust policy of a role has none. */
function formatTarget(resource: unknown): string {
  return resource === undefined ? 'itself' : JSON.stringify(resource);
}

const KINDS = { plain: templateOf('dev', PLAIN), everything: templateOf('prod', EVERYTHING) };
const grantsOfKind = (kind: keyof typeof KINDS) => grantsOf(KINDS[kind].toJSON());

function actionsIn(grants: readonly string[]): readonly string[] {
  return [...new Set(grants.map((grant) => grant.split(' on ')[0] ?? ''))].sort();
}

/** What each function may do in a plain stage, by the construct of the resource. A run's own calls are compared with this. */
const ROLES = {
  IngestFunctionRole: [
    'logs:CreateLogStream on IngestFunctionLogs',
    'logs:PutLogEvents on IngestFunctionLogs',
    'secretsmanager:GetSecretValue on IngestSigningSecret',
    'sqs:GetQueueAttributes on BufferQueue',
    'sqs:SendMessage on BufferQueue',
  ],
  DeliverFunctionRole: [
    'dynamodb:GetItem on LedgerTable',
    'dynamodb:PutItem on LedgerTable',
    'dynamodb:Query on LedgerTable',
    'logs:CreateLogStream on DeliverFunctionLogs',
    'logs:PutLogEvents on DeliverFunctionLogs',
    'secretsmanager:GetSecretValue on DeliverWebexKeys',
    'sqs:ChangeMessageVisibility on BufferQueue',
    'sqs:DeleteMessage on BufferQueue',
    'sqs:GetQueueAttributes on BufferQueue',
    'sqs:GetQueueUrl on BufferQueue',
    'sqs:ReceiveMessage on BufferQueue',
    'sqs:SendMessage on BufferQueue',
    'sqs:SendMessage on DeadLetterQueue',
  ],
  SearchFunctionRole: [
    'dynamodb:UpdateItem on LedgerTable',
    'logs:CreateLogStream on SearchFunctionLogs',
    'logs:PutLogEvents on SearchFunctionLogs',
    'secretsmanager:GetSecretValue on DeliverWebexKeys',
  ],
};

/** What the policies of queues and keys let others do. */
const OTHERS = ['kms:*', 'kms:Decrypt', 'kms:GenerateDataKey', 'sns:Publish', 'sts:AssumeRole'];

/** By the roles of a template: what each may do. */
function grantsByRole(template: object): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    Object.entries(rolesOf(template)).map(([role, grants]) => [
      role,
      [
        ...new Set(
          grants.map(({ action, resource }) => `${action} on ${resource.replace(/webhooks.*$/, '')}`),
        ),
      ].sort(),
    ]),
  );
}

describe('what the template grants', () => {
  test('is these actions on these resources, role by role, and no other', () => {
    expect(grantsByRole(KINDS.plain.toJSON())).toEqual(ROLES);
  });

  test('is besides what policies of queues and keys let others do, and no other', () => {
    const ofRoles = new Set(Object.values(ROLES).flatMap((grants) => actionsIn(grants)));

    expect(actionsIn(grantsOfKind('plain')).filter((action) => !ofRoles.has(action))).toEqual(OTHERS);
  });

  test('is a little more, and no other, for a stack with its own key and network', () => {
    const plain = actionsIn(grantsOfKind('plain'));
    const added = actionsIn(grantsOfKind('everything')).filter((action) => !plain.includes(action));

    expect(added).toEqual([
      'ec2:AssignPrivateIpAddresses',
      'ec2:CreateNetworkInterface',
      'ec2:DeleteNetworkInterface',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeSubnets',
      'ec2:UnassignPrivateIpAddresses',
      'kms:Decrypt*',
      'kms:Describe*',
      'kms:DescribeKey',
      'kms:Encrypt',
      'kms:Encrypt*',
      'kms:GenerateDataKey*',
      'kms:GenerateDataKeyWithoutPlaintext',
      'kms:ReEncrypt*',
      'kms:ReEncryptFrom',
      'kms:ReEncryptTo',
    ]);
  });

  test("has no wildcard in a plain stage but in the policy of the alarms' key, where it stands for the key", () => {
    expect(grantsOfKind('plain').filter((grant) => grant.includes('*'))).toEqual([
      'kms:* on "*"',
      'kms:Decrypt on "*"',
      'kms:GenerateDataKey on "*"',
    ]);
  });

  test('has no wildcard, in an action or a resource, without a reason, and no reason without a wildcard', () => {
    const wild = grantsOfKind('everything').filter((grant) => grant.includes('*'));

    expect([...new Set(wild)].sort()).toEqual(Object.keys(REASONS).sort());
  });

  test.each(['plain', 'everything'] as const)(
    "takes nothing from policies of AWS's own, which change without us: %s",
    (kind) => {
      expect(JSON.stringify(KINDS[kind].toJSON())).not.toContain(':aws:policy/');
    },
  );

  test('lets API Gateway call the ingest function, for this API alone', () => {
    const permissions = Object.values(KINDS.plain.findResources('AWS::Lambda::Permission'));

    expect(permissions).toHaveLength(2);
    for (const { Properties } of permissions) {
      expect(Properties.Principal).toBe('apigateway.amazonaws.com');
      expect(JSON.stringify(Properties.SourceArn)).toContain('{"Ref":"WebhookAdapterIngestApi');
    }
  });
});

describe('the search for wildcards', () => {
  test('finds one in an action, in a resource, and in a list of either', () => {
    const policy = (Action: unknown, Resource: unknown) => ({
      Statement: [{ Effect: 'Allow', Action, Resource }],
    });

    expect(grantsOf(policy('s3:*', 'arn'))).toEqual(['s3:* on "arn"']);
    expect(grantsOf(policy(['a:b', 'c:d'], ['arn', '*']))).toEqual([
      'a:b on "arn"',
      'a:b on "*"',
      'c:d on "arn"',
      'c:d on "*"',
    ]);
  });
});
