import * as z from 'zod';
import { accessLogBytes } from './access-log-bytes.ts';
import { countAlarmMetrics } from './alarm-metrics.ts';

/** A function, as far as its price depends on the template. */
export type FunctionFacts = {
  readonly memoryMegabytes: number;
  readonly isArm: boolean;
  /** How many may run at a time, where the template says so. */
  readonly reserved?: number;
  /** Whether Lambda writes lines of its own about every invocation. */
  readonly hasPlatformLogs: boolean;
};

/** What the template says that costs money, or limits how fast it can go. */
export type StackFacts = {
  readonly ingest: FunctionFacts;
  readonly deliver: FunctionFacts & {
    readonly eventsPerSecond: number;
    readonly concurrency: number;
    readonly batchSize: number;
  };
  readonly sources: number;
  readonly secrets: number;
  readonly retentionDays: number;
  readonly hasPointInTimeRecovery: boolean;
  readonly accessLogBytes: number;
  /** Requests a second that the API takes, where the template limits them. */
  readonly apiPerSecond?: number;
  readonly alarmMetrics: number;
  readonly compositeAlarms: number;
  readonly dashboards: number;
  readonly keys: number;
  readonly natGateways: number;
  readonly webAcls: number;
  readonly webAclRules: number;
  /** Types of resources whose price nobody has looked up here. */
  readonly unpriced: readonly string[];
};

const templateSchema = z.object({
  Resources: z.record(z.string(), z.object({ Type: z.string(), Properties: z.unknown().default({}) })),
  Outputs: z.record(z.string(), z.unknown()).default({}),
});

type Template = z.infer<typeof templateSchema>;

const functionSchema = z.object({
  MemorySize: z.number().default(128),
  Architectures: z.array(z.string()).default(['x86_64']),
  ReservedConcurrentExecutions: z.number().optional(),
  LoggingConfig: z.object({ SystemLogLevel: z.string().optional() }).default({}),
  Environment: z.object({ Variables: z.record(z.string(), z.unknown()) }).default({ Variables: {} }),
});

type FunctionProperties = z.infer<typeof functionSchema>;

const sourceSchema = z.object({
  BatchSize: z.number().default(10),
  ScalingConfig: z.object({ MaximumConcurrency: z.number() }).optional(),
});
const logGroupSchema = z.object({ RetentionInDays: z.number().default(3_650) });
const pointInTimeSchema = z.object({
  PointInTimeRecoverySpecification: z.object({ PointInTimeRecoveryEnabled: z.literal(true) }),
});
const throttleSchema = z.object({ DefaultRouteSettings: z.object({ ThrottlingRateLimit: z.number() }) });
const formatSchema = z.object({ AccessLogSettings: z.object({ Format: z.string() }) });
const rulesSchema = z.object({ Rules: z.array(z.unknown()) });

/** Reads the facts out of a synthesized template. Throws where it is not the template of an adapter. */
export function readStackFacts(synthesized: unknown): StackFacts {
  const template = templateSchema.parse(synthesized);
  const of = (type: string) => propertiesOf(template, type);
  const { ingest, deliver } = findFunctions(of('AWS::Lambda::Function'));
  const source = sourceSchema.parse(of('AWS::Lambda::EventSourceMapping')[0]);
  const [stage] = of('AWS::ApiGatewayV2::Stage');
  const apiPerSecond = throttleSchema.safeParse(stage).data?.DefaultRouteSettings.ThrottlingRateLimit;
  const acls = of('AWS::WAFv2::WebACL');
  return {
    ingest: factsOf(ingest),
    deliver: {
      ...factsOf(deliver),
      eventsPerSecond: Number(deliver.Environment.Variables.EVENTS_PER_SECOND),
      concurrency: source.ScalingConfig?.MaximumConcurrency ?? 1_000,
      batchSize: source.BatchSize,
    },
    sources: Object.keys(template.Outputs).filter((name) => name.startsWith('WebhookUrl')).length,
    secrets: of('AWS::SecretsManager::Secret').length,
    retentionDays: Math.max(
      ...of('AWS::Logs::LogGroup').map((one) => logGroupSchema.parse(one).RetentionInDays),
    ),
    hasPointInTimeRecovery: of('AWS::DynamoDB::Table').some(
      (one) => pointInTimeSchema.safeParse(one).success,
    ),
    accessLogBytes: accessLogBytes(formatSchema.safeParse(stage).data?.AccessLogSettings.Format),
    ...(apiPerSecond !== undefined && { apiPerSecond }),
    alarmMetrics: countAlarmMetrics(of('AWS::CloudWatch::Alarm')),
    compositeAlarms: of('AWS::CloudWatch::CompositeAlarm').length,
    dashboards: of('AWS::CloudWatch::Dashboard').length,
    keys: of('AWS::KMS::Key').length,
    natGateways: of('AWS::EC2::NatGateway').length,
    webAcls: acls.length,
    webAclRules: acls.reduce<number>(
      (sum, acl) => sum + (rulesSchema.safeParse(acl).data?.Rules.length ?? 0),
      0,
    ),
    unpriced: unpricedTypes(template),
  };
}

function propertiesOf({ Resources }: Template, type: string): readonly unknown[] {
  return Object.values(Resources).flatMap(({ Type, Properties }) => (Type === type ? [Properties] : []));
}

/** The adapter's two among all functions, each by a variable that only it has. Throws where one is missing. */
function findFunctions(all: readonly unknown[]): Record<'ingest' | 'deliver', FunctionProperties> {
  const functions = all.map((properties) => functionSchema.parse(properties));
  const [ingest] = functions.filter(({ Environment: { Variables } }) => 'PUBLIC_URL' in Variables);
  const [deliver] = functions.filter(({ Environment: { Variables } }) => 'EVENTS_PER_SECOND' in Variables);
  if (ingest === undefined || deliver === undefined) throw new Error('The template has not both functions.');
  return { ingest, deliver };
}

function factsOf(properties: FunctionProperties): FunctionFacts {
  const { MemorySize, Architectures, ReservedConcurrentExecutions, LoggingConfig } = properties;
  const level = LoggingConfig.SystemLogLevel ?? 'INFO';
  return {
    memoryMegabytes: MemorySize,
    isArm: Architectures.includes('arm64'),
    ...(ReservedConcurrentExecutions !== undefined && { reserved: ReservedConcurrentExecutions }),
    hasPlatformLogs: level !== 'WARN',
  };
}

/** Types that a line is made of, and services whose types are free, or have no price of their own. */
const PRICED =
  /^AWS::(ApiGatewayV2::|CDK::Metadata|CertificateManager::Certificate|CloudWatch::(Alarm|AnomalyDetector|CompositeAlarm|Dashboard)|DynamoDB::Table|EC2::(EIP|InternetGateway|NatGateway|Route|RouteTable|SecurityGroup|Subnet|SubnetRouteTableAssociation|VPC|VPCGatewayAttachment)|IAM::|KMS::|Lambda::(Alias|EventSourceMapping|Function|Permission|Version)|Logs::|Route53::RecordSet|SNS::|SQS::|SecretsManager::(ResourcePolicy|Secret)|WAFv2::)/;

function unpricedTypes({ Resources }: Template): readonly string[] {
  const types = Object.values(Resources).map(({ Type }) => Type);
  return [...new Set(types.filter((type) => !PRICED.test(type)))].toSorted();
}
