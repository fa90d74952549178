import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { fail, type Result, succeed } from '../../lambdas/result.ts';

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
function readResource(id: string, type: string, resolved: unknown): Resource | readonly string[] {
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

/** The account that the local run pretends to be. */
export const ACCOUNT = '000000000000';
export const REGION = 'us-east-1';
export const CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' };

const templateSchema = z.object({
  Resources: z.record(z.string(), z.object({ Type: z.string(), Properties: z.unknown().default({}) })),
  Outputs: z.record(z.string(), z.object({ Value: z.unknown() })).default({}),
});

const assetsSchema = z.object({
  files: z.record(z.string(), z.object({ source: z.object({ path: z.string() }) })),
});

/** A template as CDK synthesized it, with its assets' directories by their hash. */
export type Template = z.infer<typeof templateSchema> & { readonly assets: ReadonlyMap<string, string> };

/** A template with every reference resolved. */
type ResolvedTemplate = {
  readonly resources: readonly Resource[];
  readonly outputs: Readonly<Record<string, string>>;
};

/** Reads a stack's template from a cloud assembly. Throws if it is not one. */
export async function readTemplate(assembly: string, stackName: string): Promise<Template> {
  const read = async (kind: string): Promise<unknown> =>
    JSON.parse(await readFile(join(assembly, `${stackName}.${kind}.json`), 'utf8'));
  const template = templateSchema.parse(await read('template'));
  const { files } = assetsSchema.parse(await read('assets'));
  const assets = Object.entries(files).map(
    ([hash, { source }]) => [hash, join(assembly, source.path)] as const,
  );
  return { ...template, assets: new Map(assets) };
}

/** The ports that stand in for AWS's endpoints. */
export type Endpoints = {
  readonly sqs: string;
  readonly secretsManager: string;
  readonly dynamoDb: string;
  readonly httpApi: string;
};

/** The URL of a queue: its `Ref`, and what the SQS protocol calls it by. */
export function queueUrl(sqsEndpoint: string, queueName: string): string {
  return `${sqsEndpoint}/${ACCOUNT}/${queueName}`;
}

/** Resolves a template against the endpoints; fails with everything in it that the local run cannot honour. */
export function resolveTemplate(
  template: Template,
  endpoints: Endpoints,
): Result<ResolvedTemplate, readonly string[]> {
  const known = nameResources(template, endpoints);
  const problems: string[] = [];
  const resources: Resource[] = [];
  for (const [id, { Type, Properties }] of Object.entries(template.Resources)) {
    if (hasNoEffect(Type)) continue;
    const resource = readResource(
      id,
      Type,
      resolveIntrinsics(Properties, known, `${id} (${Type})`, problems),
    );
    if ('id' in resource) resources.push(resource);
    else problems.push(...resource);
  }
  const outputs = Object.entries(template.Outputs).map(([name, { Value }]) => [
    name,
    String(resolveIntrinsics(Value, known, `output ${name}`, problems)),
  ]);
  return problems.length > 0 ? fail(problems) : succeed({ resources, outputs: Object.fromEntries(outputs) });
}

/** What each resource is called and reached by, as CloudFormation's return values have it. */
function nameResources({ Resources }: Template, endpoints: Endpoints): KnownValues {
  const refs = new Map([
    ['AWS::Region', REGION],
    ['AWS::AccountId', ACCOUNT],
    ['AWS::Partition', 'aws'],
    ['AWS::URLSuffix', 'amazonaws.com'],
  ]);
  const attributes = new Map<string, string>();
  for (const [id, { Type, Properties }] of Object.entries(Resources)) {
    const { ref, ...named } = nameResource(id, Type, { properties: Properties, endpoints });
    refs.set(id, ref);
    for (const [attribute, value] of Object.entries(named)) attributes.set(`${id}.${attribute}`, value);
  }
  return { refs, attributes };
}

const namesSchema = z
  .object({ QueueName: z.string(), TableName: z.string(), Name: z.string() })
  .partial()
  .catch({});

function nameResource(
  id: string,
  type: string,
  { properties, endpoints }: { readonly properties: unknown; readonly endpoints: Endpoints },
): { readonly ref: string; readonly Arn: string; readonly ApiEndpoint?: string } {
  const { QueueName = id, TableName = id, Name = id } = namesSchema.parse(properties);
  const arn = (service: string, resource: string) => `arn:aws:${service}:${REGION}:${ACCOUNT}:${resource}`;
  switch (type) {
    case 'AWS::SQS::Queue':
      return { ref: queueUrl(endpoints.sqs, QueueName), Arn: arn('sqs', QueueName) };
    case 'AWS::DynamoDB::Table':
      return { ref: TableName, Arn: arn('dynamodb', `table/${TableName}`) };
    case 'AWS::Lambda::Function':
      return { ref: id, Arn: arn('lambda', `function:${id}`) };
    case 'AWS::SecretsManager::Secret': {
      const secret = arn('secretsmanager', `secret:${Name}`);
      return { ref: secret, Arn: secret };
    }
    case 'AWS::ApiGatewayV2::Api':
      return { ref: id, Arn: arn('apigateway', `/apis/${id}`), ApiEndpoint: endpoints.httpApi };
    default:
      return { ref: id, Arn: arn('local', id) };
  }
}

/** What the references of a template stand for. */
type KnownValues = {
  /** `Ref` by logical id or pseudo parameter. */
  readonly refs: ReadonlyMap<string, string>;
  /** `Fn::GetAtt` by `LogicalId.Attribute`. */
  readonly attributes: ReadonlyMap<string, string>;
};

/**
 * Replaces the intrinsic functions in a part of a template by what they stand for. What cannot be resolved is added to
 * `problems`, with `where` before it.
 */
export function resolveIntrinsics(
  value: unknown,
  known: KnownValues,
  where: string,
  problems: string[],
): unknown {
  const resolve = (part: unknown) => resolveIntrinsics(part, known, where, problems);
  if (Array.isArray(value)) return value.map(resolve);
  if (typeof value !== 'object' || value === null) return value;

  const [[name, argument] = ['', undefined], ...more] = Object.entries(value);
  if (more.length > 0 || !(name === 'Ref' || name.startsWith('Fn::'))) {
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, resolve(part)]));
  }
  const resolved = call(name, resolve(argument), known);
  if (resolved === undefined) problems.push(`${where}: cannot resolve ${JSON.stringify(value)}.`);
  return resolved ?? '';
}

function call(name: string, argument: unknown, { refs, attributes }: KnownValues): string | undefined {
  switch (name) {
    case 'Ref':
      return refs.get(String(argument));
    case 'Fn::GetAtt':
      return Array.isArray(argument) ? attributes.get(argument.join('.')) : attributes.get(String(argument));
    case 'Fn::Join':
      return joinParts(argument);
    case 'Fn::Sub':
      return typeof argument === 'string' ? substitute(argument, { refs, attributes }) : undefined;
    default:
      return undefined;
  }
}

function joinParts(argument: unknown): string | undefined {
  if (!Array.isArray(argument)) return undefined;
  const [separator, parts]: readonly unknown[] = argument;
  return Array.isArray(parts) ? parts.join(String(separator)) : undefined;
}

function substitute(text: string, { refs, attributes }: KnownValues): string | undefined {
  let isKnown = true;
  const substituted = text.replaceAll(/\$\{([^}]+)\}/g, (_, name: string) => {
    const value = refs.get(name) ?? attributes.get(name);
    isKnown &&= value !== undefined;
    return value ?? '';
  });
  return isKnown ? substituted : undefined;
}
