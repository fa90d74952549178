import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import { signingSecretsSchema } from '../lambdas/ingest/receive.ts';
import { fail, type Result, succeed } from '../lambdas/result.ts';
import { parseSecret } from '../lambdas/secret.ts';
import { follow } from '../lambdas/webhook-body.ts';
import { PACKAGE_ROOT } from '../lib/config/terminal.ts';
import { type Example, setMembers } from '../lib/mapping/examples/example.ts';
import type { MappingFile } from '../lib/mapping/file.ts';
import { secretNameOf } from '../lib/mapping/schema.ts';
import { type Flaws, signFlawed } from './flawed-webhook.ts';

const SAMPLES = pathToFileURL(join(PACKAGE_ROOT, 'samples/'));

const manifestSchema = z.array(
  z.object({
    /** Path below `samples/`. */
    file: z.string(),
    provider: z.string(),
    /** The event type, in the vendor's words. */
    event: z.string(),
    /** Headers that the vendor sends beside the signature. */
    headers: z.record(z.string(), z.string()).default({}),
    /** JSON pointers to the times at which it happened. */
    times: z.array(z.string()).default([]),
  }),
);

/** A real webhook of a vendor, as it lies in `samples/` (where `manifest.json` has its source and licence). */
type Sample = {
  /** Path of the payload, from the repository's root. */
  readonly path: string;
  /** In the vendor's words; of an example of a mapping folder, its name. */
  readonly eventType: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** JSON pointers to the times at which it happened. */
  readonly times: readonly string[];
};

/** The names of a source's samples. */
export function sampleNames(source: string): readonly string[] {
  return readManifest()
    .filter(({ provider }) => provider === source)
    .map(({ file }) => nameOf(file));
}

/** Finds a sample by its file name without `.json`, or by its event type; fails with a sentence for a person. */
export function findSample(source: string, name: string): Result<Sample, string> {
  const entries = readManifest().filter(({ provider }) => provider === source);
  const entry = entries.find(({ file, event }) => nameOf(file) === name || event === name);
  if (entry === undefined) return fail(explainNoSample(source, name));
  return succeed({
    path: `samples/${entry.file}`,
    eventType: entry.event,
    headers: entry.headers,
    times: entry.times,
    body: readFileSync(new URL(entry.file, SAMPLES)),
  });
}

function explainNoSample(source: string, name: string): string {
  const file = `payloads/${source}/${name}.json`;
  if (existsSync(new URL(file, SAMPLES))) {
    const row = { file, provider: source, event: '<event type>' };
    return `samples/${file} has no row in samples/manifest.json. Add one: ${JSON.stringify(row)}`;
  }
  const names = sampleNames(source);
  const known = names.length > 0 ? `There are: ${names.join(', ')}.` : 'There is none.';
  return `There is no sample "${name}" of ${source}. ${known} An example of its mapping folder is one, too, by its file's name.`;
}

/**
 * A sample as if it had happened at that time. Most samples are years old, and deliver drops an event that is older than
 * its mapping's `max-age`.
 */
export function dateSample(sample: Sample, at: Date): Sample {
  if (sample.times.length === 0) return sample;
  const text = sample.body.toString('utf8');
  const published: unknown = JSON.parse(text);
  const changes = sample.times.map((pointer) => [pointer, writeAs(follow(published, pointer)[0], at)]);
  return { ...sample, body: Buffer.from(setMembers(text, Object.fromEntries(changes))) };
}

/** Writes a time in the form of another: unix seconds or milliseconds, or ISO 8601 with or without an offset. */
function writeAs(form: unknown, at: Date): unknown {
  if (typeof form === 'number')
    return form < 100_000_000_000 ? Math.floor(at.getTime() / 1000) : at.getTime();
  const hasOffset = /(Z|[+-]\d{2}:\d{2})$/.test(String(form));
  return hasOffset ? at.toISOString() : at.toISOString().slice(0, -1);
}

function readManifest(): z.infer<typeof manifestSchema> {
  return manifestSchema.parse(JSON.parse(readFileSync(new URL('manifest.json', SAMPLES), 'utf8')));
}

function nameOf(file: string): string {
  return basename(file, '.json');
}

/** A sample, ready to be posted as its vendor would post it now. */
export type SignedSample = {
  readonly sample: Sample;
  /** With a query where the signature needs one. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The sample's body, as dating, signing and flaws changed it. */
  readonly body: Uint8Array;
};

type SignSettings = {
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
  const found = example === undefined ? findSample(source, name) : succeed(sampleOf(example));
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

function sampleOf({ name, file, webhook: { headers, rawBody } }: Example): Sample {
  return {
    path: file,
    eventType: name,
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
