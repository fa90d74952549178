import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { readMappingFolders } from '../../lib/map/mapping-folders.ts';
import { WebhookAdapterStack } from '../../lib/webhook-adapter-stack.ts';

const mappings = readMappingFolders(fileURLToPath(new URL('../../mappings', import.meta.url)));
if (!mappings.ok) throw new Error('The mapping folders have problems.');

/** Wildcards that are wanted, `"Action on Resource"`, each with its reason. */
const REASONS: Readonly<Record<string, string>> = {
  'kms:* on "*"':
    "of the alarms' key: without this statement of its policy nobody could ever change or delete it; it gives the account's own policies their say",
  'kms:Decrypt on "*"': 'of the same policy, where "*" stands for the key itself',
  'kms:GenerateDataKey on "*"': 'the same',
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
        .flatMap((action) => [Resource].flat().map((one) => `${action} on ${describeTarget(one)}`)),
    );
}

/** Every policy statement, wherever in the template it stands: roles, inline policies, queue policies. */
function statementsIn(value: unknown): readonly Statement[] {
  if (typeof value !== 'object' || value === null) return [];
  if ('Effect' in value && 'Action' in value) return [value as Statement];
  return Object.values(value).flatMap(statementsIn);
}

/** A resource as the template has it; the trust policy of a role has none. */
function describeTarget(resource: unknown): string {
  return resource === undefined ? 'itself' : JSON.stringify(resource);
}

const stack = new WebhookAdapterStack(new App(), 'adapter', {
  eventUrl: 'https://tenant.webexcampaign.example/events',
  mappings: mappings.value,
});
const template = Template.fromStack(stack).toJSON();

describe('what the template grants', () => {
  test('is these actions, and no other', () => {
    const actions = new Set(grantsOf(template).map((grant) => grant.split(' on ')[0]));

    expect([...actions].sort()).toEqual([
      'dynamodb:GetItem',
      'dynamodb:PutItem',
      'kms:*',
      'kms:Decrypt',
      'kms:GenerateDataKey',
      'logs:CreateLogStream',
      'logs:PutLogEvents',
      'secretsmanager:DescribeSecret',
      'secretsmanager:GetSecretValue',
      'sns:Publish',
      'sqs:ChangeMessageVisibility',
      'sqs:DeleteMessage',
      'sqs:GetQueueAttributes',
      'sqs:GetQueueUrl',
      'sqs:ReceiveMessage',
      'sqs:SendMessage',
      'sts:AssumeRole',
    ]);
  });

  test('has no wildcard, in an action or a resource, without a reason', () => {
    const wild = grantsOf(template).filter((grant) => grant.includes('*'));

    expect(wild.filter((grant) => REASONS[grant] === undefined)).toEqual([]);
  });

  test("takes nothing from policies of AWS's own, which change without us", () => {
    expect(JSON.stringify(template)).not.toContain(':aws:policy/');
  });

  test('lets API Gateway call the ingest function, for this API alone', () => {
    const permissions = Object.values<{ Type: string; Properties: Record<string, unknown> }>(
      template.Resources,
    ).filter(({ Type }) => Type === 'AWS::Lambda::Permission');

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
