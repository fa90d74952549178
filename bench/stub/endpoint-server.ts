import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { answerCall } from './answer-call.ts';

// A process of its own, so that its CPU time is not that of what is measured. Each endpoint has a port, as each has a host
// and a connection of its own on AWS. Told to `count`, it says how often each operation was called since it was last told.
const [certificateFile = '', keyFile = '', secretsFile = ''] = process.argv.slice(2);
const tls = { cert: readFileSync(certificateFile), key: readFileSync(keyFile) };
const secrets: Readonly<Record<string, unknown>> = JSON.parse(readFileSync(secretsFile, 'utf8'));
const counts = new Map<string, number>();

const names = ['sqs', 'secretsManager', 'dynamoDb', 'eventApi'] as const;
const ports = await Promise.all(names.map(() => listen(createEndpoint())));
process.send?.(Object.fromEntries(names.map((name, index) => [name, ports[index]])));
process.on('message', () => {
  process.send?.(Object.fromEntries(counts));
  counts.clear();
});
process.on('disconnect', () => process.exit(0));

function createEndpoint(): Server {
  return createServer(tls, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const target = request.headers['x-amz-target'];
      const { operation, contentType, body, writeUnits } = answerCall(String(target ?? ''), chunks, secrets);
      count(operation, 1);
      if (writeUnits !== undefined) count('write units', writeUnits);
      response.writeHead(200, { 'content-type': contentType, 'content-length': Buffer.byteLength(body) });
      response.end(body);
    });
  });
}

function count(name: string, times: number): void {
  counts.set(name, (counts.get(name) ?? 0) + times);
}

async function listen(server: Server): Promise<number> {
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
