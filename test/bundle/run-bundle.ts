import { spawn } from 'node:child_process';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { createCertificate } from '../../bench/stub/self-signed-certificate.ts';

const CALLER = fileURLToPath(new URL('call-bundle.cjs', import.meta.url));

/** One call that a function made to AWS. */
export type AwsCall = {
  readonly host: string;
  readonly operation: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly input: Readonly<Record<string, unknown>>;
};

/** What AWS answers; `{}` with 200 where nothing else is said. */
export type AwsAnswer = {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
};

/** AWS as far as hosts, paths and bodies go: every service at one port. */
export async function startAws(answer: (call: AwsCall, before: number) => AwsAnswer) {
  const calls: AwsCall[] = [];
  const server = createServer(createCertificate(), async (request, response) => {
    const input = JSON.parse(await text(request));
    const operation = String(request.headers['x-amz-target']).split('.')[1] ?? '';
    const call = { host: String(request.headers.host), operation, headers: request.headers, input };
    const before = calls.filter((each) => each.operation === operation).length;
    calls.push(call);
    const { status = 200, headers, body = {} } = answer(call, before);
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0', ...headers });
    response.end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    calls,
    port: (server.address() as AddressInfo).port,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A function's bundle in a process of its own, with nothing in its environment but what is given. */
export function startBundle(directory: string, environment: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [CALLER, directory], {
    env: { HOME: directory, ...environment },
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });
  const printed: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => printed.push(line));
  const lines = createInterface({ input: child.stdio[3] as Readable })[Symbol.asyncIterator]();
  const next = async () => JSON.parse((await lines.next()).value ?? 'null');
  return {
    /** What it has logged, line by line. */
    printed,
    /** Waits until Lambda would hand the first event on. */
    ready: next,
    send: async (event: object): Promise<Readonly<Record<string, unknown>>> => {
      child.stdin.write(`${JSON.stringify(event)}\n`);
      return next();
    },
    /** What it has written to stderr, once it has ended. */
    problems: text(child.stderr),
    stop: () => child.kill('SIGKILL'),
  };
}
