import { beforeAll, describe, expect, test } from '@jest/globals';
import { App, Aws, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { type IVpc, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { parseContract } from '../../lib/mapping/contract.ts';
import { readMappingFolders } from '../../lib/mapping/folders.ts';
import { WebhookAdapter, type WebhookAdapterProps } from '../../lib/webhook-adapter.ts';
import { WebhookAdapterStack } from '../../lib/webhook-adapter-stack.ts';
import { SIX_SOURCES } from '../fixtures/six-sources.ts';

const EVENT_URL = 'https://tenant.webexcampaign.example/events';
const mappings = readMappingFolders(SIX_SOURCES);
if (!mappings.ok) throw new Error('The mapping folders have problems.');
// As a tenant has them: a placeholder cannot be deployed.
const one = mappings.value.slice(0, 1).map((mapping) => ({
  ...mapping,
  events: mapping.events.map((event, place) => ({ ...event, 'event-id': `evt_4711${place}` })),
}));

let template: Template;
beforeAll(() => {
  const stack = new WebhookAdapterStack(new App(), 'adapter-test', {
    eventUrl: EVENT_URL,
    placeholders: 'allowed',
    mappings: mappings.value,
  });
  template = Template.fromStack(stack);
});

describe('the stack', () => {
  test('takes webhooks at POST /webhooks/{source}, and answers anything else itself', () => {
    template.hasResourceProperties('AWS::ApiGatewayV2::Route', { RouteKey: 'POST /webhooks/{source}' });
    template.hasResourceProperties('AWS::ApiGatewayV2::Route', { RouteKey: '$default' });
    template.allResourcesProperties('AWS::ApiGatewayV2::Integration', { PayloadFormatVersion: '2.0' });
  });

  test('runs its functions on Node 24 and arm64', () => {
    template.resourceCountIs('AWS::Lambda::Function', 3);
    template.allResourcesProperties('AWS::Lambda::Function', {
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
    });
  });

  test('hides a message from other workers for six times as long as the deliver function may take', () => {
    template.hasResourceProperties('AWS::Lambda::Function', { Environment: Match.anyValue(), Timeout: 30 });
    template.hasResourceProperties('AWS::SQS::Queue', {
      QueueName: 'adapter-test-buffer',
      VisibilityTimeout: 180,
    });
  });

  test('moves what crashes the deliver function to the dead-letter queue', () => {
    const [deadLetterQueue = ''] = Object.keys(
      template.findResources('AWS::SQS::Queue', { Properties: { QueueName: 'adapter-test-dead-letter' } }),
    );

    template.hasResourceProperties('AWS::SQS::Queue', {
      QueueName: 'adapter-test-buffer',
      RedrivePolicy: {
        deadLetterTargetArn: { 'Fn::GetAtt': [deadLetterQueue, 'Arn'] },
        maxReceiveCount: 784,
      },
    });
  });

  test('keeps dead letters for as long as SQS does, and outlives a deleted stack with them', () => {
    template.hasResource('AWS::SQS::Queue', {
      Properties: { QueueName: 'adapter-test-dead-letter', MessageRetentionPeriod: 1_209_600 },
      DeletionPolicy: 'RetainExceptOnCreate',
    });
  });

  test('encrypts its queues and refuses plain HTTP to them', () => {
    template.allResourcesProperties('AWS::SQS::Queue', { SqsManagedSseEnabled: true });
    template.resourceCountIs('AWS::SQS::QueuePolicy', 2);
    template.allResourcesProperties('AWS::SQS::QueuePolicy', {
      PolicyDocument: Match.objectLike({
        Statement: [
          Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
        ],
      }),
    });
  });

  test('lets each webhook of a batch fail by itself', () => {
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 2 },
    });
  });

  test('has a secret for each source and one for Webex Campaign, whose keys are in no template', () => {
    const secrets = Object.values(template.findResources('AWS::SecretsManager::Secret'));
    const empty = secrets.filter(({ Properties }) => Properties.Name !== 'adapter-test/webex-campaign');

    expect(secrets).toHaveLength(empty.length + 1);
    expect(empty.map(({ Properties }) => Properties.Name).sort()).toEqual([
      'adapter-test/webhooks/github',
      'adapter-test/webhooks/hubspot',
      'adapter-test/webhooks/resend',
      'adapter-test/webhooks/shopify',
      'adapter-test/webhooks/stripe',
      'adapter-test/webhooks/woocommerce',
    ]);
    for (const { Properties } of empty)
      expect(Object.keys(Properties).sort()).toEqual(['Description', 'Name']);
  });

  test('lets each function do only what its stage needs', () => {
    const granted = Object.values(template.findResources('AWS::IAM::Policy')).map(({ Properties }) =>
      Properties.PolicyDocument.Statement.flatMap(
        ({ Action }: { Action: string | string[] }) => Action,
      ).sort(),
    );

    expect(granted.map((actions) => [...new Set(actions)])).toEqual([
      [...WRITE_LOGS, 'secretsmanager:GetSecretValue', 'sqs:GetQueueAttributes', 'sqs:SendMessage'],
      [
        'dynamodb:GetItem',
        'dynamodb:PutItem',
        'dynamodb:Query',
        ...WRITE_LOGS,
        'secretsmanager:GetSecretValue',
        ...RECEIVE_AND_SEND,
      ],
      ['dynamodb:UpdateItem', ...WRITE_LOGS, 'secretsmanager:GetSecretValue'],
    ]);
  });

  test('lets the search count its searches in the ledger, and reach no event there', () => {
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Action: 'dynamodb:UpdateItem',
            Condition: { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['#search'] } },
          }),
        ]),
      },
    });
  });

  test('keeps a ledger on demand that expires its items, can be restored, and outlives a deleted stack', () => {
    template.hasResource('AWS::DynamoDB::Table', {
      Properties: {
        TableName: 'adapter-test-ledger',
        KeySchema: [
          { AttributeName: 'webhook', KeyType: 'HASH' },
          { AttributeName: 'event', KeyType: 'RANGE' },
        ],
        BillingMode: 'PAY_PER_REQUEST',
        TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      },
      DeletionPolicy: 'RetainExceptOnCreate',
    });
  });

  // Whatever is changed here, CloudFormation would generate anew where it was deployed before: the API keys would be gone.
  test('generates the key for the hashes of event keys, beside empty places for the API keys, always in this way', () => {
    template.hasResourceProperties('AWS::SecretsManager::Secret', {
      Name: 'adapter-test/webex-campaign',
      GenerateSecretString: {
        SecretStringTemplate: '{"primary":"","secondary":""}',
        GenerateStringKey: 'hashKey',
        PasswordLength: 64,
        ExcludePunctuation: true,
      },
    });
  });

  test('sends five events a second from two workers, unless the settings differ', () => {
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: {
        Variables: Match.objectLike({
          EVENTS_PER_SECOND: '5',
          MAX_CONCURRENCY: '2',
          SUCCESS_ID_FIELDS: 'transaction-id',
          SERVICE_UNAVAILABLE: 'unclear',
          PROBE: 'call',
          LEASE_SECONDS: '35',
        }),
      },
    });
    const stack = new Stack(new App(), 's');
    const settings = {
      ...{ eventsPerSecond: 0.5, concurrency: 7, successIdFields: ['transid', 'id'] },
      serviceUnavailable: 'retry',
      probe: 'event',
    } as const;
    new WebhookAdapter(stack, 'Adapter', { eventUrl: EVENT_URL, mappings: one, ...settings });

    const changed = Template.fromStack(stack);
    changed.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      ScalingConfig: { MaximumConcurrency: 7 },
    });
    changed.hasResourceProperties('AWS::Lambda::Function', {
      Environment: {
        Variables: Match.objectLike({
          EVENTS_PER_SECOND: '0.5',
          MAX_CONCURRENCY: '7',
          SUCCESS_ID_FIELDS: 'transid,id',
          SERVICE_UNAVAILABLE: 'retry',
          PROBE: 'event',
        }),
      },
    });
  });

  test('keeps the access log under a name that no policy of the account has to list, until the stack goes', () => {
    template.hasResource('AWS::Logs::LogGroup', {
      Properties: { LogGroupName: '/aws/vendedlogs/adapter-test/access' },
      DeletionPolicy: 'Delete',
      UpdateReplacePolicy: 'Delete',
    });
  });

  test('keeps every log for a month, in a log group of its own', () => {
    template.resourceCountIs('AWS::Logs::LogGroup', 4);
    template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 30 });
    template.allResourcesProperties('AWS::Lambda::Function', {
      LoggingConfig: { LogFormat: 'JSON', LogGroup: { Ref: Match.anyValue() }, SystemLogLevel: 'WARN' },
    });
  });

  test('logs the id and the outcome of each request to the API, and nothing about its sender', () => {
    const [stage] = Object.values(template.findResources('AWS::ApiGatewayV2::Stage'));
    const format: Record<string, string> = JSON.parse(stage?.Properties.AccessLogSettings.Format);

    expect(stage?.Properties.StageName).toBe('$default');
    expect(Object.values(format)).toEqual(
      expect.arrayContaining(['$context.requestId', '$context.routeKey', '$context.status']),
    );
    expect(Object.values(format).filter((value) => /identity|path|userAgent|sourceIp/i.test(value))).toEqual(
      [],
    );
  });

  test('gives the webhook URL of each source', () => {
    template.hasOutput('WebhookUrlstripe', { Value: Match.anyValue() });
    template.hasOutput('WebhookUrlshopify', { Value: Match.anyValue() });
  });
});

const WRITE_LOGS = ['logs:CreateLogStream', 'logs:PutLogEvents'];
const RECEIVE_AND_SEND = [
  'sqs:ChangeMessageVisibility',
  'sqs:DeleteMessage',
  'sqs:GetQueueAttributes',
  'sqs:GetQueueUrl',
  'sqs:ReceiveMessage',
  'sqs:SendMessage',
];

describe('the stack of a stage', () => {
  test('refuses sources whose outputs would have one id, and names them', () => {
    const shops = ['shop-1', 'shop1'].flatMap((source) => one.map((mapping) => ({ ...mapping, source })));

    expect(
      () => new WebhookAdapterStack(new App(), 'equal', { eventUrl: EVENT_URL, mappings: shops }),
    ).toThrow(
      'Sources would have the same output:\nshop-1, shop1: CloudFormation leaves hyphens out of ids. Rename all but one.',
    );
  });
});

describe('the construct', () => {
  test('refuses an event URL that would send the key in the clear', () => {
    const construct = () =>
      new WebhookAdapter(new Stack(new App(), 's'), 'Adapter', {
        eventUrl: 'http://example.com/events',
        mappings: one,
      });

    expect(construct).toThrow(
      'eventUrl: expected https: the key would travel in the clear (http is for loopback only). Found "http://example.com/events".',
    );
  });

  test('takes an event URL that is known only at deploy time', () => {
    const stack = new Stack(new App(), 's');
    const eventUrl = StringParameter.valueForStringParameter(stack, '/webex/event-url');
    new WebhookAdapter(stack, 'Adapter', { eventUrl, mappings: one });

    Template.fromStack(stack).hasResourceProperties('AWS::Lambda::Function', {
      Environment: {
        Variables: Match.objectLike({ WEBEX_EVENT_URL: { Ref: Match.stringLikeRegexp('^SsmParameter') } }),
      },
    });
  });

  describe('with event definitions', () => {
    const day = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
    const [first] = mappings.value;
    if (first === undefined) throw new Error('There is no mapping.');
    const construct = (definition: string) => {
      const { contract } = parseContract('webex-events.yaml', `thanks: { key: text, ${definition} }`);
      const [event] = first.events;
      if (contract === undefined || event === undefined) throw new Error(definition);
      const named = { ...event, definition: 'thanks', 'event-id': contract.definitions.thanks?.['event-id'] };
      const stack = new Stack(new App(), 's');
      const file = { ...first, contract, events: [named] };
      new WebhookAdapter(stack, 'Adapter', { eventUrl: EVENT_URL, stage: 'prod', mappings: [file] });
      return Annotations.fromStack(stack);
    };

    test('refuses a placeholder, one that has ended for its stage, and one without an id for it', () => {
      expect(() => construct('event-id: evt_10000000000001')).toThrow(
        'webex-events.yaml:1:22  thanks.event-id  "evt_10000000000001" is a placeholder, which the stage "prod" would send.',
      );
      expect(() => construct(`event-id: evt_1, valid-until: { prod: ${day(-2)} }`)).toThrow('ended on');
      expect(() => construct('event-id: { dev: evt_1 }')).toThrow('has no id for the stage "prod"');
      construct(`event-id: evt_1, valid-until: { dev: ${day(-2)} }`).hasNoWarning('*', Match.anyValue());
    });

    test('warns of one that will end within 30 days', () => {
      construct(`event-id: evt_1, valid-until: ${day(9)}`).hasWarning(
        '*',
        Match.stringLikeRegexp('ends in [89] days'),
      );
    });
  });

  test("refuses a mapping whose secret is the adapter's own", () => {
    const secret = 'webex-campaign';
    const taken = mappings.value.slice(0, 1).map((mapping) => ({ ...mapping, secret }));
    const construct = () =>
      new WebhookAdapter(new Stack(new App(), 's'), 'Adapter', {
        eventUrl: EVENT_URL,
        mappings: taken,
        placeholders: 'allowed',
      });

    expect(construct).toThrow(
      'github: the secret "webex-campaign" is the adapter\'s own. Name it webhooks/github.',
    );
  });

  test.each<[string, Partial<WebhookAdapterProps>, string]>([
    ['no mapping at all', { mappings: [] }, 'mappings: there is none. Give one at least'],
    ['a name that no queue can have', { name: 'shop.eu' }, 'name: expected letters, digits, "-" and "_"'],
    [
      'a name that makes the longest name of a queue too long',
      { name: 'n'.repeat(69) },
      'name: expected 68 characters at most, as a queue\'s name has 80; "nnn',
    ],
    [
      'a name that is known only at deploy time',
      { name: Aws.STACK_NAME },
      'name: is known only at deploy time, as that of a nested stack is. Give the adapter one',
    ],
    [
      'a source that is named as the secret of the keys',
      { mappings: one.map((mapping) => ({ ...mapping, source: 'webex-campaign' })) },
      'webex-campaign: "webex-campaign" is the name of the secret with the keys of Webex Campaign',
    ],
    [
      'more executions for ingest than the account can reserve',
      { ingestConcurrency: 401, alarms: { lambdaConcurrency: 500 } },
      'ingestConcurrency: the account runs 500 at a time (lambda-concurrency), of which AWS keeps 100 for functions that reserve none: give 400 at most.',
    ],
    [
      'more workers than the account can run',
      { concurrency: 20, alarms: { lambdaConcurrency: 10 } },
      'concurrency: the account runs 10 functions at a time (lambda-concurrency): give 10 at most.',
    ],
  ])('refuses %s, in one sentence', (_what, props, sentence) => {
    const construct = () =>
      new WebhookAdapter(new Stack(new App(), 's'), 'Adapter', {
        eventUrl: EVENT_URL,
        mappings: one,
        ...props,
      });

    expect(construct).toThrow(sentence);
  });

  test('takes the longest name that every resource can have', () => {
    const stack = new Stack(new App(), 's');
    new WebhookAdapter(stack, 'A', { eventUrl: EVENT_URL, mappings: one, name: 'n'.repeat(68) });

    Template.fromStack(stack).hasResourceProperties('AWS::SQS::Queue', {
      QueueName: `${'n'.repeat(68)}-dead-letter`,
    });
  });

  test('refuses a second adapter of its name in a stack, and in another of the same account and region', () => {
    const app = new App();
    const env = { account: '111122223333', region: 'eu-west-1' };
    const add = (stack: Stack, id: string, name?: string) => () =>
      new WebhookAdapter(stack, id, { eventUrl: EVENT_URL, mappings: one, name });
    const shop = new Stack(app, 'shop', { env });

    add(shop, 'One')();
    expect(add(shop, 'Two')).toThrow(
      'name: "shop" is the name of shop/One, too. Give each a name of its own.',
    );
    expect(add(new Stack(app, 'other', { env }), 'A', 'shop')).toThrow('is the name of shop/One, too');
    expect(add(shop, 'Three', 'shop-2')).not.toThrow();
    expect(
      add(new Stack(app, 'elsewhere', { env: { ...env, region: 'us-east-1' } }), 'A', 'shop'),
    ).not.toThrow();
  });

  test('refuses a metric of an event that no mapping has', () => {
    const adapter = new WebhookAdapter(new Stack(new App(), 's'), 'A', {
      eventUrl: EVENT_URL,
      mappings: one,
    });
    const [{ source = '', events = [] } = {}] = one;
    const names = events.map(({ name }) => name).join(', ');

    expect(() => adapter.metricEvents({ source, event: 'no-such', code: 'delivered' })).toThrow(
      `There is no event "no-such" of ${source}. There are: ${names}.`,
    );
    expect(() => adapter.metricEvents({ source: 'nobody', event: 'x', code: 'delivered' })).toThrow(
      'There is no source "nobody".',
    );
  });

  test('takes an event URL that is known only at deploy time with a network, too: by its port 443', () => {
    const stack = new Stack(new App(), 's');
    const eventUrl = `https://${StringParameter.valueForStringParameter(stack, '/webex/host')}/events`;
    new WebhookAdapter(stack, 'A', { eventUrl, mappings: one, vpc: new Vpc(stack, 'Vpc') as IVpc });

    Template.fromStack(stack).hasResourceProperties('AWS::EC2::SecurityGroup', {
      SecurityGroupEgress: [Match.objectLike({ FromPort: 443, ToPort: 443 })],
    });
  });

  test('makes neither alarms nor topics where the app has its own', () => {
    const stack = new Stack(new App(), 's');
    const adapter = new WebhookAdapter(stack, 'A', { eventUrl: EVENT_URL, mappings: one, alarms: 'none' });
    const made = Template.fromStack(stack);

    expect(adapter.alarms).toBeUndefined();
    for (const type of ['CloudWatch::Alarm', 'SNS::Topic', 'KMS::Key'])
      made.resourceCountIs(`AWS::${type}`, 0);
    made.resourceCountIs('AWS::CloudWatch::Dashboard', 1);
  });

  test('sends alarms to topics that the app brings, and makes only what is missing', () => {
    const stack = new Stack(new App(), 's');
    const page = new Topic(stack, 'Pager');
    const props = { eventUrl: EVENT_URL, mappings: one };
    new WebhookAdapter(stack, 'A', { ...props, name: 'a', alarms: { page } });
    new WebhookAdapter(stack, 'B', { ...props, name: 'b', alarms: { page, tomorrow: page } });
    const made = Template.fromStack(stack);
    const topics = Object.values(made.findResources('AWS::SNS::Topic')).map(
      ({ Properties = {} }) => Properties.TopicName,
    );

    expect(topics).toEqual([undefined, 'a-alarms-tomorrow']);
    made.resourceCountIs('AWS::KMS::Key', 1);
    made.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: 'b-dead-letters-present',
      AlarmActions: [stack.resolve(page.topicArn)],
    });
    expect(
      () =>
        new WebhookAdapter(stack, 'C', {
          ...{ ...props, name: 'c', alarms: { page, tomorrow: page, email: 'on-call@example.com' } },
        }),
    ).toThrow('alarms: both topics are your own.');
  });

  test('refuses a certificate of another region than the stack', () => {
    const certificateArn = 'arn:aws:acm:us-east-1:111122223333:certificate/0a1b';
    const add = (region: string) => () =>
      new WebhookAdapter(new Stack(new App(), 's', { env: { account: '111122223333', region } }), 'A', {
        ...{ eventUrl: EVENT_URL, mappings: one, domain: { name: 'hooks.example.com', certificateArn } },
      });

    expect(add('eu-west-1')).toThrow(
      "The domain's certificate is of us-east-1, and the stack is deployed to eu-west-1. Make one in ACM in eu-west-1.",
    );
    expect(add('us-east-1')).not.toThrow();
  });

  test('puts a certificate of another region than the CLI deploys to on the stack as an error', () => {
    const stack = new Stack(new App(), 's');
    const certificateArn = 'arn:aws:acm:us-east-1:111122223333:certificate/0a1b';
    process.env.CDK_DEFAULT_REGION = 'eu-west-1';
    try {
      const domain = { name: 'hooks.example.com', certificateArn };
      new WebhookAdapter(stack, 'A', { eventUrl: EVENT_URL, mappings: one, domain });
    } finally {
      delete process.env.CDK_DEFAULT_REGION;
    }

    const errors = Annotations.fromStack(stack).findError('*', Match.anyValue());
    expect(errors.map(({ entry }) => entry.data)).toEqual([
      "The domain's certificate is of us-east-1, and the stack is deployed to eu-west-1. Make one in ACM in eu-west-1.",
    ]);
  });

  test('refuses a rate at which no worker gets its turn', () => {
    const settings = { eventUrl: EVENT_URL, mappings: one, eventsPerSecond: 0.1 };
    const construct = () => new WebhookAdapter(new Stack(new App(), 's'), 'Adapter', settings);

    expect(construct).toThrow('0.1, shared by 2 workers, is a call every 20 s each');
  });
});
