import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { codeUrl, readManifest } from '../../lib/config/terminal.ts';
import { formatMissing } from '../settings.ts';
import { type FastClock, listenOnLoopback, measureThread, type ThreadMemory } from './host.ts';
import { CREDENTIALS, type Endpoints, REGION, type Resource, type ResourceOf } from './template.ts';

/** The ports that stand in for the services that functions call. */
export type ServiceEndpoints = Omit<Endpoints, 'httpApi'>;

/** What stands in for those services, empty until a template's resources are declared. */
export type Services = {
  readonly queues: QueueServer;
  readonly secretsManager: SecretsManager;
  readonly tables: TableServer;
  /** Where functions find them. */
  readonly endpoints: ServiceEndpoints;
};

export type ServiceSettings = {
  readonly clock: FastClock;
  readonly readSecrets: ReadSecrets;
  /**
   * Starts proxies and returns their endpoints, which functions then call.
   * @default functions call the services directly
   */
  readonly standBetween?: ((endpoints: ServiceEndpoints) => Promise<ServiceEndpoints>) | undefined;
};

/** What stands in for SQS and DynamoDB: optional peers, as whoever only deploys needs neither. */
const TOOLS = ['fauxqs', 'dynalite'];

/** Says what to install where the local run's tools are not there. */
export function explainMissingTools(isThere = isInstalled): string | undefined {
  const missing = TOOLS.filter((name) => !isThere(name));
  if (missing.length === 0) return undefined;
  const { peerDependencies } = readManifest();
  const wanted = missing.map((name) => `${name}@${peerDependencies[name]}`).join(' ');
  return `The local run needs ${missing.join(' and ')}: npm install --save-dev --save-exact ${wanted}`;
}

function isInstalled(name: string): boolean {
  const folders = createRequire(import.meta.url).resolve.paths(name) ?? [];
  return folders.some((folder) => existsSync(join(folder, name)));
}

/** Starts what stands in for SQS, Secrets Manager and DynamoDB, each on a free port of 127.0.0.1. */
export async function startServices(settings: ServiceSettings): Promise<Services> {
  const { clock, readSecrets, standBetween = async (own) => own } = settings;
  const queues = await startQueueServer(clock);
  const secretsManager = await startSecretsManager(readSecrets);
  const tables = await startTableServer();
  const endpoints = await standBetween({
    sqs: queues.endpoint,
    secretsManager: secretsManager.endpoint,
    dynamoDb: tables.endpoint,
  });
  return { queues, secretsManager, tables, endpoints };
}

/** An SQS on a free port of 127.0.0.1, speaking the real protocol. */
export type QueueServer = {
  readonly endpoint: string;
  readonly client: SQSClient;
  /** Refuses every message that is sent, or takes them again. */
  readonly refuseSends: (isRefused: boolean) => void;
  readonly memory: () => Promise<ThreadMemory>;
  readonly stop: () => Promise<void>;
};

/** Starts fauxqs in a thread of its own, which keeps time by the given clock. */
export async function startQueueServer(clock: FastClock): Promise<QueueServer> {
  const worker = new Worker(codeUrl(new URL('./queue-server-thread.ts', import.meta.url)), {
    workerData: clock,
  });
  const [endpoint = '']: string[] = await once(worker, 'message');
  const client = new SQSClient({ endpoint, region: REGION, credentials: CREDENTIALS });
  return {
    endpoint,
    client,
    refuseSends: (isRefused) => worker.postMessage(isRefused ? 'refuse-sends' : 'take-sends'),
    memory: () => measureThread(worker),
    stop: async () => {
      client.destroy();
      await worker.terminate();
    },
  };
}

/** Creates the queues of a template, dead-letter queues first: the others refer to them. */
export async function createQueues(
  { client }: QueueServer,
  queues: readonly ResourceOf<'AWS::SQS::Queue'>[],
): Promise<void> {
  const targetsFirst = queues.toSorted(
    (a, b) =>
      Number(a.properties.RedrivePolicy !== undefined) - Number(b.properties.RedrivePolicy !== undefined),
  );
  for (const { properties } of targetsFirst) {
    const { QueueName, VisibilityTimeout, MessageRetentionPeriod, RedrivePolicy } = properties;
    await client.send(
      new CreateQueueCommand({
        QueueName,
        Attributes: {
          VisibilityTimeout: String(VisibilityTimeout),
          MessageRetentionPeriod: String(MessageRetentionPeriod),
          ...(RedrivePolicy && { RedrivePolicy: JSON.stringify(RedrivePolicy) }),
        },
      }),
    );
  }
}

/** A DynamoDB on a free port of 127.0.0.1, in memory, speaking the real protocol. */
export type TableServer = {
  readonly endpoint: string;
  readonly createTables: (tables: readonly ResourceOf<'AWS::DynamoDB::Table'>[]) => Promise<void>;
  /** Makes every request fail without an answer, or lets them through again. What the tables hold stays. */
  readonly setAway: (isAway: boolean) => void;
  readonly memory: () => Promise<ThreadMemory>;
  readonly stop: () => Promise<void>;
};

/**
 * Starts dynalite in a thread of its own, so that its memory can be measured apart from the rest of the stack. It has no
 * time to live: expired items stay until the end.
 */
export async function startTableServer(): Promise<TableServer> {
  const worker = new Worker(codeUrl(new URL('./table-server-thread.ts', import.meta.url)));
  const [endpoint = '']: string[] = await once(worker, 'message');
  const client = new DynamoDBClient({ endpoint, region: REGION, credentials: CREDENTIALS });
  return {
    endpoint,
    setAway: (isAway) => worker.postMessage(isAway ? 'away' : 'back'),
    memory: () => measureThread(worker),
    createTables: async (tables) => {
      for (const { properties } of tables) {
        const { TableName, KeySchema, AttributeDefinitions, BillingMode } = properties;
        await client.send(
          new CreateTableCommand({ TableName, KeySchema, AttributeDefinitions, BillingMode }),
        );
      }
    },
    stop: async () => {
      client.destroy();
      await worker.terminate();
    },
  };
}

export type SecretsManager = {
  readonly endpoint: string;
  /** Adds the secrets of a template, with the values that it has generated; one that is there keeps its value. */
  readonly declare: (resources: readonly Resource[]) => void;
  readonly stop: () => Promise<void>;
};

/**
 * Starts a Secrets Manager on a free port of 127.0.0.1, in AWS JSON 1.1: to read a secret, which is all that the
 * functions do, and to put a value in its place or to go back to the one before, as commands do. No npm package speaks it.
 */
export async function startSecretsManager(readSecrets: ReadSecrets): Promise<SecretsManager> {
  const versions = createSecretVersions(readSecrets);
  const server = createServer(async (message, response) => {
    const chunks: Buffer[] = await message.toArray();
    const operation = String(message.headers['x-amz-target']).replace(/^secretsmanager\./, '');
    const { status, body } = replySafely(versions, operation, Buffer.concat(chunks).toString('utf8'));
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
  });
  const { url: endpoint, stop } = await listenOnLoopback(server);
  return {
    endpoint,
    declare: (resources) => {
      for (const { type, properties } of resources) {
        if (type === 'AWS::SecretsManager::Secret') versions.declare(properties);
      }
    },
    stop,
  };
}

/** A file of secrets that is being edited may be no JSON for a moment. */
function replySafely(versions: SecretVersions, operation: string, body: string): Reply {
  try {
    return versions.reply(operation, body);
  } catch (error) {
    return rejected('InternalServiceError', String(error));
  }
}

/** Secrets by name, read at each request. A value that is not text is served as JSON. */
type ReadSecrets = () => Readonly<Record<string, unknown>>;

/** An answer of AWS JSON 1.1. */
type Reply = { readonly status: number; readonly body: object };

type SecretProperties = ResourceOf<'AWS::SecretsManager::Secret'>['properties'];

type Version = { readonly id: string; readonly text: string; readonly createdAt: number };

/** A secret of the template. A value that was put there during the run wins over what is read or generated. */
type Declared = {
  readonly name: string;
  readonly generated: unknown;
  readonly put: Map<string, Version>;
  /** The ids of versions by the label that they carry. */
  readonly labels: Map<string, string>;
  /** When the value that the run has begun with was first asked for. */
  readonly startedAt: number;
};

type SecretVersions = {
  readonly declare: (properties: SecretProperties) => void;
  readonly reply: (operation: string, body: string) => Reply;
};

const CURRENT = 'AWSCURRENT';
const PREVIOUS = 'AWSPREVIOUS';

const requestSchema = z.object({
  SecretId: z.string(),
  SecretString: z.string().default(''),
  VersionStages: z.array(z.string()).default([CURRENT]),
  VersionStage: z.string().default(CURRENT),
  MoveToVersionId: z.string().optional(),
  RemoveFromVersionId: z.string().optional(),
});

type Request = z.infer<typeof requestSchema>;

/** The secrets of a run, with their versions: what is put there lasts until the run ends. */
function createSecretVersions(readSecrets: ReadSecrets): SecretVersions {
  const secrets = new Map<string, Declared>();
  const operations: Readonly<Record<string, (secret: Declared, request: Request) => Reply>> = {
    GetSecretValue: (secret, { VersionStage: label }) => {
      const version = label === CURRENT ? currentOf(secret, readSecrets) : labelled(secret, label);
      if (version === undefined) return noValue(secret.name, label);
      const { id, text, createdAt } = version;
      const facts = { VersionId: id, VersionStages: [label], CreatedDate: createdAt / 1000 };
      return { status: 200, body: { Name: secret.name, SecretString: text, ...facts } };
    },
    PutSecretValue: (secret, request) => put(secret, request, currentOf(secret, readSecrets)),
    UpdateSecretVersionStage: (secret, request) => moveLabel(secret, request, currentOf(secret, readSecrets)),
  };
  return {
    declare: (properties) => {
      const { Name: name } = properties;
      if (secrets.has(name)) return;
      const generated = generate(properties);
      secrets.set(name, { name, generated, put: new Map(), labels: new Map(), startedAt: Date.now() });
    },
    reply: (operation, body) => {
      const run = operations[operation];
      if (run === undefined)
        return rejected('UnknownOperationException', `The local run has no ${operation}.`);
      const request = requestSchema.safeParse(JSON.parse(body));
      if (!request.success) return rejected('ValidationException', 'SecretId is missing.');
      // An ARN ends in the name; the random suffix that AWS adds is optional.
      const name = request.data.SecretId.replace(/^arn:aws:secretsmanager:[^:]*:\d+:secret:/, '');
      const secret = secrets.get(name);
      return secret === undefined ? notFound('.') : run(secret, request.data);
    },
  };
}

function currentOf(secret: Declared, readSecrets: ReadSecrets): Version | undefined {
  const put = labelled(secret, CURRENT);
  if (put !== undefined) return put;
  const value = readSecrets()[secret.name] ?? secret.generated;
  if (value === undefined) return undefined;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  // A file has no versions: each text is a version.
  const id = createHash('sha256').update(text).digest('hex').slice(0, 32);
  return { id, text, createdAt: secret.startedAt };
}

function labelled({ put, labels }: Declared, label: string): Version | undefined {
  return put.get(labels.get(label) ?? '');
}

/** The version that was current becomes the previous one by itself, as the API reference says. */
function makeCurrent({ put, labels }: Declared, id: string, current: Version | undefined): void {
  if (current !== undefined && current.id !== id) {
    put.set(current.id, current);
    labels.set(PREVIOUS, current.id);
  }
  labels.set(CURRENT, id);
}

/** The first version of a secret is the current one, whatever labels are asked for. */
function put(
  secret: Declared,
  { SecretString, VersionStages }: Request,
  current: Version | undefined,
): Reply {
  const id = randomUUID();
  secret.put.set(id, { id, text: SecretString, createdAt: Date.now() });
  const labels = current === undefined ? [...VersionStages, CURRENT] : VersionStages;
  for (const label of labels) {
    if (label === CURRENT) makeCurrent(secret, id, current);
    else secret.labels.set(label, id);
  }
  return { status: 200, body: { Name: secret.name, VersionId: id, VersionStages: labels } };
}

/** Fails where the label is on another version than `RemoveFromVersionId`, as the API reference says. */
function moveLabel(
  secret: Declared,
  { VersionStage, MoveToVersionId, RemoveFromVersionId }: Request,
  current: Version | undefined,
): Reply {
  const { labels, name } = secret;
  const holder = VersionStage === CURRENT ? current?.id : labels.get(VersionStage);
  const isThere = holder !== undefined && holder === MoveToVersionId;
  if (holder !== RemoveFromVersionId && !isThere) {
    return rejected('InvalidParameterException', `The staging label ${VersionStage} is on another version.`);
  }
  if (MoveToVersionId === undefined) labels.delete(VersionStage);
  else if (VersionStage === CURRENT) makeCurrent(secret, MoveToVersionId, current);
  else labels.set(VersionStage, MoveToVersionId);
  return { status: 200, body: { Name: name } };
}

/** What CloudFormation has Secrets Manager generate; each run has its own. */
function generate({ GenerateSecretString: how }: SecretProperties): unknown {
  if (how === undefined) return undefined;
  const generated = randomBytes(how.PasswordLength).toString('hex').slice(0, how.PasswordLength);
  return { ...JSON.parse(how.SecretStringTemplate), [how.GenerateStringKey]: generated };
}

/** As AWS says it, and what to do about it in the local run. */
function noValue(name: string, label: string): Reply {
  if (label !== CURRENT) return notFound(` value for staging label: ${label}`);
  const advice = formatMissing(name.replace(/^[^/]*\//, ''));
  return notFound(` value for staging label: ${CURRENT}. In the local run, ${advice}`);
}

function notFound(rest: string): Reply {
  return rejected('ResourceNotFoundException', `Secrets Manager can't find the specified secret${rest}`);
}

function rejected(type: string, message: string): Reply {
  return { status: 400, body: { __type: type, message } };
}
