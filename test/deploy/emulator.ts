import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer as createHttpServer, request as requestHttp } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { type Loopback, listenOnLoopback } from '../../local/emulator/host.ts';
import { killGroup } from './run-command.ts';
import { until } from './step.ts';

/** ministack, which listens on 127.0.0.1 alone. */
export type Emulator = {
  readonly endpoint: string;
  readonly port: number;
  readonly log: () => string;
  readonly stop: () => Promise<void>;
};

/** Starts the emulator on a free port, without this machine's credentials; it writes below `home` alone. */
export async function startEmulator(programs: string, home: string): Promise<Emulator> {
  const port = await findFreePort();
  const child = spawn(`${programs}/ministack`, [], {
    cwd: home,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      HOME: home,
      TMPDIR: home,
      BIND_HOST: '127.0.0.1',
      // Part of the deployed API's name, which with a number at its end would be no URL at all.
      MINISTACK_HOST: 'localhost',
      GATEWAY_PORT: String(port),
      LAMBDA_EXECUTOR: 'local',
      IOT_MTLS_ENABLED: '0',
    },
  });
  const exited = once(child, 'exit');
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk));

  const endpoint = `http://127.0.0.1:${port}`;
  const stop = async () => {
    killGroup(child, 'SIGTERM');
    const timer = setTimeout(() => killGroup(child, 'SIGKILL'), 5_000);
    await exited;
    clearTimeout(timer);
    // Functions that it has started are in its group as well, and may have outlived it.
    killGroup(child, 'SIGKILL');
  };
  await until('the emulator', 60, async () => {
    if (child.exitCode !== null) throw new Error(`The emulator did not start:\n${Buffer.concat(chunks)}`);
    return (await isHealthy(endpoint)) ? true : undefined;
  }).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return { endpoint, port, log: () => Buffer.concat(chunks).toString('utf8'), stop };
}

async function isHealthy(endpoint: string): Promise<boolean> {
  return fetch(`${endpoint}/_ministack/health`).then(
    ({ ok }) => ok,
    () => false,
  );
}

async function findFreePort(): Promise<number> {
  const server = createTcpServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return address !== null && typeof address === 'object' ? address.port : 0;
}

/** Stands in for DNS: passes requests on to the emulator under the name of the deployed API, byte for byte. */
export async function openApiProxy({ port }: Emulator, apiHost: string): Promise<Loopback> {
  const server = createHttpServer((incoming, outgoing) => {
    const { method, url, headers } = incoming;
    const options = { host: '127.0.0.1', port, method, path: url, headers: { ...headers, host: apiHost } };
    const passed = requestHttp(options, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    passed.on('error', () => outgoing.writeHead(502).end());
    incoming.pipe(passed);
  });
  return listenOnLoopback(server);
}
