import { fileURLToPath } from 'node:url';
import { Duration } from 'aws-cdk-lib';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { DeliverEnvironment } from '../../lambdas/adapters/lambda.ts';
import { DEFAULT_ANSWER_RULES } from '../../lambdas/deliver/event-api/verdict.ts';
import { type Mapping, mappingSchema } from '../../lambdas/map/mapping.ts';
import { createStageFunction, type StageFunctionProps } from '../bundle/stage-function.ts';
import {
  createStackSecret,
  type DataProtection,
  grantReadSecret,
  grantSend,
  type StackSecret,
} from '../protection/data-protection.ts';
import { createEgressGroup } from './fixed-egress.ts';
import type { Ledger } from './ledger.ts';
import { batchSizeOf, DELIVERY_TIMES, type DeliveryRate, rateOf, refuseUnfitRate } from './times.ts';

const HANDLER = fileURLToPath(new URL('../../lambdas/deliver/handler.ts', import.meta.url));

/**
 * What the secret holds until somebody sets the keys. Never change it: CloudFormation would generate a new value for
 * existing secrets, over the keys that people have set (its reference, AWS::SecretsManager::Secret).
 */
const FIRST_VALUE = {
  secretStringTemplate: '{"primary":"","secondary":""}',
  generateStringKey: 'hashKey',
  passwordLength: 64,
  excludePunctuation: true,
};

/** How fast Webex Campaign is called, and what proves that it has accepted an event. */
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
  /**
   * What a 503 without `Retry-After` is. `unclear`: the event may have been accepted, and its mapping's `on-unconfirmed`
   * decides. `retry`: it was certainly not accepted, and is sent again. Say so only if Cisco has confirmed it. (A 503 with
   * `Retry-After` is always sent again.)
   * @default unclear
   */
  readonly serviceUnavailable?: DeliverEnvironment['SERVICE_UNAVAILABLE'] | undefined;
  /**
   * What finds out whether an outage of Webex Campaign is over. `call`: a call without event id and event key, which can
   * message nobody. `event`: the next event; if it meets the outage, it may be one for a person to decide.
   * @default call
   */
  readonly probe?: DeliverEnvironment['PROBE'] | undefined;
};

export type DeliverWorkerProps = {
  /** The name of the stack in the metrics. */
  readonly name: string;
  /** The whole URL of the tenant's event API. */
  readonly eventUrl: string;
  /** Name of the secret for the API user's keys. */
  readonly keysSecretName: string;
  readonly mappings: readonly Mapping[];
  readonly buffer: IQueue;
  readonly deadLetter: IQueue;
  readonly ledger: Ledger;
  readonly settings: DeliverSettings;
  readonly protection: DataProtection;
  /** Where the function calls from, by its private subnets. */
  readonly vpc?: IVpc | undefined;
};

/** Stage 4, deliver (and stage 3, map, which it calls): the function that takes webhooks from the buffer. */
export class DeliverWorker extends Construct {
  readonly function: LambdaFunction;
  /** The API user's keys, created empty, with a random key for the hashes of event keys, which nobody has to know. */
  readonly webexKeys: StackSecret;

  constructor(scope: Construct, id: string, props: DeliverWorkerProps) {
    super(scope, id);
    const { mappings, buffer, deadLetter, ledger, protection } = props;
    const rate = rateOf(props.settings);
    refuseUnfitRate(rate);

    this.webexKeys = createStackSecret(
      this,
      'WebexKeys',
      {
        name: props.keysSecretName,
        description:
          'Keys of the Webex Campaign API user: {"primary": "…", "secondary": "…", "hashKey": …}. Leave hashKey as it is: it is random, and keys the hashes of event keys in the ledger.',
        unrotated: 'madeElsewhere',
        generateSecretString: FIRST_VALUE,
      },
      protection,
    );
    this.function = createStageFunction(this, 'Function', {
      handler: HANDLER,
      catalogue: { schema: mappingSchema, entries: mappings },
      description: 'Maps webhooks to campaign events and calls Webex Campaign.',
      environment: this.environmentOf(props, rate),
      timeout: Duration.seconds(DELIVERY_TIMES.timeout),
      protection,
      network: this.networkOf(props),
    });
    grantReadSecret(this.webexKeys, this.function, protection);
    grantSend(deadLetter, this.function, protection);
    // A large batch goes on by a fresh copy of its message.
    grantSend(buffer, this.function, protection);
    ledger.grantUse(this.function);
    this.function.addEventSource(
      new SqsEventSource(buffer, {
        batchSize: batchSizeOf(rate),
        maxConcurrency: rate.concurrency,
        reportBatchItemFailures: true,
      }),
    );
  }

  private environmentOf(
    { name, buffer, deadLetter, ledger, eventUrl, settings }: DeliverWorkerProps,
    { eventsPerSecond, concurrency }: DeliveryRate,
  ): DeliverEnvironment {
    const { successIdFields, serviceUnavailable, probe = 'call' } = settings;
    return {
      STACK_NAME: name,
      BUFFER_QUEUE_URL: buffer.queueUrl,
      DEAD_LETTER_QUEUE_URL: deadLetter.queueUrl,
      WEBEX_EVENT_URL: eventUrl,
      WEBEX_KEYS_SECRET: this.webexKeys.name,
      LEDGER_TABLE: ledger.table.tableName,
      LEASE_SECONDS: String(DELIVERY_TIMES.lease),
      EVENTS_PER_SECOND: String(eventsPerSecond),
      MAX_CONCURRENCY: String(concurrency),
      SUCCESS_ID_FIELDS: (successIdFields ?? DEFAULT_ANSWER_RULES.successIdFields).join(','),
      SERVICE_UNAVAILABLE: serviceUnavailable ?? DEFAULT_ANSWER_RULES.serviceUnavailable,
      PROBE: probe,
    };
  }

  private networkOf({ vpc, eventUrl }: DeliverWorkerProps): StageFunctionProps['network'] {
    return vpc && { vpc, securityGroups: [createEgressGroup(this, vpc, eventUrl)] };
  }
}
