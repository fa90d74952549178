import { randomUUID } from 'node:crypto';
import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { identifyWebhook } from '../lambdas/ingest/identity.ts';
import { signingSecretsSchema } from '../lambdas/ingest/receive.ts';
import { fail, type Result, succeed } from '../lambdas/result.ts';
import { parseSecret } from '../lambdas/secret.ts';
import type { Example } from '../lib/mapping/examples/example.ts';
import type { MappingFile } from '../lib/mapping/file.ts';
import { secretNameOf } from '../lib/operate/secret-name.ts';
import { type Flaws, signFlawed } from './flawed-webhook.ts';
import { dateSample, findSample, type Sample } from './samples.ts';

/** A sample, ready to be posted as its vendor would post it now. */
export type SignedSample = {
  readonly sample: Sample;
  /** With a query where the signature needs one. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The sample's body, as dating, signing and flaws changed it. */
  readonly body: Uint8Array;
};

export type SignSettings = {
  readonly sample: string;
  /** Examples of the mapping folder, which are samples, too; one wins over a sample of its name. */
  readonly examples?: readonly Example[];
  /** The front of all webhook URLs. */
  readonly url: string;
  /** Where the signing secrets are read from. */
  readonly account: { readonly stackName: string; readonly secretsManager: SecretsManagerClient };
  readonly flaws?: Flaws;
};

/** Signs a sample with the newest signing secret of its source; fails with a sentence for a person. */
export async function signSample(
  { source, secret: ownName, profile }: MappingFile,
  { sample: name, examples = [], url, account, flaws = {} }: SignSettings,
): Promise<Result<SignedSample, string>> {
  const example = examples.find((one) => one.name === `${source}/${name}`);
  const found = example === undefined ? findSample(source, name) : succeed(sampleOf(example, profile));
  if (!found.ok) return found;
  const sample = dateSample(found.value, new Date());
  const path = `/webhooks/${source}`;
  const secret = await readNewestSecret(secretNameOf(account.stackName, ownName), account.secretsManager);
  if (!secret.ok) return secret;

  const headers = lowerCaseNames({ 'content-type': 'application/json', ...sample.headers });
  const publicUrl = 'publicUrl' in profile.signature ? profile.signature.publicUrl : undefined;
  const toSign = {
    secret: secret.value,
    url: publicUrl ?? `${url}${path}`,
    rawBody: sample.body,
    contentType: headers['content-type'],
    at: new Date(),
    id: `msg_${randomUUID()}`,
  };
  const signed = signFlawed(profile.signature, toSign, flaws);
  if (!signed.ok) return signed;
  const { query, rawBody } = signed.value;
  return succeed({
    sample,
    path: query === '' ? path : `${path}?${query}`,
    headers: { ...headers, ...signed.value.headers },
    body: rawBody,
  });
}

function sampleOf({ name, file, webhook }: Example, profile: MappingFile['profile']): Sample {
  const identity = identifyWebhook(profile, webhook);
  const [eventType = name] = identity.ok ? identity.value.eventTypes : [];
  const { headers, rawBody } = webhook;
  return {
    path: file,
    eventType,
    headers: Object.fromEntries(headers),
    body: Buffer.from(rawBody),
    times: [],
  };
}

/** A sample's `Content-Type` replaces the default `content-type`. */
function lowerCaseNames(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
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
