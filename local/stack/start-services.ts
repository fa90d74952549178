import type { FastClock } from './queues/fast-clock.ts';
import { type QueueServer, startQueueServer } from './queues/queue-server.ts';
import type { ReadSecrets } from './secrets-manager/secret-versions.ts';
import { type SecretsManager, startSecretsManager } from './secrets-manager/secrets-manager.ts';
import { startTableServer, type TableServer } from './tables/table-server.ts';
import type { Endpoints } from './template/read-template.ts';

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
   * Gives other endpoints in the place of these, which pass on what they get.
   * @default everything is asked for directly
   */
  readonly standBetween?: ((endpoints: ServiceEndpoints) => Promise<ServiceEndpoints>) | undefined;
};

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
