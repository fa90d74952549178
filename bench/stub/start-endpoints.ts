import { fork } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { LOCAL_STACK } from '../../lib/stages/synthesize.ts';
import { type LocalSecrets, nameSecrets } from '../../local/settings.ts';
import { createCertificate } from './self-signed-certificate.ts';

const SERVER = fileURLToPath(new URL('endpoint-server.ts', import.meta.url));

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
