import { Duration } from 'aws-cdk-lib';
import {
  Architecture,
  type Code,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

export type StageFunctionProps = {
  readonly code: Code;
  readonly description: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeout: Duration;
};

/** A Lambda function with the house defaults: Node 24 on arm64, half a gigabyte, logs kept for a month. */
export function createStageFunction(scope: Construct, id: string, props: StageFunctionProps): LambdaFunction {
  return new LambdaFunction(scope, id, {
    ...props,
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    handler: 'index.handler',
    memorySize: 512,
    loggingFormat: LoggingFormat.JSON,
    logGroup: new LogGroup(scope, `${id}Logs`, { retention: RetentionDays.ONE_MONTH }),
  });
}

/** Longer than any vendor waits (providers.md, section 2): what is late is lost anyway. */
export const INGEST_TIMEOUT = Duration.seconds(10);
