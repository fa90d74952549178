import { createServer, type IncomingMessage } from 'node:http';
import * as z from 'zod';
import { parseJson } from '../../lambdas/parse-json.ts';
import { type Loopback, listenOnLoopback } from '../loopback.ts';

/** A request of AWS JSON that was passed on, as far as it is billed. */
export type CountedRequest = {
  /** `AmazonSQS.SendMessage`, `DynamoDB_20120810.PutItem`, … */
  readonly operation: string;
  readonly status: number;
  /** What DynamoDB says that it has consumed. */
  readonly capacityUnits: number | undefined;
  readonly body: Readonly<Record<string, unknown>>;
  readonly answer: Readonly<Record<string, unknown>>;
};

const objectSchema = z.record(z.string(), z.unknown()).catch({});
const consumedSchema = z.object({ ConsumedCapacity: z.object({ CapacityUnits: z.number() }) });

/**
 * Stands before an endpoint on 127.0.0.1 and tells of every request that it passes on. DynamoDB is asked what each has
 * consumed; the functions do not want to know.
 */
export async function startCountingProxy(
  target: string,
  onRequest: (request: CountedRequest) => void,
): Promise<Loopback> {
  const server = createServer(async (message, response) => {
    const operation = String(message.headers['x-amz-target']);
    const body = objectSchema.parse(parseJson(Buffer.concat(await message.toArray()).toString('utf8')));
    const passed = /^DynamoDB_/.test(operation) ? { ...body, ReturnConsumedCapacity: 'TOTAL' } : body;
    const answer = await fetch(`${target}${message.url}`, {
      method: 'POST',
      headers: headersOf(message),
      body: JSON.stringify(passed),
    });
    const text = await answer.text();
    response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.0' }).end(text);
    const said = objectSchema.parse(parseJson(text));
    const capacityUnits = consumedSchema.safeParse(said).data?.ConsumedCapacity.CapacityUnits;
    onRequest({ operation, status: answer.status, capacityUnits, body, answer: said });
  });
  return listenOnLoopback(server);
}

/** Whom it is for and how long it is, the next connection has to say itself. */
function headersOf({ headers }: IncomingMessage): Record<string, string> {
  const passed = Object.entries(headers).filter(([name]) =>
    /^(x-amz-|authorization|content-type)/.test(name),
  );
  return Object.fromEntries(passed.map(([name, value]) => [name, String(value)]));
}
