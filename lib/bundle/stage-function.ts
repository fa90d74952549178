import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duration } from 'aws-cdk-lib';
import type { ISecurityGroup, IVpc } from 'aws-cdk-lib/aws-ec2';
import { Effect, Policy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  Code,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  SystemLogLevel,
} from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type * as z from 'zod';
import { CATALOGUE_FILE } from '../../lambdas/adapters/lambda.ts';
import { acknowledgeRule, createLogGroup, type DataProtection } from '../protection/data-protection.ts';
import { functionCode } from './function-code.ts';

/** The entries that a function reads at its cold start, and what they have to be. */
type Catalogue = { readonly schema: z.ZodType; readonly entries: readonly object[] };

export type StageFunctionProps = {
  /** Path of its `handler.ts`. */
  readonly handler: string;
  /** The function's part of the mapping folders. */
  readonly catalogue: Catalogue;
  readonly description: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeout: Duration;
  readonly protection: DataProtection;
  /** Executions at a time that are kept for this function, and that it may not go beyond. */
  readonly reservedConcurrency?: number | undefined;
  /** The network that the function calls from. */
  readonly network?: { readonly vpc: IVpc; readonly securityGroups: ISecurityGroup[] } | undefined;
};

/**
 * A Lambda function with the house defaults: Node 24 on arm64, half a gigabyte, logs kept for a month. Its role is its own
 * and may write to its own logs: what CDK gives a function by itself may write to all logs of the account.
 */
export function createStageFunction(scope: Construct, id: string, props: StageFunctionProps): LambdaFunction {
  const { handler, catalogue, protection, reservedConcurrency, network, ...settings } = props;
  const logGroup = createLogGroup(scope, `${id}Logs`, protection);
  const role = new Role(scope, `${id}Role`, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
  logGroup.grantWrite(role);
  if (network !== undefined) allowInVpc(role);
  const created = withFunctionBundle(
    handler,
    catalogue,
    (code) =>
      new LambdaFunction(scope, id, {
        code,
        ...settings,
        ...network,
        ...(reservedConcurrency !== undefined && { reservedConcurrentExecutions: reservedConcurrency }),
        role,
        runtime: Runtime.NODEJS_24_X,
        architecture: Architecture.ARM_64,
        handler: 'index.handler',
        memorySize: 512,
        loggingFormat: LoggingFormat.JSON,
        // Lambda's own lines for each start and end cost more than ours, and say nothing that the metrics do not.
        systemLogLevelV2: SystemLogLevel.WARN,
        logGroup,
      }),
  );
  if (network !== undefined) refuseVpcToCode(created);
  return created;
}

/**
 * Gives a handler's bundle, with its part of the mapping folders beside it, to `use` as Lambda code. Throws if the
 * catalogue is not what the function is to find: it is not checked again at run time.
 * @param entry path of the `handler.ts`
 */
function withFunctionBundle<Used>(
  entry: string,
  { schema, entries }: Catalogue,
  use: (code: Code) => Used,
): Used {
  const directory = mkdtempSync(join(tmpdir(), 'webhook-adapter-bundle-'));
  try {
    for (const [file, code] of functionCode(entry)) writeFileSync(join(directory, file), code);
    const catalogue = entries.map((each) => schema.parse(each));
    writeFileSync(join(directory, CATALOGUE_FILE), JSON.stringify(catalogue, null, 2));
    // CDK copies the files when the function is constructed.
    return use(Code.fromAsset(directory));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** What Lambda does in a function's name to connect it to a VPC: `AWSLambdaVPCAccessExecutionRole` without its logs. */
const VPC_ACTIONS = [
  'ec2:CreateNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:DeleteNetworkInterface',
  'ec2:AssignPrivateIpAddresses',
  'ec2:UnassignPrivateIpAddresses',
];

/** Lets Lambda connect the functions of a role to a VPC. EC2 does not know the interfaces before they are there. */
function allowInVpc(role: Role): void {
  role.addToPolicy(new PolicyStatement({ actions: VPC_ACTIONS, resources: ['*'] }));
  acknowledgeRule(role, 'interfacesUnknown');
}

/**
 * Keeps the code of a function from using what Lambda needs to connect it ("Giving Lambda functions access to resources in
 * a VPC", Lambda developer guide). A policy of its own, as it names the function, which waits for the role's other one.
 */
function refuseVpcToCode(target: LambdaFunction): void {
  const deny = new PolicyStatement({
    effect: Effect.DENY,
    actions: VPC_ACTIONS,
    resources: ['*'],
    conditions: { ArnEquals: { 'lambda:SourceFunctionArn': target.functionArn } },
  });
  const { role } = target;
  if (role !== undefined) new Policy(target, 'NoVpcForCode', { statements: [deny], roles: [role] });
}
