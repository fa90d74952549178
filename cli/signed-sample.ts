import { randomUUID } from 'node:crypto';
import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { SignatureScheme } from '../lambdas/ingest/signature-scheme.ts';
import { signingSecretsSchema } from '../lambdas/ingest/signing-secrets.ts';
import { fail, type Result, succeed } from '../lambdas/result.ts';
import { parseSecret } from '../lambdas/secret.ts';
import type { MappingFile } from '../lib/map/mapping-file.ts';
import { dateSample } from './date-sample.ts';
import { findSample, type Sample } from './samples.ts';
import { signWebhook } from './sign-webhook.ts';

/** A sample, ready to be posted as its vendor would post it at this moment: it has happened just now. */
export type SignedSample = {
  readonly sample: Sample;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The sample's body, or what `tamper` made of it. */
  readonly body: Buffer;
};

/** In what a sample is to differ from what its vendor would send, to see it refused. */
export type Flaws = {
  /** A byte is added to the body after it was signed. */
  readonly tamper?: boolean | undefined;
  /** The timestamp is older than is tolerated. */
  readonly stale?: boolean | undefined;
  /** There is no signature. */
  readonly unsigned?: boolean | undefined;
};

export type SignSettings = {
  readonly sample: string;
  /** What webhook URLs begin with. */
  readonly url: string;
  readonly secretsManager: SecretsManagerClient;
  readonly flaws?: Flaws;
};

/** Signs a sample with the newest signing secret of its source; fails with a sentence for a person. */
export async function signSample(
  { source, secret: secretName, profile }: MappingFile,
  { sample: name, url, secretsManager, flaws = {} }: SignSettings,
): Promise<Result<SignedSample, string>> {
  const found = findSample(source, name);
  if (!found.ok) {
    return fail(`There is no sample "${name}" of ${source}. There are: ${found.failure.join(', ')}.`);
  }
  const sample = dateSample(found.value, new Date());
  const path = `/webhooks/${source}`;
  const secret = await readNewestSecret(secretName, secretsManager);
  if (!secret.ok) return secret;
  const at = timeOf(profile.signature, flaws);
  if (!at.ok) return at;

  const publicUrl = 'publicUrl' in profile.signature ? profile.signature.publicUrl : undefined;
  const signed = signWebhook(profile.signature, {
    secret: secret.value,
    url: publicUrl ?? `${url}${path}`,
    rawBody: sample.body,
    at: at.value,
    id: `msg_${randomUUID()}`,
  });
  if (!signed.ok) return signed;
  const signature = flaws.unsigned === true ? {} : signed.value;
  const body = flaws.tamper === true ? Buffer.concat([sample.body, Buffer.from('!')]) : sample.body;
  return succeed({
    sample,
    path,
    headers: { 'content-type': 'application/json', ...sample.headers, ...signature },
    body,
  });
}

function timeOf(scheme: SignatureScheme, { stale }: Flaws): Result<Date, string> {
  if (stale !== true) return succeed(new Date());
  const tolerance = 'timestamp' in scheme ? scheme.timestamp?.toleranceSeconds : undefined;
  if (tolerance === undefined)
    return fail('A webhook of this source cannot be too old: its signature has no such limit.');
  return succeed(new Date(Date.now() - (tolerance + 60) * 1000));
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
