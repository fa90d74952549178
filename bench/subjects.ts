import { fork } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import * as z from 'zod';
import { LOCAL_STACK, synthesize } from '../lib/stages/synthesize.ts';
import { readFunctionSettings } from '../local/emulator/functions/pool.ts';
import { readTemplate, resolveTemplate } from '../local/emulator/template.ts';
import { type LocalSecrets, nameSecrets } from '../local/settings.ts';
import { createCertificate } from './stub/self-signed-certificate.ts';

/** A function that can be measured: its code as Lambda would unpack it, and its environment. */
export type Subject = { readonly directory: string; readonly environment: Readonly<Record<string, string>> };

/** Our functions as the synth makes them, and what they are compared with. */
export type Subjects = {
  readonly ingest: Subject;
  readonly deliver: Subject;
  /** What is usually taken: middy, zod, the SDK, Powertools' idempotency; esbuild with its default flags. */
  readonly usualIngest: Subject;
  readonly usualDeliver: Subject;
  readonly remove: () => Promise<void>;
};

const MAPPINGS = fileURLToPath(new URL('mappings', import.meta.url));

/** Synthesizes the app against the endpoints, and bundles what it is compared with. Throws if either fails. */
export async function prepareSubjects(endpoints: Endpoints): Promise<Subjects> {
  const assembly = await synthesize(`${endpoints.urls.eventApi}/events`, MAPPINGS);
  if (!assembly.ok) throw new Error(assembly.failure);
  const directory = mkdtempSync(join(tmpdir(), 'webhook-adapter-bench-'));
  const ours = await readOurs(assembly.value.directory, endpoints);
  const environment = { ...ours.deliver.environment, ...ours.ingest.environment };
  return {
    ...ours,
    usualIngest: { directory: bundleDefault('usual-ingest', directory), environment },
    usualDeliver: { directory: bundleDefault('usual-deliver', directory), environment },
    remove: async () => {
      rmSync(directory, { recursive: true, force: true });
      await assembly.value.remove();
    },
  };
}

async function readOurs(assembly: string, { urls, certificate }: Endpoints) {
  const template = await readTemplate(assembly, LOCAL_STACK);
  const endpoints = { ...urls, httpApi: 'https://api.example.com' };
  const resolved = resolveTemplate(template, endpoints);
  if (!resolved.ok) throw new Error(resolved.failure.join('\n'));
  const functions = resolved.value.resources.flatMap((resource) =>
    resource.type === 'AWS::Lambda::Function'
      ? [readFunctionSettings(resource, template, endpoints, undefined)]
      : [],
  );
  const subjectOf = (variable: string): Subject => {
    const found = functions.find((settings) => settings.ok && variable in settings.value.environment);
    if (!found?.ok) throw new Error(`No function of the template has ${variable}.`);
    const { directory, environment } = found.value;
    // No limit on the rate: what is measured is the work, not the waiting for the tenant.
    const fast = 'EVENTS_PER_SECOND' in environment ? { EVENTS_PER_SECOND: '1000000' } : {};
    return { directory, environment: { ...environment, ...fast, NODE_EXTRA_CA_CERTS: certificate } };
  };
  return { ingest: subjectOf('PUBLIC_URL'), deliver: subjectOf('LEDGER_TABLE') };
}

/** As esbuild's own defaults have it for Node: what somebody gets who sets no flag. */
function bundleDefault(name: string, directory: string): string {
  const outdir = join(directory, name);
  buildSync({
    entryPoints: [fileURLToPath(new URL(`handlers/${name}.ts`, import.meta.url))],
    outfile: join(outdir, 'index.js'),
    bundle: true,
    platform: 'node',
    logLevel: 'error',
  });
  return outdir;
}

const SERVER = fileURLToPath(new URL('stub/endpoint-server.ts', import.meta.url));

const portsSchema = z.object({
  sqs: z.int(),
  secretsManager: z.int(),
  dynamoDb: z.int(),
  eventApi: z.int(),
});

/** AWS and the event API, as far as the functions call them: over TLS, on this machine. */
export type Endpoints = {
  readonly urls: Readonly<Record<keyof z.infer<typeof portsSchema>, string>>;
  /** File of the certificate that the servers show. */
  readonly certificate: string;
  /** How often each operation was called since this was last asked. */
  readonly takeCounts: () => Promise<Readonly<Record<string, number>>>;
  readonly stop: () => Promise<void>;
};

/**
 * Starts the endpoints in a process of their own.
 * @param secrets what Secrets Manager holds, by the names of a local run
 */
export async function startEndpoints(secrets: LocalSecrets): Promise<Endpoints> {
  const directory = mkdtempSync(join(tmpdir(), 'webhook-adapter-bench-'));
  const keep = (name: string, text: string) => {
    writeFileSync(join(directory, name), text, { mode: 0o600 });
    return join(directory, name);
  };
  const { cert, key } = createCertificate();
  const certificate = keep('certificate.pem', cert);
  const files = [
    certificate,
    keep('key.pem', key),
    keep('secrets.json', JSON.stringify(nameSecrets(LOCAL_STACK, secrets))),
  ];
  const server = fork(SERVER, files, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const nextMessage = () => new Promise<unknown>((resolve) => server.once('message', resolve));

  const ports = portsSchema.parse(await nextMessage());
  const urls = Object.fromEntries(
    Object.entries(ports).map(([name, port]) => [name, `https://127.0.0.1:${port}`]),
  ) as Endpoints['urls'];
  return {
    urls,
    certificate,
    takeCounts: async () => {
      const counts = nextMessage();
      server.send('count');
      return z.record(z.string(), z.number()).parse(await counts);
    },
    stop: async () => {
      const ended = new Promise((resolve) => server.once('exit', resolve));
      server.disconnect();
      await ended;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
