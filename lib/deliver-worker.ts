import { fileURLToPath } from 'node:url';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { DeliverEnvironment } from '../lambdas/adapters/environment.ts';
import type { Mapping } from '../lambdas/map/mapping.ts';
import { createEmptySecret } from './empty-secret.ts';
import { withFunctionBundle } from './function-bundle.ts';
import { createStageFunction, DELIVER_TIMEOUT } from './stage-function.ts';

const HANDLER = fileURLToPath(new URL('../lambdas/deliver/handler.ts', import.meta.url));

/** Webex Campaign's rate limit is unpublished: few workers at a time keep well below any. */
const MAX_CONCURRENCY = 5;
const BATCH_SIZE = 10;

export type DeliverWorkerProps = {
  /** The whole URL of the tenant's event API. */
  readonly eventUrl: string;
  /** Name of the secret that is to hold the API user's keys. */
  readonly keysSecretName: string;
  readonly mappings: readonly Mapping[];
  readonly buffer: IQueue;
  readonly deadLetter: IQueue;
};

/** Stage 4, deliver (and stage 3, map, which it calls): the function that takes webhooks from the buffer. */
export class DeliverWorker extends Construct {
  readonly function: LambdaFunction;
  /** The API user's keys; created empty. */
  readonly webexKeys: ISecret;

  constructor(scope: Construct, id: string, props: DeliverWorkerProps) {
    super(scope, id);
    const { eventUrl, keysSecretName, mappings, buffer, deadLetter } = props;

    const description = 'Keys of the Webex Campaign API user: {"primary": "…", "secondary": "…"}';
    this.webexKeys = createEmptySecret(this, 'WebexKeys', keysSecretName, description);

    const environment: DeliverEnvironment = {
      BUFFER_QUEUE_URL: buffer.queueUrl,
      DEAD_LETTER_QUEUE_URL: deadLetter.queueUrl,
      WEBEX_EVENT_URL: eventUrl,
      WEBEX_KEYS_SECRET: keysSecretName,
    };
    this.function = withFunctionBundle(HANDLER, mappings, (code) =>
      createStageFunction(this, 'Function', {
        code,
        description: 'Maps webhooks to campaign events and calls Webex Campaign.',
        environment,
        timeout: DELIVER_TIMEOUT,
      }),
    );
    this.webexKeys.grantRead(this.function);
    deadLetter.grantSendMessages(this.function);
    // What is left of a batch goes back.
    buffer.grantSendMessages(this.function);
    this.function.addEventSource(
      new SqsEventSource(buffer, {
        batchSize: BATCH_SIZE,
        maxConcurrency: MAX_CONCURRENCY,
        reportBatchItemFailures: true,
      }),
    );
  }
}
