import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Item } from '../../lambdas/adapters/ledger-item.ts';
import { PAUSES } from '../../lambdas/deliver/pauses.ts';

/** What a stack holds: all of it may be somebody else's text. */
export type Held = {
  readonly deadLetter: { readonly body: string; readonly attributes: Readonly<Record<string, string>> };
  readonly items: readonly Item[];
  readonly secret: string;
  /** Lines of the functions' log. */
  readonly lines: readonly string[];
  /** What ingest answers. */
  readonly answer: string;
};

export type AccountServer = { readonly port: number; readonly stop: () => void };

/** A stack on this machine that answers any command, and changes nothing. */
export async function startAccountServer(held: () => Held): Promise<AccountServer> {
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const target = String(request.headers['x-amz-target'] ?? request.url);
      response.setHeader('content-type', 'application/x-amz-json-1.0');
      // Nothing is paused.
      const isOfPauses = Buffer.concat(chunks).includes(PAUSES);
      const known = isOfPauses ? { ...held(), items: [] } : held();
      response.end(answerTo(target, known, `http://127.0.0.1:${portOf(server)}`));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: portOf(server), stop: () => server.close() };
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

function answerTo(target: string, { deadLetter, items, secret, lines, answer }: Held, url: string): string {
  switch (target) {
    case '/healthz':
      return JSON.stringify({
        stack: 'local',
        region: 'eu-west-1',
        endpoints: { sqs: url, secretsManager: url, dynamoDb: url },
        clock: { anchor: 0, speed: 1 },
      });
    case '/logs':
    case '/logs/past':
      return lines.map((line) => `${line}\n`).join('');
    case 'AmazonSQS.GetQueueUrl':
      return JSON.stringify({ QueueUrl: `${url}/1/queue` });
    case 'AmazonSQS.GetQueueAttributes':
      return JSON.stringify({ Attributes: { ApproximateNumberOfMessages: '1' } });
    case 'AmazonSQS.ReceiveMessage':
      return JSON.stringify({ Messages: [messageOf(deadLetter)] });
    case 'AmazonSQS.ChangeMessageVisibilityBatch':
      return JSON.stringify({ Successful: [], Failed: [] });
    case 'DynamoDB_20120810.Query':
    case 'DynamoDB_20120810.Scan':
      return JSON.stringify({ Items: items, Count: items.length, ScannedCount: items.length });
    case 'DynamoDB_20120810.GetItem':
      return JSON.stringify({ Item: items[0] });
    case 'secretsmanager.GetSecretValue':
      return JSON.stringify({ Name: 'a', SecretString: secret, VersionId: 'v', CreatedDate: 1_700_000_000 });
    default:
      return target.startsWith('/webhooks/') ? answer : '{}';
  }
}

function messageOf({ body, attributes }: Held['deadLetter']): object {
  return {
    MessageId: '1f3c9a2b-0000-4000-8000-000000000000',
    ReceiptHandle: 'handle',
    Body: body,
    MD5OfBody: createHash('md5').update(body).digest('hex'),
    Attributes: { SentTimestamp: '1700000000000' },
    MessageAttributes: Object.fromEntries(
      Object.entries(attributes).map(([name, value]) => [name, { DataType: 'String', StringValue: value }]),
    ),
  };
}
