import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { Loopback } from '../../local/emulator/host.ts';
import type { WebexCampaignSimulator } from '../../local/webex-campaign/simulator.ts';
import type { Emulator } from './emulator.ts';
import type { Project } from './project.ts';
import type { PythonEnvironment } from './python-environment.ts';
import { type CommandOutput, mustRun, runCommand } from './run-command.ts';

/** A value that an early step makes and later ones need. */
export type Shared<Value> = {
  readonly set: (value: Value) => void;
  /** Throws while there is none. */
  readonly get: () => Value;
  readonly isSet: () => boolean;
};

/** What the steps share: where they work, and what they have made so far. */
export type Workshop = {
  readonly signal: AbortSignal;
  /** Everything that is written lies below here, or in `.cache`. */
  readonly directory: string;
  readonly project: Project;
  readonly simulator: WebexCampaignSimulator;
  readonly python: Shared<PythonEnvironment>;
  readonly emulator: Shared<Emulator>;
  /** The template as it was synthesized for the deploy. */
  readonly template: Shared<Template>;
  readonly outputs: Shared<Readonly<Record<string, string>>>;
  readonly endpoint: Shared<Loopback>;
};

export type Template = {
  readonly Resources: Readonly<
    Record<string, { readonly Type: string; readonly Properties: Readonly<Record<string, unknown>> }>
  >;
};

const STAGE = 'dev';
export const STACK = `webhook-adapter-${STAGE}`;
export const REGION = 'us-east-1';
const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };

export function shared<Value>(name: string): Shared<Value> {
  let held: { readonly value: Value } | undefined;
  return {
    set: (value) => {
      held = { value };
    },
    isSet: () => held !== undefined,
    get: () => {
      if (held === undefined) throw new Error(`There is no ${name} yet.`);
      return held.value;
    },
  };
}

/** Runs a command as a person in the clone would whose shell leads to the emulator; throws unless it succeeds. */
export function run(workshop: Workshop, command: string): Promise<string> {
  return mustRun(command, settingsOf(workshop));
}

/** The same for a command that may refuse. */
export function attempt(workshop: Workshop, command: string): Promise<CommandOutput> {
  return runCommand(command, settingsOf(workshop));
}

function settingsOf({ project, python, emulator, directory, signal }: Workshop) {
  const env = {
    PATH: `${python.get().programs}:${process.env.PATH ?? ''}`,
    // The CDK CLI keeps notices, caches and an id in its home: not in somebody's own.
    HOME: `${directory}/home`,
    TMPDIR: `${directory}/home`,
    NO_COLOR: '1',
    CI: '1',
    CDK_DISABLE_VERSION_CHECK: '1',
    AWS_ENDPOINT_URL: emulator.get().endpoint,
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    AWS_REGION: REGION,
    // The first version of the AWS CLI, which is what PyPI has, does not know AWS_REGION.
    AWS_DEFAULT_REGION: REGION,
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  return { cwd: project.directory, env, signal };
}

/** SDK clients of the emulated account. */
export function clientsOf({ emulator }: Workshop) {
  const settings = { region: REGION, credentials: CREDENTIALS, endpoint: emulator.get().endpoint };
  return {
    sqs: new SQSClient(settings),
    dynamoDb: new DynamoDBClient(settings),
    secretsManager: new SecretsManagerClient(settings),
  };
}
