import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { fail, type Result } from '../result.ts';
import type { SecretFailure } from '../secret.ts';

/** A secret is read again after this time: that is how long a rotation may take to be seen. */
export const CACHE_MILLISECONDS = 5 * 60 * 1000;

/** From this age on, a secret is read again in the background, so that no webhook waits for it. */
export const REFRESH_MILLISECONDS = 4 * 60 * 1000;

/** A secret that cannot be used is read again only after this time, however many webhooks want it. */
const FAILURE_MILLISECONDS = 5 * 1000;

/** The least time between two early reads of a secret, when signatures do not match: forgeries look like a rotation. */
export const REREAD_MILLISECONDS = 60 * 1000;

type Secret<Value> = Result<Value, SecretFailure>;

export type SecretReader<Value> = {
  /** The secret of this name. */
  readonly read: (name: string) => Promise<Secret<Value>>;
  /** Reads it again now, unless that was done within the last minute. */
  readonly reread: (name: string) => Promise<Secret<Value> | undefined>;
};

type Cached<Value> = {
  readonly secret: Promise<Secret<Value>>;
  readonly readAt: number;
  isRefreshed: boolean;
};

/**
 * Reads secrets from Secrets Manager and keeps them for five minutes; those that cannot be used, for seconds.
 * @param parse reads a secret's text, or says why it cannot be used
 */
export function createSecretReader<Value>(
  parse: (name: string, text: string) => Secret<Value>,
): SecretReader<Value> {
  const client = new SecretsManagerClient({ cacheMiddleware: true });
  const { get, load, replace } = createCache((name) => readSecret(client, name, parse));
  const rereadAt = new Map<string, number>();
  return {
    read: async (name) => {
      const cached = get(name);
      if (cached === undefined) return load(name);
      const secret = await cached.secret;
      const age = Date.now() - cached.readAt;
      if (age >= (secret.ok ? CACHE_MILLISECONDS : FAILURE_MILLISECONDS)) return load(name);
      if (age >= REFRESH_MILLISECONDS && !cached.isRefreshed) {
        cached.isRefreshed = true;
        void replace(name);
      }
      return secret;
    },
    reread: async (name) => {
      const now = Date.now();
      if (now - (rereadAt.get(name) ?? -REREAD_MILLISECONDS) < REREAD_MILLISECONDS) return undefined;
      rereadAt.set(name, now);
      return replace(name);
    },
  };
}

/** Keeps what was last read of each secret, and when. */
function createCache<Value>(ask: (name: string) => Promise<Secret<Value>>) {
  const cache = new Map<string, Cached<Value>>();
  const keep = (name: string, secret: Promise<Secret<Value>>, readAt: number) =>
    cache.set(name, { secret, readAt, isRefreshed: false });
  return {
    get: (name: string) => cache.get(name),
    /** All who ask before the answer is there share one call. */
    load: (name: string): Promise<Secret<Value>> => {
      const secret = ask(name);
      keep(name, secret, Date.now());
      return secret;
    },
    /** A failed read leaves the kept secret in place. */
    replace: async (name: string): Promise<Secret<Value>> => {
      const readAt = Date.now();
      const secret = await ask(name);
      if (secret.ok) keep(name, Promise.resolve(secret), readAt);
      return secret;
    },
  };
}

async function readSecret<Value>(
  client: SecretsManagerClient,
  name: string,
  parse: (name: string, text: string) => Secret<Value>,
): Promise<Secret<Value>> {
  try {
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: name }));
    return parse(name, SecretString ?? '');
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
