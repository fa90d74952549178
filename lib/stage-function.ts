import { Duration } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  type Code,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

/** Logs hold no payload, so nothing of a person is kept by keeping them: long enough to look into what a month has seen. */
export const LOG_RETENTION = RetentionDays.ONE_MONTH;

export type StageFunctionProps = {
  readonly code: Code;
  readonly description: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeout: Duration;
};

/**
 * A Lambda function with the house defaults: Node 24 on arm64, half a gigabyte, logs kept for a month. Its role is its own
 * and may write to its own logs: what CDK gives a function by itself may write to all logs of the account.
 */
export function createStageFunction(scope: Construct, id: string, props: StageFunctionProps): LambdaFunction {
  const logGroup = new LogGroup(scope, `${id}Logs`, { retention: LOG_RETENTION });
  const role = new Role(scope, `${id}Role`, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
  logGroup.grantWrite(role);
  return new LambdaFunction(scope, id, {
    ...props,
    role,
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    handler: 'index.handler',
    memorySize: 512,
    loggingFormat: LoggingFormat.JSON,
    logGroup,
  });
}

/** Longer than any vendor waits (providers.md, section 2): what is late is lost anyway. */
export const INGEST_TIMEOUT = Duration.seconds(10);
