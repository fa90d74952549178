import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type SecretsManager, startSecretsManager } from '../../../local/emulator/servers.ts';

const GENERATED = { SecretStringTemplate: '{"for":"tests"}', GenerateStringKey: 'key', PasswordLength: 40 };

let server: SecretsManager;
let client: SecretsManagerClient;
beforeAll(async () => {
  server = await startSecretsManager(() => ({ overridden: { key: 'of the file' } }));
  server.declare(
    ['generated', 'overridden'].map((Name) => ({
      id: Name,
      type: 'AWS::SecretsManager::Secret',
      properties: { Name, GenerateSecretString: { ...GENERATED, ExcludePunctuation: true as const } },
    })),
  );
  server.declare(declarationsOf('stack/webhooks/acme', 'stack/webex-campaign'));
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  client = new SecretsManagerClient({ endpoint: server.endpoint, region: 'us-east-1', credentials });
});
afterAll(() => server.stop());

function declarationsOf(...names: readonly string[]): Parameters<SecretsManager['declare']>[0] {
  return names.map((Name) => ({ id: Name, type: 'AWS::SecretsManager::Secret', properties: { Name } }));
}

async function read(SecretId: string): Promise<unknown> {
  const { SecretString = '' } = await client.send(new GetSecretValueCommand({ SecretId }));
  return JSON.parse(SecretString);
}

describe('a secret whose value the template has generated', () => {
  test('is random, as long as was asked for, and stays the same', async () => {
    const first = await read('generated');

    expect(first).toEqual({ for: 'tests', key: expect.stringMatching(/^\w{40}$/) });
    expect(await read('generated')).toEqual(first);
  });

  test('keeps its value when a newer template declares it again', async () => {
    const first = await read('generated');
    server.declare(declarationsOf('generated', 'stack/webhooks/newer'));

    expect(await read('generated')).toEqual(first);
    await expect(read('stack/webhooks/newer')).rejects.toThrow('"webhooks/newer"');
  });

  test('can be given by the file of local secrets', async () => {
    expect(await read('overridden')).toEqual({ key: 'of the file' });
  });
});

describe('a secret without a value', () => {
  test.each([
    ['stack/webhooks/acme', '"webhooks/acme": { "signingSecrets": ["…"] }'],
    ['stack/webex-campaign', '"webex-campaign": { "primary": "…" }'],
  ])('%s fails as on AWS, and says what to add to the file', async (name, row) => {
    await expect(read(name)).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: expect.stringContaining(`In the local run, add to local/secrets.json  ${row}`),
    });
  });

  test('that no template has is not found, without that advice', async () => {
    await expect(read('stack/other')).rejects.toThrow(/find the specified secret\.$/);
  });
});

test('a file that is no JSON while somebody edits it fails the read, and nothing else', async () => {
  const broken = await startSecretsManager(() => JSON.parse('{'));
  broken.declare(declarationsOf('a'));
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const own = new SecretsManagerClient({
    ...{ endpoint: broken.endpoint, region: 'us-east-1', credentials, maxAttempts: 1 },
  });

  await expect(own.send(new GetSecretValueCommand({ SecretId: 'a' }))).rejects.toThrow('SyntaxError');
  await broken.stop();
});
