import { createServer } from 'node:http';
import { listenOnLoopback } from '../../../local/emulator/host.ts';

/** A server that stands for CloudWatch Logs; stopping it restores the environment that points to it. */
export type CloudWatchServer = { readonly stop: () => Promise<void> };

/** Answers in CloudWatch Logs' own JSON protocol, and points the SDK of this process there. */
export async function startCloudWatch(
  answer: (operation: string, request: Readonly<Record<string, unknown>>) => object | undefined,
): Promise<CloudWatchServer> {
  const environment = { ...process.env };
  const server = createServer(async (message, response) => {
    const operation = String(message.headers['x-amz-target']).split('.')[1] ?? '';
    const request = JSON.parse(Buffer.concat(await message.toArray()).toString('utf8'));
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify(answer(operation, request)));
  });
  const { url, stop } = await listenOnLoopback(server);
  Object.assign(process.env, {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: url,
  });
  return {
    stop: async () => {
      process.env = environment;
      await stop();
    },
  };
}
