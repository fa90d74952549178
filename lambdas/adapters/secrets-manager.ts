import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type * as z from 'zod';
import { fail, type Result } from '../result.ts';
import { parseSecret, type SecretFailure } from '../secret.ts';

/** How long a secret is believed before it is read again: a rotation is seen within this time. */
const CACHE_MILLISECONDS = 5 * 60 * 1000;

export type SecretReader<Value> = {
  /** The secret of this name; only a usable value is remembered, so that a mended secret works at once. */
  readonly read: (name: string) => Promise<Result<Value, SecretFailure>>;
  readonly forget: (name: string) => void;
};

/** Reads secrets of one form from Secrets Manager, and remembers them for five minutes. */
export function createSecretReader<Value>(schema: z.ZodType<Value>): SecretReader<Value> {
  const client = new SecretsManagerClient({});
  const cache = new Map<string, { readonly secret: Result<Value, SecretFailure>; readonly until: number }>();
  return {
    forget: (name) => cache.delete(name),
    read: async (name) => {
      const cached = cache.get(name);
      if (cached !== undefined && Date.now() < cached.until) return cached.secret;
      const secret = await readSecret(client, name, schema);
      if (secret.ok) cache.set(name, { secret, until: Date.now() + CACHE_MILLISECONDS });
      return secret;
    },
  };
}

async function readSecret<Value>(
  client: SecretsManagerClient,
  name: string,
  schema: z.ZodType<Value>,
): Promise<Result<Value, SecretFailure>> {
  try {
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: name }));
    return parseSecret(name, SecretString ?? '', schema);
  } catch (error) {
    // A secret that was created without a value answers the same as one that does not exist.
    if (error instanceof ResourceNotFoundException) return fail({ code: 'secret-missing', secret: name });
    return fail({
      code: 'secret-unreadable',
      secret: name,
      cause: error instanceof Error ? error.name : 'unknown',
    });
  }
}
