import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { itemBytes, readItem } from '../billed-bytes.ts';

// A process of its own, so that its CPU time is not that of what is measured. Each endpoint has a port, as each has a host
// and a connection of its own on AWS. To any message it answers how often each operation was called since the last one.
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

/** What an endpoint answers, and the operation it is counted as. */
type CallAnswer = {
  readonly operation: string;
  readonly contentType: string;
  readonly body: string;
  /**
   * What DynamoDB would charge for it: a unit for each KB that is begun of the larger of the item before and after (its
   * developer guide, "Item sizes and formats", "Write operation consumption"). Nothing here is written that is smaller than what it follows.
   */
  readonly writeUnits?: number;
};

/**
 * Answers a call in the least that the SDK takes for a success. A call without a target is the event API's.
 * @param target the header `X-Amz-Target`: `AmazonSQS.SendMessage`
 */
function answerCall(
  target: string,
  chunks: readonly Buffer[],
  secrets: Readonly<Record<string, unknown>>,
): CallAnswer {
  const operation = target.split('.')[1] ?? 'event API call';
  const contentType = target === '' ? 'application/json' : 'application/x-amz-json-1.0';
  const answer = (body: object) => ({ operation, contentType, body: JSON.stringify(body) });
  switch (operation) {
    case 'GetSecretValue': {
      const { SecretId } = JSON.parse(Buffer.concat(chunks).toString('utf8'));
      return answer({ Name: SecretId, SecretString: JSON.stringify(secrets[SecretId]) });
    }
    case 'SendMessage': {
      const { MessageBody } = JSON.parse(Buffer.concat(chunks).toString('utf8'));
      const md5 = createHash('md5').update(String(MessageBody)).digest('hex');
      return answer({ MessageId: '11111111-2222-4333-8444-555555555555', MD5OfMessageBody: md5 });
    }
    case 'event API call':
      return answer({ 'transaction-id': 'event_1' });
    case 'PutItem': {
      const { Item } = JSON.parse(Buffer.concat(chunks).toString('utf8'));
      return { ...answer({}), writeUnits: Math.ceil(itemBytes(readItem(Item)) / 1024) };
    }
    default:
      return answer({});
  }
}
