import { Buffer } from 'node:buffer';
import * as z from 'zod';

/** A function, as far as its price depends on the template. */
export type FunctionFacts = {
  readonly memoryMegabytes: number;
  readonly isArm: boolean;
  /** Whether Lambda writes lines of its own about every invocation. */
  readonly hasPlatformLogs: boolean;
};

/** What the template says that costs money, or that limits how fast events go out. */
export type TemplateFacts = {
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
  readonly alarmMetrics: number;
  readonly compositeAlarms: number;
  readonly dashboards: number;
  readonly keys: number;
  readonly natGateways: number;
  readonly webAcls: number;
  readonly webAclRules: number;
  /** Types of resources whose prices are not known here. */
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
const formatSchema = z.object({ AccessLogSettings: z.object({ Format: z.string() }) });
const rulesSchema = z.object({ Rules: z.array(z.unknown()) });

/** Reads the facts out of a synthesized template. Throws where it is not the template of an adapter. */
export function readTemplateFacts(synthesized: unknown): TemplateFacts {
  const template = templateSchema.parse(synthesized);
  const of = (type: string) => propertiesOf(template, type);
  const { ingest, deliver } = findFunctions(of('AWS::Lambda::Function'));
  const source = sourceSchema.parse(of('AWS::Lambda::EventSourceMapping')[0]);
  const [stage] = of('AWS::ApiGatewayV2::Stage');
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

/** Finds the adapter's two functions, each by a variable that only it has. Throws where one is missing. */
function findFunctions(all: readonly unknown[]): Record<'ingest' | 'deliver', FunctionProperties> {
  const functions = all.map((properties) => functionSchema.parse(properties));
  const [ingest] = functions.filter(({ Environment: { Variables } }) => 'PUBLIC_URL' in Variables);
  const [deliver] = functions.filter(({ Environment: { Variables } }) => 'EVENTS_PER_SECOND' in Variables);
  if (ingest === undefined || deliver === undefined)
    throw new Error('The template does not have both functions.');
  return { ingest, deliver };
}

function factsOf(properties: FunctionProperties): FunctionFacts {
  const { MemorySize, Architectures, LoggingConfig } = properties;
  const level = LoggingConfig.SystemLogLevel ?? 'INFO';
  return {
    memoryMegabytes: MemorySize,
    isArm: Architectures.includes('arm64'),
    hasPlatformLogs: level !== 'WARN',
  };
}

/** Types that the bill has a line for, and types that are free or have no price of their own. */
const PRICED =
  /^AWS::(ApiGatewayV2::|CDK::Metadata|CertificateManager::Certificate|CloudWatch::(Alarm|AnomalyDetector|CompositeAlarm|Dashboard)|DynamoDB::Table|EC2::(EIP|InternetGateway|NatGateway|Route|RouteTable|SecurityGroup|Subnet|SubnetRouteTableAssociation|VPC|VPCGatewayAttachment)|IAM::|KMS::|Lambda::(Alias|EventSourceMapping|Function|Permission|Version)|Logs::|Route53::RecordSet|SNS::|SQS::|SecretsManager::(ResourcePolicy|Secret)|WAFv2::)/;

function unpricedTypes({ Resources }: Template): readonly string[] {
  const types = Object.values(Resources).map(({ Type }) => Type);
  return [...new Set(types.filter((type) => !PRICED.test(type)))].toSorted();
}

const alarmSchema = z.object({
  Metrics: z
    .array(z.object({ MetricStat: z.unknown().optional(), Expression: z.string().default('') }))
    .default([]),
});

/**
 * How many metrics AWS bills for alarms: one for a simple alarm, each metric of an expression, and for an anomaly the metric
 * and its two bounds (aws.amazon.com/cloudwatch/pricing).
 */
export function countAlarmMetrics(alarms: readonly unknown[]): number {
  return alarms.reduce<number>((sum, alarm) => {
    const { Metrics } = alarmSchema.parse(alarm);
    const stats = Metrics.filter(({ MetricStat }) => MetricStat !== undefined).length;
    const bands = Metrics.filter(({ Expression }) => Expression.includes('ANOMALY_DETECTION_BAND')).length;
    return sum + Math.max(1, stats) + 2 * bands;
  }, 0);
}

/** How long the values of variables are in a line. All others are "-", as in a request without an error. */
const VARIABLE_LENGTHS: Readonly<Record<string, number>> = {
  requestId: 16,
  extendedRequestId: 16,
  requestTime: 26,
  routeKey: 23,
  status: 3,
  responseLength: 2,
  responseLatency: 2,
  'integration.status': 3,
  'integration.latency': 2,
  domainName: 49,
  protocol: 8,
};

/** The bytes of a line of API Gateway's access log, as CloudWatch Logs counts them; 0 without such a log. */
export function accessLogBytes(format: string | undefined): number {
  if (format === undefined) return 0;
  const line = format.replaceAll(/\$context\.([\w.]+)/g, (_, name: string) =>
    '-'.repeat(VARIABLE_LENGTHS[name] ?? 1),
  );
  return Buffer.byteLength(line) + 26;
}
