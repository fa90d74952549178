import { createServer } from 'node:http';
import { listenOnLoopback } from '../../loopback.ts';
import type { Resource } from '../template/supported-resources.ts';
import { createSecretVersions, type ReadSecrets, type Reply } from './secret-versions.ts';

export type SecretsManager = {
  readonly endpoint: string;
  /** The secrets that exist: those that the template has, and the values that it has generated. */
  readonly declare: (resources: readonly Resource[]) => void;
  readonly stop: () => Promise<void>;
};

/**
 * Starts a Secrets Manager on a free port of 127.0.0.1, in AWS JSON 1.1: to read a secret, which is all that the
 * functions do, and to put a value in its place, as commands do. No npm package speaks it.
 */
export async function startSecretsManager(readSecrets: ReadSecrets): Promise<SecretsManager> {
  const versions = createSecretVersions(readSecrets);
  const server = createServer(async (message, response) => {
    const chunks: Buffer[] = await message.toArray();
    const operation = String(message.headers['x-amz-target']).replace(/^secretsmanager\./, '');
    const { status, body }: Reply = versions.reply(operation, Buffer.concat(chunks).toString('utf8'));
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
