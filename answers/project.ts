import { existsSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { fail, type Result, succeed } from '../lambdas/result.ts';
import { formatProblems } from '../lib/config/file.ts';
import { reportProgress } from '../lib/config/progress.ts';
import { escapeUnseen } from '../lib/config/terminal.ts';
import { CONTRACT_FILE, contractBeside, definitionsById, readContract } from '../lib/mapping/contract.ts';
import type { MappingFile } from '../lib/mapping/file.ts';
import {
  checkStageMappings,
  foldersOf,
  isError,
  readFolder,
  readMappingFolders,
  stagesNamedIn,
} from '../lib/mapping/folders.ts';
import { readStages, stagesWithPlaceholders } from '../lib/stages/stages.ts';
import { findAdapter, type OfFunction } from './deployed-stack.ts';

/** Where a team's own files lie. A CDK app that uses the package may have no `stages.yaml`. */
export type Project = {
  readonly mappings: string;
  readonly stagesFile: string;
  /** @default `webex-events.yaml` beside the mapping folders */
  readonly contractFile?: string;
};

/** The stage of a project whose events have one id for all. */
export const ONLY_STAGE = 'default';

/** The project of the working directory: this repository, or a CDK app that uses the package. */
export const PROJECT: Project = {
  mappings: resolve(process.env.MAPPINGS_FOLDER || 'mappings'),
  stagesFile: resolve('stages.yaml'),
};

/**
 * The project with the mapping folders that `stages.yaml` gives to one stage: to the named one, to that of the stack, or to
 * the first. A wrong `stages.yaml` changes nothing here: `stageNames` reports its problems.
 */
export function projectOf(
  project: Project,
  { stage, stack }: { readonly stage?: string | undefined; readonly stack?: string | undefined },
): Project {
  if (!existsSync(project.stagesFile)) return project;
  const stages = readStages(project.stagesFile);
  if (!stages.ok) return project;
  const name = stage ?? (stack && stageOf(stack)) ?? Object.keys(stages.value)[0] ?? '';
  const { mappings } = stages.value[name] ?? {};
  return mappings === undefined
    ? project
    : {
        ...project,
        mappings: join(dirname(project.stagesFile), mappings),
        contractFile: project.contractFile ?? join(dirname(project.stagesFile), CONTRACT_FILE),
      };
}

/** The file with the event definitions of a project; there need not be one. */
export function contractFileOf({ mappings, contractFile = contractBeside(mappings) }: Project): string {
  return contractFile;
}

/** The names of a stage's event definitions by their ids, as far as there is a file that names them. */
export function readDefinitionNames(project: Project, stage: string): Readonly<Record<string, string>> {
  const { contract } = readContract(contractFileOf(projectOf(project, { stage })));
  if (contract === undefined) return {};
  return Object.fromEntries([...definitionsById(contract, stage)].map(([id, { name }]) => [id, name]));
}

/** The mappings of a project, by its event definitions; fails with their problems. Examples are left out. */
export function readMappings(project: Project): Result<readonly MappingFile[], string> {
  const files = readMappingFolders(project.mappings, undefined, contractFileOf(project));
  return files.ok ? files : fail(formatProblems(files.failure));
}

/** A mapping, and the directory that its folder lies in. */
export type PlacedMapping = { readonly mapping: MappingFile; readonly directory: string };

/** The mappings of all stages, checked with their examples; fails with all errors. @param today the day of the check */
export async function checkMappings(
  project: Project,
  today: Date,
): Promise<Result<readonly PlacedMapping[], string>> {
  const stages = stageNames(project);
  if (!stages.ok) return stages;
  const folderOf = (stage: string) => projectOf(project, { stage }).mappings;
  const terms = { contractFile: contractFileOf(project), today, placeholders: [], selected: [] };
  const { mappingsOf, problems } = await checkStageMappings(stages.value, folderOf, terms);
  const errors = problems.filter(isError);
  if (errors.length > 0) return fail(formatProblems(errors));
  const folders = new Map(stages.value.map((stage) => [folderOf(stage), stage]));
  return succeed(
    [...folders].flatMap(([directory, stage]) =>
      mappingsOf(stage).map((mapping) => ({ mapping, directory })),
    ),
  );
}

/** The stages whose event ids may be placeholders. Without `stages.yaml` only the app knows: any may, until its synth. */
export function stagesForTrial(project: Project): readonly string[] {
  const stages = existsSync(project.stagesFile) ? readStages(project.stagesFile) : undefined;
  if (stages?.ok) return stagesWithPlaceholders(stages.value);
  const names = stageNames(project);
  return names.ok ? names.value : [];
}

/** The event API of the stage that a stack is made of; `undefined` where `stages.yaml` has no such stage. */
export function eventUrlOf({ stagesFile }: Project, stack: string): string | undefined {
  if (!existsSync(stagesFile)) return undefined;
  const stages = readStages(stagesFile);
  return stages.ok ? stages.value[stageOf(stack)]?.['event-url'] : undefined;
}

function stageOf(stack: string): string {
  return stack.replace(/^webhook-adapter-/, '');
}

/** The names of the stages: those of `stages.yaml`, or else those that the mappings name; fails with the file's problems. */
export function stageNames({ mappings, stagesFile }: Project): Result<readonly string[], string> {
  if (existsSync(stagesFile)) {
    const stages = readStages(stagesFile);
    return stages.ok ? succeed(Object.keys(stages.value)) : fail(formatProblems(stages.failure));
  }
  const named = stagesNamedIn(mappings);
  return succeed(named.length > 0 ? named : [ONLY_STAGE]);
}

/** The named stage, or the first one; fails with the names that there are. */
export function findStage(project: Project, name: string | undefined): Result<string, string> {
  const stages = stageNames(project);
  if (!stages.ok) return stages;
  const stage = name ?? stages.value[0] ?? '';
  if (stages.value.includes(stage)) return succeed(stage);
  return fail(`There is no stage "${stage}". There are: ${stages.value.join(', ')}.`);
}

/** One mapping folder, also by a name that it had before; fails with its problems, or with the names of the folders that there are. */
export function findMapping(
  project: Pick<Project, 'mappings' | 'contractFile'>,
  name: string,
): Result<MappingFile, string> {
  const { mappings, contractFile = contractBeside(mappings) } = project;
  const contract = readContract(contractFile);
  const folders = foldersOf(mappings);
  if (!folders.includes(name)) {
    const renamed = folders
      .map((folder) => readFolder(join(mappings, folder), folder, { contract }))
      .find((file) => file.ok && file.value.formerly?.includes(name));
    if (renamed?.ok) return renamed;
    const known = folders.length > 0 ? `There are: ${folders.join(', ')}.` : formatEmpty(mappings);
    return fail(`There is no mapping folder "${escapeUnseen(name)}". ${known}`);
  }
  const file = readFolder(join(mappings, name), name, { contract });
  return file.ok ? file : fail(formatProblems(file.failure));
}

function formatEmpty(mappings: string): string {
  return `There is none in ${relative(process.cwd(), mappings) || '.'}: name another with MAPPINGS_FOLDER.`;
}

/** Where an adapter runs: on this machine or on AWS. Only the endpoints differ. */
export type Account = {
  /** What the names of its resources begin with: that of its stack, unless the app gives the adapter another. */
  readonly stackName: string;
  /** The log groups of its functions on AWS; where CloudFormation does not say them, why. The local run has none. */
  readonly logGroups?: Result<readonly OfFunction[], string>;
  /** The function on AWS that gives a customer's hash; the local run's secrets can be read by anybody. */
  readonly searchFunction?: string;
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

/** The time of this machine and that of AWS may differ by so much before a person is told. */
const TOLD_SKEW = 30_000;

/** An answer's date has whole seconds, and is under way for a while: less than this is no skew. */
const LEAST_SKEW = 2_000;

/**
 * AWS's clock: windows of time ("the last two hours", "from now on") are meant by it, as its logs and queues are dated by it.
 * It is read off the date of one answer of SQS, whatever the answer says; where there is none, the clock is this machine's.
 */
async function readAwsClock(sqs: SQSClient): Promise<AccountClock> {
  const region = await Promise.resolve(sqs.config.region()).catch(() => undefined);
  const { AWS_ENDPOINT_URL_SQS, AWS_ENDPOINT_URL } = process.env;
  const host = `sqs.${region}.amazonaws.com${region?.startsWith('cn-') ? '.cn' : ''}`;
  const skew =
    region === undefined ? 0 : await readSkew(AWS_ENDPOINT_URL_SQS || AWS_ENDPOINT_URL || `https://${host}`);
  if (Math.abs(skew) >= TOLD_SKEW) {
    const seconds = Math.round(Math.abs(skew) / 1000);
    const side = skew < 0 ? 'ahead of' : 'behind';
    reportProgress(`This machine's clock is ${seconds} s ${side} that of AWS. Times are taken by AWS's.`);
  }
  return { now: () => new Date(Date.now() + skew), speed: 1 };
}

/** How many milliseconds a server's clock is ahead of this machine's; negative where it is behind. */
async function readSkew(url: string): Promise<number> {
  const sentAt = Date.now();
  const answer = await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(3_000) }).catch(
    () => undefined,
  );
  const date = Date.parse(answer?.headers.get('date') ?? '');
  const skew = date + 500 - (sentAt + Date.now()) / 2;
  return Math.abs(skew) >= LEAST_SKEW ? skew : 0;
}

/** What a reader of times has to know where the local run is faster than the world. */
export function explainClock({ clock: { speed } }: Pick<Account, 'clock'>): string | undefined {
  if (speed === 1) return undefined;
  return (
    `Two clocks: those of the queues and of the deliver function go ${speed} times as fast as this machine's in this local run. ` +
    `When a webhook was received is by this machine's.`
  );
}

export type AccountChoice = {
  /** Name of an adapter on AWS, or of its stack, reached with the usual SDK credentials; without it, the local run. */
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
    const found = await findAdapter(stack);
    // Where the SDK is pointed at another endpoint, the queue's URL must not lead elsewhere.
    const sqs = new SQSClient({ useQueueUrlAsEndpoint: false });
    return succeed({
      // Who may not ask CloudFormation gives the adapter's own name.
      stackName: found.ok ? found.value.name : stack,
      logGroups: found.ok ? succeed(found.value.logGroups) : found,
      ...(found.ok &&
        found.value.searchFunction !== undefined && { searchFunction: found.value.searchFunction }),
      sqs,
      secretsManager: new SecretsManagerClient({}),
      dynamoDb: new DynamoDBClient({}),
      clock: await readAwsClock(sqs),
    });
  }
  const url = `http://127.0.0.1:${port}`;
  const health = await readHealth(url);
  if (health === undefined) {
    return fail(
      `Nothing answers at ${url}/healthz. Start it with "npm start", or name a stack with --stack.`,
    );
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
