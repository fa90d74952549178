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
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  client = new SecretsManagerClient({ endpoint: server.endpoint, region: 'us-east-1', credentials });
});
afterAll(() => server.stop());

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

  test('can be given by the file of local secrets', async () => {
    expect(await read('overridden')).toEqual({ key: 'of the file' });
  });
});
