import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import * as z from 'zod';
import { type Loopback, listenOnLoopback } from '../../../local/emulator/host.ts';

/** A request to a service: who made it, and what it asks of which resource. */
export type RecordedCall = { readonly accessKey: string; readonly action: string; readonly resource: string };

const bodySchema = z.object({
  QueueUrl: z.string().optional(),
  QueueName: z.string().optional(),
  TableName: z.string().optional(),
  RequestItems: z.record(z.string(), z.unknown()).optional(),
  SecretId: z.string().optional(),
});

const SERVICES: Readonly<Record<string, string>> = {
  AmazonSQS: 'sqs',
  DynamoDB_20120810: 'dynamodb',
  secretsmanager: 'secretsmanager',
};

/** A proxy before a service that records what it passes on. */
export function startRecorder(target: string, record: (call: RecordedCall) => void): Promise<Loopback> {
  const server = createServer(async (message, response) => {
    const body: unknown = await json(message);
    record(callOf(message.headers, body));
    const { host: _, 'content-length': __, connection: ___, ...headers } = message.headers;
    const passed = { method: 'POST', headers: headers as Record<string, string>, body: JSON.stringify(body) };
    const answer = await fetch(`${target}${message.url}`, passed);
    const answered = Buffer.from(await answer.arrayBuffer());
    response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.0' }).end(answered);
  });
  return listenOnLoopback(server);
}

function callOf(headers: NodeJS.Dict<string | string[]>, body: unknown): RecordedCall {
  const [service = '', operation = ''] = String(headers['x-amz-target']).split('.');
  const { QueueUrl, QueueName, TableName, RequestItems = {}, SecretId } = bodySchema.parse(body);
  const [table] = Object.keys(RequestItems);
  // IAM knows a batch by the action of its single one (Service Authorization Reference, Amazon SQS).
  const action = `${SERVICES[service] ?? service}:${service === 'AmazonSQS' ? operation.replace(/Batch$/, '') : operation}`;
  return {
    accessKey: /Credential=([^/]+)\//.exec(String(headers.authorization))?.[1] ?? 'none',
    action,
    resource: QueueName ?? QueueUrl?.split('/').at(-1) ?? TableName ?? table ?? SecretId ?? 'none',
  };
}
