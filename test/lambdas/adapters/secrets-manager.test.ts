import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createSecretReader, type SecretReader } from '../../../lambdas/adapters/secrets-manager.ts';
import { parseWebexSecret } from '../../../lambdas/deliver/event-api/keys.ts';
import { type SigningSecrets, signingSecretsSchema } from '../../../lambdas/ingest/receive.ts';
import { parseSecret } from '../../../lambdas/secret.ts';
import { type SecretsManager, startSecretsManager } from '../../../local/emulator/servers.ts';

const NAME = 'webhooks/stripe';
const SECOND = 1000;
const MINUTE = 60 * SECOND;

const environment = { ...process.env };
let server: SecretsManager;
let stored: unknown;
let reads = 0;
let reader: SecretReader<SigningSecrets>;
let elapsed = 0;

beforeAll(async () => {
  server = await startSecretsManager(() => {
    reads += 1;
    return { [NAME]: stored };
  });
  server.declare([{ id: 'Secret', type: 'AWS::SecretsManager::Secret', properties: { Name: NAME } }]);
  Object.assign(process.env, {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_SECRETS_MANAGER: server.endpoint,
  });
});

afterAll(async () => {
  process.env = environment;
  await server.stop();
});

beforeEach(() => {
  const start = Date.now();
  elapsed = 0;
  jest.spyOn(Date, 'now').mockImplementation(() => start + elapsed);
  reader = createSecretReader((name, text) => parseSecret(name, text, signingSecretsSchema));
  stored = { signingSecrets: ['first'] };
  reads = 0;
});

afterEach(() => {
  jest.restoreAllMocks();
});

/** The newest signing secret as the reader gives it after so much more time, or why there is none. */
async function read(milliseconds = 0): Promise<string> {
  elapsed += milliseconds;
  const secret = await reader.read(NAME);
  return secret.ok ? (secret.value.signingSecrets[0] ?? '') : secret.failure.code;
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}

describe('a secret', () => {
  test('is kept, and read once for all who ask at the same time', async () => {
    expect(await Promise.all([read(), read(), read()])).toEqual(['first', 'first', 'first']);
    expect(await read(MINUTE)).toBe('first');
    expect(reads).toBe(1);
  });

  test('is read again in the background before its time is up, and no reader waits for it', async () => {
    await read();
    stored = { signingSecrets: ['second'] };

    expect(await read(4 * MINUTE)).toBe('first');
    expect(await read()).toBe('first');
    for (let waits = 0; waits < 200 && (await read()) === 'first'; waits += 1) await pause();

    expect([await read(), reads]).toEqual(['second', 2]);
  });

  test('is read again after five minutes', async () => {
    await read();
    stored = { signingSecrets: [] };

    expect(await read(5 * MINUTE)).toBe('secret-invalid');
  });

  test('that cannot be used is read again only after five seconds', async () => {
    stored = undefined;
    expect([await read(), await read(4 * SECOND), reads]).toEqual(['secret-missing', 'secret-missing', 1]);
    stored = { signingSecrets: ['mended'] };

    expect(await read(2 * SECOND)).toBe('mended');
  });

  test('whose keys are not set yet is read again after five seconds, too', async () => {
    const keys = createSecretReader(parseWebexSecret);
    const readKeys = async (milliseconds: number) => {
      elapsed += milliseconds;
      const secret = await keys.read(NAME);
      return secret.ok ? secret.value : secret.failure.code;
    };
    const created = { primary: '', secondary: '', hashKey: 'k'.repeat(64) };
    stored = created;
    expect([await readKeys(0), await readKeys(4 * SECOND), reads]).toEqual([
      'secret-missing',
      'secret-missing',
      1,
    ]);
    stored = { ...created, primary: 'key-1' };

    expect(await readKeys(2 * SECOND)).toEqual({ keys: { primary: 'key-1' }, hashKey: created.hashKey });
  });

  test('is read early at most once a minute, however many signatures do not match', async () => {
    await read();
    stored = { signingSecrets: ['rotated'] };

    expect(await reader.reread(NAME)).toMatchObject({ value: { signingSecrets: ['rotated'] } });
    for (let forged = 0; forged < 50; forged += 1) expect(await reader.reread(NAME)).toBeUndefined();
    expect([await read(), reads]).toEqual(['rotated', 2]);

    elapsed += MINUTE;
    expect(await reader.reread(NAME)).toBeDefined();
  });

  test('stays in place when reading it early fails', async () => {
    await read();
    stored = undefined;

    expect(await reader.reread(NAME)).toMatchObject({ ok: false });
    expect(await read()).toBe('first');
  });
});
