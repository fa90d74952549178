import { fail, type Result, succeed } from '../../../lambdas/result.ts';
import type { FastClock } from '../fast-clock.ts';
import type { ResourceOf } from '../supported-resources.ts';
import { type Endpoints, REGION, type Template } from '../template.ts';
import type { FunctionSettings } from './sandbox.ts';

/** Makes a function of the template runnable; fails when its code is not among the assets. */
export function readFunctionSettings(
  { id, properties }: ResourceOf<'AWS::Lambda::Function'>,
  { assets }: Template,
  endpoints: Endpoints,
  clock: FastClock | undefined,
): Result<FunctionSettings, string> {
  const directory = assets.get(properties.Code.S3Key.replace(/\.zip$/, ''));
  if (directory === undefined)
    return fail(`${id}: its code ${properties.Code.S3Key} is not among the assets.`);
  return succeed({
    name: id,
    directory,
    handler: properties.Handler,
    timeoutSeconds: properties.Timeout,
    memoryMegabytes: properties.MemorySize,
    environment: {
      ...slowDown(properties.Environment?.Variables ?? {}, clock),
      ...lambdaEnvironment(id, directory, properties.MemorySize),
      AWS_ENDPOINT_URL_SQS: endpoints.sqs,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoints.secretsManager,
      AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamoDb,
    },
    ...(clock && { clock }),
  });
}

/**
 * A claim's lease has to last for as long as a function may truly run: on a fast clock, that many times longer. Timeouts
 * are limits and not waits, and stay real.
 */
function slowDown(
  { LEASE_SECONDS: lease, ...variables }: Readonly<Record<string, string>>,
  clock: FastClock | undefined,
): Readonly<Record<string, string>> {
  if (lease === undefined) return variables;
  return { ...variables, LEASE_SECONDS: String(Math.ceil(Number(lease) * (clock?.speed ?? 1))) };
}

/** What Lambda itself sets. Source: Lambda developer guide, "Defined runtime environment variables". */
function lambdaEnvironment(name: string, directory: string, memoryMegabytes: number): Record<string, string> {
  return {
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    // Whose role a request is made with: whoever stands before a service can tell by it.
    AWS_ACCESS_KEY_ID: name,
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMegabytes),
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    LAMBDA_TASK_ROOT: directory,
    TZ: ':UTC',
  };
}
