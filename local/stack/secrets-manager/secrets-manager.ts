import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import * as z from 'zod';
import type { Resource, ResourceOf } from '../template/supported-resources.ts';

export type SecretsManager = {
  readonly endpoint: string;
  /** The secrets that exist: those that the template has, and the values that it has generated. */
  readonly declare: (resources: readonly Resource[]) => void;
  readonly stop: () => Promise<void>;
};

/** Secrets by name; asked for at each request. A value that is no text is given out as JSON. */
export type ReadSecrets = () => Readonly<Record<string, unknown>>;

type Reply = { readonly status: number; readonly body: object };

const requestSchema = z.object({ SecretId: z.string() });

/**
 * Starts a Secrets Manager on a free port of 127.0.0.1: `GetSecretValue` in AWS JSON 1.1, which is all that the stack
 * uses. No npm package speaks it.
 */
export async function startSecretsManager(readSecrets: ReadSecrets): Promise<SecretsManager> {
  const declared = new Map<string, unknown>();
  const server = createServer(async (message, response) => {
    const chunks: Buffer[] = await message.toArray();
    const target = String(message.headers['x-amz-target']);
    const { status, body } = reply(target, Buffer.concat(chunks).toString('utf8'), { declared, readSecrets });
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    declare: (resources) => {
      for (const { type, properties } of resources) {
        if (type === 'AWS::SecretsManager::Secret') declared.set(properties.Name, generate(properties));
      }
    },
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function reply(
  target: string,
  body: string,
  account: { readonly declared: ReadonlyMap<string, unknown>; readonly readSecrets: ReadSecrets },
): Reply {
  if (target !== 'secretsmanager.GetSecretValue') {
    return refuse('UnknownOperationException', `The local run answers GetSecretValue only, not ${target}.`);
  }
  const request = requestSchema.safeParse(JSON.parse(body));
  if (!request.success) return refuse('ValidationException', 'SecretId is missing.');

  // An ARN ends in the name; on AWS a random suffix follows, which nobody types.
  const name = request.data.SecretId.replace(/^arn:aws:secretsmanager:[^:]*:\d+:secret:/, '');
  if (!account.declared.has(name)) return notFound('.');
  const value = account.readSecrets()[name] ?? account.declared.get(name);
  if (value === undefined) return notFound(' value for staging label: AWSCURRENT');
  const SecretString = typeof value === 'string' ? value : JSON.stringify(value);
  return { status: 200, body: { Name: name, SecretString, VersionStages: ['AWSCURRENT'] } };
}

/** What CloudFormation has Secrets Manager generate; each run has its own. */
function generate({
  GenerateSecretString: how,
}: ResourceOf<'AWS::SecretsManager::Secret'>['properties']): unknown {
  if (how === undefined) return undefined;
  const generated = randomBytes(how.PasswordLength).toString('hex').slice(0, how.PasswordLength);
  return { ...JSON.parse(how.SecretStringTemplate), [how.GenerateStringKey]: generated };
}

function notFound(rest: string): Reply {
  return refuse('ResourceNotFoundException', `Secrets Manager can't find the specified secret${rest}`);
}

function refuse(type: string, message: string): Reply {
  return { status: 400, body: { __type: type, message } };
}
