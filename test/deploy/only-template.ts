import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import type { Reporter } from './step.ts';
import { attempt, clientsOf, run, STACK, type Template, type Workshop } from './workshop.ts';

/** A property of the stack, and whether template and emulator have it. */
type Property = {
  readonly name: string;
  readonly isInTemplate: (template: Template) => boolean;
  readonly isHonoured: (workshop: Workshop) => Promise<boolean>;
};

const LEDGER = `${STACK}-ledger`;

/**
 * What an emulator may not honour, though it deploys it. Each is asserted on the template, and looked for in the
 * emulator: where it is not found there, the template alone shows it.
 */
const PROPERTIES: readonly Property[] = [
  {
    name: 'SQS moves what crashes the deliver function to the dead-letter queue (RedrivePolicy)',
    isInTemplate: (template) =>
      someOf(template, 'AWS::SQS::Queue', /"RedrivePolicy":.*"maxReceiveCount":784/),
    isHonoured: async (workshop) => {
      const QueueUrl = workshop.outputs.get().BufferQueueUrl;
      const asked = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['RedrivePolicy'] });
      const { Attributes } = await clientsOf(workshop).sqs.send(asked);
      return /dead-letter.*784/.test(Attributes?.RedrivePolicy ?? '');
    },
  },
  {
    name: 'the queues refuse plain HTTP (QueuePolicy)',
    isInTemplate: (template) => someOf(template, 'AWS::SQS::QueuePolicy', /"aws:SecureTransport":"false"/),
    isHonoured: async (workshop) => {
      const QueueUrl = workshop.outputs.get().BufferQueueUrl;
      const asked = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] });
      return clientsOf(workshop)
        .sqs.send(asked)
        .then(
          () => false,
          () => true,
        );
    },
  },
  {
    name: 'workers at a time are limited, and each webhook of a batch ends for itself (EventSourceMapping)',
    isInTemplate: (template) =>
      someOf(template, 'AWS::Lambda::EventSourceMapping', /ReportBatchItemFailures.*"MaximumConcurrency":2/),
    isHonoured: async (workshop) => {
      const sources = await run(workshop, 'aws lambda list-event-source-mappings --output json');
      return sources.includes('ReportBatchItemFailures') && sources.includes('"MaximumConcurrency": 2');
    },
  },
  {
    name: 'the ledger forgets in time (TimeToLiveSpecification)',
    isInTemplate: (template) => someOf(template, 'AWS::DynamoDB::Table', /"expiresAt","Enabled":true/),
    isHonoured: async (workshop) =>
      (await run(workshop, `aws dynamodb describe-time-to-live --table-name ${LEDGER}`)).includes(
        'expiresAt',
      ),
  },
  {
    name: 'the ledger can be restored (PointInTimeRecoverySpecification)',
    isInTemplate: (template) => someOf(template, 'AWS::DynamoDB::Table', /"PointInTimeRecoveryEnabled":true/),
    isHonoured: async (workshop) =>
      /"PointInTimeRecoveryStatus": "ENABLED"/.test(
        await run(workshop, `aws dynamodb describe-continuous-backups --table-name ${LEDGER} --output json`),
      ),
  },
  {
    name: 'logs are kept for a month (RetentionInDays)',
    isInTemplate: (template) => someOf(template, 'AWS::Logs::LogGroup', /"RetentionInDays":30/),
    isHonoured: async (workshop) =>
      /"retentionInDays": 30/.test(await run(workshop, 'aws logs describe-log-groups --output json')),
  },
  {
    name: 'each request has a line in the access log (AccessLogSettings)',
    isInTemplate: (template) => someOf(template, 'AWS::ApiGatewayV2::Stage', /"AccessLogSettings"/),
    isHonoured: (workshop) => isLogged(workshop, /^\/aws\/vendedlogs\//, '"$.routeKey"'),
  },
  {
    name: 'a secret that was created without a value has none to read (Secret)',
    isInTemplate: (template) =>
      ofType(template, 'AWS::SecretsManager::Secret').every((text) => !text.includes('"SecretString"')),
    isHonoured: async (workshop) =>
      (await attempt(workshop, `aws secretsmanager get-secret-value --secret-id ${STACK}/webhooks/github`))
        .exitCode !== 0,
  },
  {
    name: 'log lines become metrics, which alarms look at (Alarm)',
    isInTemplate: (template) => someOf(template, 'AWS::CloudWatch::Alarm', /"Namespace":"WebhookAdapter"/),
    isHonoured: async (workshop) =>
      (await run(workshop, 'aws cloudwatch list-metrics --namespace WebhookAdapter --output json')).includes(
        '"MetricName"',
      ),
  },
  {
    name: "the alarms' topics refuse plain HTTP (TopicPolicy)",
    isInTemplate: (template) =>
      someOf(template, 'AWS::SNS::TopicPolicy', /"aws:SecureTransport":"false".*cloudwatch\.amazonaws\.com/),
    isHonoured: async (workshop) => {
      const topic = workshop.outputs.get().AlarmTopicTomorrow;
      return (
        (await attempt(workshop, `aws sns publish --topic-arn '${topic}' --message plain`)).exitCode !== 0
      );
    },
  },
  {
    name: 'nobody but the functions may do what they do (Policy)',
    isInTemplate: (template) => ofType(template, 'AWS::IAM::Policy').length === 3,
    isHonoured: async (workshop) =>
      (await attempt(workshop, 'AWS_ACCESS_KEY_ID=stranger aws secretsmanager list-secrets')).exitCode !== 0,
  },
];

/** Asserts every property on the template; returns the names of those that the emulator does not honour. */
export async function compareWithTemplate(
  workshop: Workshop,
  { report, prove }: Reporter,
): Promise<readonly string[]> {
  const onlyTemplate: string[] = [];
  for (const { name, isInTemplate, isHonoured } of PROPERTIES) {
    prove(`the template: ${name}`, isInTemplate(workshop.template.get()));
    if (await isHonoured(workshop)) report('  and so it is deployed');
    else onlyTemplate.push(name);
  }
  return onlyTemplate;
}

/** Whether a line that a filter finds lies in the log group that is named so. */
export async function isLogged(workshop: Workshop, group: RegExp, filter: string): Promise<boolean> {
  const groups = await run(
    workshop,
    'aws logs describe-log-groups --query "logGroups[].logGroupName" --output text',
  );
  const name = groups.split(/\s+/).find((one) => group.test(one));
  const found = `aws logs filter-log-events --log-group-name '${name}' --filter-pattern '${filter}' --output json`;
  const { exitCode, stdout } = await attempt(workshop, found);
  return exitCode === 0 && stdout.includes('"message"');
}

function someOf(template: Template, type: string, pattern: RegExp): boolean {
  return ofType(template, type).some((text) => pattern.test(text));
}

function ofType({ Resources }: Template, type: string): readonly string[] {
  return Object.values(Resources)
    .filter(({ Type }) => Type === type)
    .map(({ Properties }) => JSON.stringify(Properties));
}
