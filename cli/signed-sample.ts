import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { signingSecretsSchema } from '../lambdas/ingest/signing-secrets.ts';
import { PROFILES } from '../lambdas/ingest/source.ts';
import { fail, type Result, succeed } from '../lambdas/result.ts';
import { parseSecret } from '../lambdas/secret.ts';
import type { MappingFile } from '../lib/mapping-file.ts';
import { findSample, type Sample } from './samples.ts';
import { signWebhook } from './sign-webhook.ts';

/** A sample, ready to be posted as its vendor would post it at this moment. */
export type SignedSample = {
  readonly sample: Sample;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
};

/** Signs a sample with the newest signing secret of its source; fails with a sentence for a person. */
export async function signSample(
  mapping: MappingFile,
  sampleName: string,
  secretsManager: SecretsManagerClient,
): Promise<Result<SignedSample, string>> {
  const sample = findSample(mapping.source, sampleName);
  if (!sample.ok) {
    return fail(
      `There is no sample "${sampleName}" of ${mapping.source}. There are: ${sample.failure.join(', ')}.`,
    );
  }
  const secret = await readNewestSecret(mapping.secret, secretsManager);
  if (!secret.ok) return secret;

  const rawBody = sample.value.body;
  const scheme = PROFILES[mapping.verify].signature;
  const signature = signWebhook(scheme, { secret: secret.value, rawBody, now: new Date() });
  return succeed({
    sample: sample.value,
    path: `/webhooks/${mapping.source}`,
    headers: { 'content-type': 'application/json', ...sample.value.headers, ...signature },
  });
}

async function readNewestSecret(
  name: string,
  secretsManager: SecretsManagerClient,
): Promise<Result<string, string>> {
  let text: string;
  try {
    const { SecretString = '' } = await secretsManager.send(new GetSecretValueCommand({ SecretId: name }));
    text = SecretString;
  } catch (error) {
    return fail(`The secret "${name}" could not be read: ${error instanceof Error ? error.message : error}`);
  }
  const secrets = parseSecret(name, text, signingSecretsSchema);
  const newest = secrets.ok ? secrets.value.signingSecrets[0] : undefined;
  if (newest !== undefined) return succeed(newest);
  return fail(
    `The secret "${name}" should hold {"signingSecrets": ["newest", "older"]}, none of them empty.`,
  );
}
