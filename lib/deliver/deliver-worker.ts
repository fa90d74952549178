import { fileURLToPath } from 'node:url';
import { Duration } from 'aws-cdk-lib';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { DeliverEnvironment } from '../../lambdas/adapters/environment.ts';
import { SUCCESS_ID_FIELDS } from '../../lambdas/deliver/read-answer.ts';
import type { Mapping } from '../../lambdas/map/mapping.ts';
import { createEmptySecret } from '../empty-secret.ts';
import { withFunctionBundle } from '../function-bundle.ts';
import { createStageFunction } from '../stage-function.ts';
import { DELIVERY_TIMES, findUnfitTimes } from './delivery-times.ts';
import type { Ledger } from './ledger.ts';

const HANDLER = fileURLToPath(new URL('../../lambdas/deliver/handler.ts', import.meta.url));

const BATCH_SIZE = 10;

/** How fast, and by what proof: settings of the tenant's. */
export type DeliverSettings = {
  /**
   * Calls a second that Webex Campaign is sent at most, all workers together. Its own limit is unpublished: ask.
   * @default 5
   */
  readonly eventsPerSecond?: number | undefined;
  /**
   * Workers at a time, which share that rate; 2 to 1000, as SQS has it.
   * @default 2
   */
  readonly concurrency?: number | undefined;
  /**
   * Members of an answer that prove that an event was accepted, any one of them.
   * @default ["transaction-id"]
   */
  readonly successIdFields?: readonly string[] | undefined;
};

export type DeliverWorkerProps = {
  /** The name of the stack in the metrics. */
  readonly name: string;
  /** The whole URL of the tenant's event API. */
  readonly eventUrl: string;
  /** Name of the secret that is to hold the API user's keys. */
  readonly keysSecretName: string;
  readonly mappings: readonly Mapping[];
  readonly buffer: IQueue;
  readonly deadLetter: IQueue;
  readonly ledger: Ledger;
  readonly settings: DeliverSettings;
};

/** Stage 4, deliver (and stage 3, map, which it calls): the function that takes webhooks from the buffer. */
export class DeliverWorker extends Construct {
  readonly function: LambdaFunction;
  /** The API user's keys; created empty. */
  readonly webexKeys: ISecret;

  constructor(scope: Construct, id: string, props: DeliverWorkerProps) {
    super(scope, id);
    const { name, eventUrl, keysSecretName, mappings, buffer, deadLetter, ledger } = props;
    const { eventsPerSecond = 5, concurrency = 2, successIdFields = SUCCESS_ID_FIELDS } = props.settings;
    refuseUnfitTimes();

    const description = 'Keys of the Webex Campaign API user: {"primary": "…", "secondary": "…"}';
    this.webexKeys = createEmptySecret(this, 'WebexKeys', keysSecretName, description);

    const environment: DeliverEnvironment = {
      STACK_NAME: name,
      BUFFER_QUEUE_URL: buffer.queueUrl,
      DEAD_LETTER_QUEUE_URL: deadLetter.queueUrl,
      WEBEX_EVENT_URL: eventUrl,
      WEBEX_KEYS_SECRET: keysSecretName,
      LEDGER_TABLE: ledger.table.tableName,
      EVENT_KEY_HASH_SECRET: ledger.hashKeyName,
      LEASE_SECONDS: String(DELIVERY_TIMES.lease),
      EVENTS_PER_SECOND: String(eventsPerSecond),
      MAX_CONCURRENCY: String(concurrency),
      SUCCESS_ID_FIELDS: successIdFields.join(','),
    };
    this.function = withFunctionBundle(HANDLER, mappings, (code) =>
      createStageFunction(this, 'Function', {
        code,
        description: 'Maps webhooks to campaign events and calls Webex Campaign.',
        environment,
        timeout: Duration.seconds(DELIVERY_TIMES.timeout),
      }),
    );
    this.webexKeys.grantRead(this.function);
    deadLetter.grantSendMessages(this.function);
    ledger.grantUse(this.function);
    this.function.addEventSource(
      new SqsEventSource(buffer, {
        batchSize: BATCH_SIZE,
        maxConcurrency: concurrency,
        reportBatchItemFailures: true,
      }),
    );
  }
}

/** The numbers stand in several files; a change of one of them must not deploy before the others follow. */
function refuseUnfitTimes(): void {
  const unfit = findUnfitTimes(DELIVERY_TIMES);
  if (unfit.length > 0) throw new Error(`The times of delivery do not fit together:\n${unfit.join('\n')}`);
}
