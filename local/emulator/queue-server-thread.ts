import { parentPort, workerData } from 'node:worker_threads';
import { buildApp } from 'fauxqs';
import { answerMemory, installFastTime } from './host.ts';

// fauxqs keeps time by Date and timers: in a thread of its own it can live in a faster world.
installFastTime(workerData);

// fauxqs refuses characters beyond U+FFFF, an emoji for one, which SQS takes (API reference, SendMessage).
const { INVALID_MESSAGE_BODY_CHAR } = await import(
  new URL('./sqs/sqsTypes.js', import.meta.resolve('fauxqs')).href
);
const NOT_TAKEN_BY_SQS = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;
Object.defineProperty(INVALID_MESSAGE_BODY_CHAR, 'test', {
  value: (text: string) => NOT_TAKEN_BY_SQS.test(text),
});

const app = buildApp({ logger: false });
let refusesSends = false;
parentPort?.on('message', (message) => {
  if (!answerMemory(message)) refusesSends = message === 'refuse-sends';
});
app.addHook('onRequest', async (request, reply) => {
  if (!refusesSends || request.headers['x-amz-target'] !== 'AmazonSQS.SendMessage') return;
  await reply.status(503).send({ __type: 'ServiceUnavailable', message: 'Refused on purpose.' });
});
const address = await app.listen({ host: '127.0.0.1', port: 0 });
parentPort?.postMessage(address);
