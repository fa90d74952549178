import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { App } from 'aws-cdk-lib';
import { Match, type Template } from 'aws-cdk-lib/assertions';
import { stackPropsOf } from '../../../lib/stages/settings.ts';
import { type Stage, stageSchema } from '../../../lib/stages/stages.ts';
import {
  EVENT_URL,
  EVERYTHING,
  PLAIN,
  resourcesIn,
  stackOf,
  type TemplateResource,
  templateOf,
} from '../stacks.ts';

const plain = templateOf('dev', PLAIN);
const everything = templateOf('prod', EVERYTHING);
const stage = (settings: object): Stage => stageSchema.parse({ 'event-url': EVENT_URL, ...settings });

/** What has data: it stays, or goes with the stack. */
const WITH_DATA = [
  'AWS::SQS::Queue',
  'AWS::DynamoDB::Table',
  'AWS::SecretsManager::Secret',
  'AWS::Logs::LogGroup',
  'AWS::KMS::Key',
];

/** What deletes a resource that has outlived its stack; `null` where it goes by itself. */
const GIVEN_UP_BY: Readonly<Record<string, string | null>> = {
  'AWS::SQS::Queue': 'aws sqs delete-queue',
  'AWS::DynamoDB::Table': 'aws dynamodb delete-table',
  'AWS::SecretsManager::Secret': 'aws secretsmanager delete-secret',
  'AWS::KMS::Key': 'aws kms schedule-key-deletion',
  'AWS::Logs::LogGroup': null,
};

/**
 * Nothing lies under the key of the alarms: they are on their way, and gone within hours. The access log has a name that the
 * next stack wants.
 */
const goesAnyway = ({ Properties: { Description, LogGroupName } }: TemplateResource) =>
  String(Description).includes('alarms') || LogGroupName !== undefined;

function resourcesWithData(template: Template): readonly TemplateResource[] {
  return resourcesIn(template).filter(
    (resource) => WITH_DATA.includes(resource.Type) && !goesAnyway(resource),
  );
}

describe('termination protection', () => {
  test.each([
    ['prod', {}, true],
    ['prod-eu', {}, true],
    ['dev', {}, false],
    ['preprod', {}, false],
    ['dev', { 'termination-protection': true }, true],
    ['prod', { 'termination-protection': false }, false],
  ])('of the stage %s with %j is %j', (name, settings, isProtected) => {
    expect(stackPropsOf(name, stage(settings)).terminationProtection).toBe(isProtected);
  });

  test('is of the stack', () => {
    expect(stackOf('prod', PLAIN, { sources: ['stripe'] }).terminationProtection).toBe(true);
  });
});

describe('tags', () => {
  test('are of the stack, so that CloudFormation gives them to all that it makes', () => {
    const app = new App();
    stackOf('dev', stage({ tags: { team: 'messaging' } }), { app, sources: ['stripe'] });

    expect(app.synth().getStackByName('webhook-adapter-dev').tags).toEqual({ team: 'messaging' });
  });
});

describe('data', () => {
  test('outlives the stack, but not a first deploy that has failed', () => {
    for (const template of [plain, everything]) {
      const kept = resourcesWithData(template);
      expect(new Set(kept.map(({ DeletionPolicy }) => DeletionPolicy))).toEqual(
        new Set(['RetainExceptOnCreate']),
      );
    }
  });

  test('that outlives the stack can be given up for good, by the commands of docs/operations.md', () => {
    const kept = resourcesIn(everything).filter(({ DeletionPolicy }) => DeletionPolicy?.startsWith('Retain'));
    const page = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8');
    const [, giveUp = ''] = /^To give up for good[^\n]*\n\n```sh\n(.*?)```/ms.exec(page) ?? [];

    expect(Object.keys(GIVEN_UP_BY)).toEqual(
      expect.arrayContaining([...new Set(kept.map(({ Type }) => Type))]),
    );
    for (const { Type, Properties } of kept) {
      const command = GIVEN_UP_BY[Type];
      // A queue and the ledger have fixed names; a stage `prod` has them where the page has `dev`.
      const name = String(Properties.QueueName ?? Properties.TableName ?? '').replace('-prod', '-dev');
      if (command !== null) expect(giveUp).toMatch(new RegExp(`^${command} .*${name}`, 'm'));
    }
  });

  test('goes with the stack where keep-data is false, so that the next deploy finds every name free', () => {
    const settings = stage({ 'keep-data': false, kms: 'customer' });
    const template = templateOf('dev', settings);
    const resources = resourcesIn(template);

    expect(resourcesWithData(template).length).toBeGreaterThan(10);
    expect(resources.filter(({ DeletionPolicy = 'Delete' }) => DeletionPolicy !== 'Delete')).toEqual([]);
  });
});

describe('a key of the account', () => {
  test('encrypts queues, ledger, secrets and logs, and is rotated', () => {
    const [keyId = ''] = Object.keys(everything.findResources('AWS::KMS::Key'));
    const arn = { 'Fn::GetAtt': [keyId, 'Arn'] };

    everything.hasResourceProperties('AWS::KMS::Key', { EnableKeyRotation: true });
    everything.hasResourceProperties('AWS::KMS::Alias', { AliasName: 'alias/webhook-adapter-prod' });
    everything.allResourcesProperties('AWS::SQS::Queue', { KmsMasterKeyId: arn });
    everything.allResourcesProperties('AWS::SecretsManager::Secret', { KmsKeyId: arn });
    everything.allResourcesProperties('AWS::Logs::LogGroup', { KmsKeyId: arn, RetentionInDays: 30 });
    everything.hasResourceProperties('AWS::DynamoDB::Table', {
      SSESpecification: { KMSMasterKeyId: arn, SSEEnabled: true, SSEType: 'KMS' },
    });
  });

  test("is open to CloudWatch Logs for this stack's log groups alone", () => {
    everything.hasResourceProperties('AWS::KMS::Key', {
      KeyPolicy: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Principal: { Service: { 'Fn::Join': ['', ['logs.', { Ref: 'AWS::Region' }, '.amazonaws.com']] } },
            Condition: {
              ArnLike: {
                'kms:EncryptionContext:aws:logs:arn': [
                  { 'Fn::Join': ['', Match.arrayWith([':log-group:webhook-adapter-prod-*'])] },
                  {
                    'Fn::Join': ['', Match.arrayWith([':log-group:/aws/vendedlogs/webhook-adapter-prod/*'])],
                  },
                ],
              },
            },
          }),
        ]),
      },
    });
  });

  test.each([
    ['Ingest', 'sqs', ['kms:GenerateDataKey', 'kms:Decrypt']],
    ['Ingest', 'secretsmanager', 'kms:Decrypt'],
    ['Deliver', 'sqs', ['kms:GenerateDataKey', 'kms:Decrypt']],
    ['Deliver', 'secretsmanager', 'kms:Decrypt'],
    ['Deliver', 'dynamodb', Match.arrayWith(['kms:Decrypt', 'kms:GenerateDataKey'])],
  ])('may be used by %s through %s', (name, service, Action) => {
    everything.hasResourceProperties('AWS::IAM::Policy', {
      PolicyName: Match.stringLikeRegexp(name),
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Action,
            Condition: {
              StringEquals: {
                'kms:ViaService': {
                  'Fn::Join': ['', [`${service}.`, { Ref: 'AWS::Region' }, '.amazonaws.com']],
                },
              },
            },
          }),
        ]),
      },
    });
  });

  test('is made only where the setting asks for it', () => {
    expect(resourcesWithData(plain).filter(({ Type }) => Type === 'AWS::KMS::Key')).toEqual([]);
    plain.allResourcesProperties('AWS::SQS::Queue', { SqsManagedSseEnabled: true });
  });
});

describe('the API', () => {
  test.each([
    [plain, 1_000, 2_000],
    [everything, 200, 400],
  ])('takes so many requests a second and at once, and no more', (template, rate, burst) => {
    template.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
      DefaultRouteSettings: { ThrottlingRateLimit: rate, ThrottlingBurstLimit: burst },
    });
  });

  test('keeps executions for ingest where the setting says so', () => {
    const reserved = (template: typeof plain) =>
      resourcesIn(template).flatMap(({ Properties }) => Properties.ReservedConcurrentExecutions ?? []);

    expect(reserved(plain)).toEqual([]);
    expect(reserved(everything)).toEqual([50]);
  });

  test('answers at a domain of its own, by TLS 1.2, and at its own address too', () => {
    everything.hasResourceProperties('AWS::ApiGatewayV2::DomainName', {
      DomainName: 'hooks.example.com',
      DomainNameConfigurations: [{ EndpointType: 'REGIONAL', SecurityPolicy: 'TLS_1_2' }],
    });
    everything.hasResourceProperties('AWS::ApiGatewayV2::ApiMapping', { Stage: '$default' });
    everything.hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: Match.objectLike({ PUBLIC_URL: 'https://hooks.example.com' }) },
    });
    everything.hasResourceProperties('AWS::ApiGatewayV2::Api', { DisableExecuteApiEndpoint: Match.absent() });
  });
});

describe('a network of its own', () => {
  test('lets deliver out by one address, and nobody in', () => {
    const [address = ''] = Object.keys(everything.findResources('AWS::EC2::EIP'));

    everything.resourceCountIs('AWS::EC2::NatGateway', 1);
    everything.hasResourceProperties('AWS::EC2::NatGateway', {
      AllocationId: { 'Fn::GetAtt': [address, 'AllocationId'] },
    });
    everything.hasResourceProperties('AWS::EC2::SecurityGroup', {
      SecurityGroupEgress: [Match.objectLike({ FromPort: 443, ToPort: 443, IpProtocol: 'tcp' })],
      SecurityGroupIngress: Match.absent(),
    });
    everything.hasOutput('EgressIp', { Value: { Ref: address } });
  });

  test('is of deliver alone: ingest waits for no network', () => {
    const connected = resourcesIn(everything).filter(({ Properties }) => Properties.VpcConfig !== undefined);

    expect(connected.map(({ Properties }) => Properties.Description)).toEqual([
      'Maps webhooks to campaign events and calls Webex Campaign.',
    ]);
  });

  test('lets out to another port where the event API has one', () => {
    const settings = stage({
      'event-url': 'https://tenant.example:8443/events',
      vpc: { cidr: '10.0.0.0/24' },
    });

    templateOf('dev', settings).hasResourceProperties('AWS::EC2::SecurityGroup', {
      SecurityGroupEgress: [Match.objectLike({ FromPort: 443 }), Match.objectLike({ FromPort: 8443 })],
    });
  });

  test("keeps the function's code from what Lambda needs to connect it", () => {
    everything.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: [
          Match.objectLike({
            Effect: 'Deny',
            Action: Match.arrayWith(['ec2:CreateNetworkInterface']),
            Condition: { ArnEquals: { 'lambda:SourceFunctionArn': Match.anyValue() } },
          }),
        ],
      },
    });
  });
});

describe('the outputs', () => {
  test('have the URL to register for each source, and no more for it, as a template takes 200', () => {
    everything.hasOutput('WebhookUrlstripe', { Value: 'https://hooks.example.com/webhooks/stripe' });
    expect(Object.keys(everything.toJSON().Outputs).filter((id) => id.endsWith('stripe'))).toEqual([
      'WebhookUrlstripe',
    ]);
    everything.hasOutput('WebexKeysSecretName', { Value: 'webhook-adapter-prod/webex-campaign' });
    everything.hasOutput('DomainTarget', {
      Value: { 'Fn::GetAtt': Match.arrayWith(['RegionalDomainName']) },
    });
    for (const name of ['BufferQueueUrl', 'DeadLetterQueueUrl', 'LedgerTable']) plain.hasOutput(name, {});
  });

  test('have a sentence each about what they are for', () => {
    const outputs = Object.values(everything.findOutputs('*'));

    expect(outputs.length).toBeGreaterThan(10);
    expect(outputs.filter(({ Description = '' }) => !/^[A-Z].*\.$/.test(Description))).toEqual([]);
  });
});
