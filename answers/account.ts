import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { fail, type Result, succeed } from '../lambdas/result.ts';
import { NAME_STACK } from '../lib/config/invocation.ts';

/** Where a stack runs: on this machine or on AWS. Only the endpoints differ. */
export type Account = {
  readonly stackName: string;
  readonly sqs: SQSClient;
  readonly secretsManager: SecretsManagerClient;
  readonly dynamoDb: DynamoDBClient;
  /** The base of the local run's webhook URLs; those of a stack on AWS are among its outputs. */
  readonly url?: string;
  /** The event API that the local run calls; that of a stack on AWS stands in `stages.yaml`. */
  readonly eventUrl?: string;
  readonly clock: AccountClock;
};

/** The time of the queues and of the deliver function: a local run's may be faster than ours. */
type AccountClock = {
  readonly now: () => Date;
  /** How many of its seconds pass in one of ours. */
  readonly speed: number;
};

const TRUE_CLOCK: AccountClock = { now: () => new Date(), speed: 1 };

export type AccountChoice = {
  /** Name of a stack on AWS, reached with the usual SDK credentials; without it, the local run. */
  readonly stack?: string | undefined;
  /** Port of the local run. */
  readonly port: number;
};

const healthSchema = z.object({
  stack: z.string(),
  region: z.string(),
  eventUrl: z.url().optional(),
  endpoints: z.object({ sqs: z.url(), secretsManager: z.url(), dynamoDb: z.url() }),
  clock: z.object({ anchor: z.number(), speed: z.number() }),
});

/** Finds the stack that a person means; fails with a sentence for that person. */
export async function openAccount({ stack, port }: AccountChoice): Promise<Result<Account, string>> {
  if (stack !== undefined) {
    return succeed({
      stackName: stack,
      // Where the SDK is pointed at another endpoint, the queue's URL must not lead elsewhere.
      sqs: new SQSClient({ useQueueUrlAsEndpoint: false }),
      secretsManager: new SecretsManagerClient({}),
      dynamoDb: new DynamoDBClient({}),
      clock: TRUE_CLOCK,
    });
  }
  const url = `http://127.0.0.1:${port}`;
  const health = await readHealth(url);
  if (health === undefined) {
    return fail(`Nothing answers at ${url}/healthz. ${NAME_STACK}`);
  }
  const { region, endpoints, clock } = health;
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  return succeed({
    stackName: health.stack,
    sqs: new SQSClient({ region, credentials, endpoint: endpoints.sqs }),
    secretsManager: new SecretsManagerClient({ region, credentials, endpoint: endpoints.secretsManager }),
    dynamoDb: new DynamoDBClient({ region, credentials, endpoint: endpoints.dynamoDb }),
    url,
    ...(health.eventUrl !== undefined && { eventUrl: health.eventUrl }),
    clock: fastClock(clock),
  });
}

/** The clock of the local run: started at the true time, and running `speed` times as fast. */
function fastClock({ anchor, speed }: { readonly anchor: number; readonly speed: number }): AccountClock {
  return { now: () => new Date(anchor + (Date.now() - anchor) * speed), speed };
}

async function readHealth(url: string): Promise<z.infer<typeof healthSchema> | undefined> {
  try {
    const answer = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(5_000) });
    return healthSchema.safeParse(await answer.json()).data;
  } catch {
    return undefined;
  }
}
