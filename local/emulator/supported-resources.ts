import * as z from 'zod';

/**
 * The resource types that the local run honours, each with every property that it honours. The schemas are strict: a
 * property that is not here is an error, so that nothing of the template is left out in silence.
 */
const properties = {
  'AWS::SQS::Queue': z.strictObject({
    QueueName: z.string(),
    VisibilityTimeout: z.int().default(30),
    MessageRetentionPeriod: z.int().default(345_600),
    /** What SQS allows at most, and the queue server too. */
    MaximumMessageSize: z.literal(1_048_576).optional(),
    RedrivePolicy: z.strictObject({ deadLetterTargetArn: z.string(), maxReceiveCount: z.int() }).optional(),
    /** Encryption at rest has nothing to encrypt here. */
    SqsManagedSseEnabled: z.literal(true).optional(),
  }),
  'AWS::SecretsManager::Secret': z.strictObject({
    Name: z.string(),
    Description: z.string().optional(),
    GenerateSecretString: z
      .strictObject({
        SecretStringTemplate: z.string(),
        GenerateStringKey: z.string(),
        PasswordLength: z.int().default(32),
        ExcludePunctuation: z.literal(true),
      })
      .optional(),
  }),
  'AWS::DynamoDB::Table': z.strictObject({
    TableName: z.string(),
    KeySchema: z.array(z.strictObject({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) })),
    AttributeDefinitions: z.array(
      z.strictObject({ AttributeName: z.string(), AttributeType: z.enum(['S', 'N', 'B']) }),
    ),
    BillingMode: z.literal('PAY_PER_REQUEST'),
    /** Nothing expires and nothing is backed up here: a run ends long before, and all of it with it. */
    TimeToLiveSpecification: z.strictObject({ AttributeName: z.string(), Enabled: z.boolean() }).optional(),
    PointInTimeRecoverySpecification: z.strictObject({ PointInTimeRecoveryEnabled: z.boolean() }).optional(),
  }),
  'AWS::Lambda::Function': z.strictObject({
    Code: z.strictObject({ S3Bucket: z.string(), S3Key: z.string() }),
    Handler: z.string().regex(/^\w+\.\w+$/, 'expected file.export'),
    Runtime: z.literal('nodejs24.x'),
    Timeout: z.int().default(3),
    MemorySize: z.int().default(128),
    Environment: z.strictObject({ Variables: z.record(z.string(), z.string()) }).optional(),
    Description: z.string().optional(),
    /** A bundle of JavaScript runs on any processor; roles and log settings belong to AWS. */
    Architectures: z.array(z.string()).optional(),
    Role: z.string(),
    LoggingConfig: z.object({}).optional(),
  }),
  'AWS::Lambda::EventSourceMapping': z.strictObject({
    EventSourceArn: z.string().startsWith('arn:aws:sqs:', 'expected an SQS queue'),
    FunctionName: z.string(),
    BatchSize: z.int().default(10),
    FunctionResponseTypes: z.array(z.literal('ReportBatchItemFailures')).default([]),
    ScalingConfig: z.strictObject({ MaximumConcurrency: z.int() }).optional(),
  }),
  'AWS::ApiGatewayV2::Api': z.strictObject({ Name: z.string(), ProtocolType: z.literal('HTTP') }),
  'AWS::ApiGatewayV2::Stage': z.strictObject({
    ApiId: z.string(),
    StageName: z.literal('$default'),
    AutoDeploy: z.literal(true),
    /** One machine sends itself no more than these let through. */
    DefaultRouteSettings: z
      .strictObject({ ThrottlingRateLimit: z.number(), ThrottlingBurstLimit: z.int() })
      .optional(),
    /** Every request already has its line of the function's at the terminal. */
    AccessLogSettings: z.strictObject({ DestinationArn: z.string(), Format: z.string() }).optional(),
  }),
  'AWS::ApiGatewayV2::Integration': z.strictObject({
    ApiId: z.string(),
    IntegrationType: z.literal('AWS_PROXY'),
    IntegrationUri: z.string(),
    PayloadFormatVersion: z.literal('2.0'),
  }),
  'AWS::ApiGatewayV2::Route': z.strictObject({
    ApiId: z.string(),
    RouteKey: z.string(),
    Target: z.string().startsWith('integrations/'),
    AuthorizationType: z.literal('NONE').default('NONE'),
  }),
} as const;

/** The types that have no effect on one machine, each with the reason. */
const WITHOUT_EFFECT: ReadonlyMap<string, string> = new Map([
  ['AWS::IAM::Role', 'nobody is refused anything here; permissions are proved by a deploy'],
  ['AWS::IAM::Policy', 'as for roles'],
  [
    'AWS::IAM::ManagedPolicy',
    'as for roles: the CDK adds one where a role may read more secrets than a policy has room for',
  ],
  ['AWS::Lambda::Permission', 'as for roles'],
  ['AWS::SQS::QueuePolicy', 'as for roles'],
  ['AWS::Logs::LogGroup', 'log lines go to the terminal'],
  ['AWS::CloudWatch::Alarm', 'who runs it sees every line, and nobody is on call'],
  ['AWS::CloudWatch::Dashboard', 'as for alarms'],
  ['AWS::SNS::Topic', 'as for alarms'],
  ['AWS::SNS::TopicPolicy', 'as for roles'],
  ['AWS::SNS::Subscription', 'as for alarms'],
  ['AWS::KMS::Key', 'it encrypts the messages of alarms'],
  ['AWS::CDK::Metadata', 'it tells AWS which constructs were used'],
]);

type ResourceType = keyof typeof properties;

/** A resource with its properties resolved and checked. */
export type Resource = {
  [Type in ResourceType]: {
    readonly id: string;
    readonly type: Type;
    readonly properties: z.output<(typeof properties)[Type]>;
  };
}[ResourceType];

export type ResourceOf<Type extends ResourceType> = Extract<Resource, { type: Type }>;

export function hasNoEffect(type: string): boolean {
  return WITHOUT_EFFECT.has(type);
}

/** Checks one resource; returns it, or every reason for which the local run cannot honour it. */
export function readResource(id: string, type: string, resolved: unknown): Resource | readonly string[] {
  if (!isSupported(type)) return [`${id}: the local run does not know ${type}. Teach it in local/emulator.`];
  const parsed = properties[type].safeParse(resolved);
  if (!parsed.success) {
    return parsed.error.issues.map(
      ({ path, message }) => `${id} (${type}): ${['Properties', ...path].map(String).join('.')}: ${message}`,
    );
  }
  // The schema was chosen by the type, which TypeScript cannot follow through the table.
  return { id, type, properties: parsed.data } as Resource;
}

function isSupported(type: string): type is ResourceType {
  return Object.hasOwn(properties, type);
}
