import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PurgeQueueCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { stripeSignature } from '../../bench/events.ts';
import { LOCAL_STACK } from '../../lib/stages/synthesize.ts';
import { isAdapterCommand, readSections } from '../runbook/read-runbook.ts';
import { type DeliveryStory, isEnd, startDeliveryStory } from './delivery-story.ts';
import { ACCEPTED } from './webex-campaign.ts';

// The commands of the runbook as they stand there, `--stack` included: only the endpoints are this machine's.
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SECRET = 'whsec_story';
const ANSWERS = {
  unclear: { status: 500, body: '' },
  refused: { status: 200, body: '{"code":1002}' },
} as const;

let story: DeliveryStory;
const directory = mkdtempSync(join(tmpdir(), 'runbook-'));
beforeAll(async () => {
  story = await startDeliveryStory(10, ({ key }) => {
    const [fate = ''] = key.split('-');
    return fate === 'unclear' || fate === 'refused' ? ANSWERS[fate] : ACCEPTED;
  });
}, 240_000);
afterAll(async () => {
  await story.stop();
  rmSync(directory, { recursive: true });
});

// No command meets what another has left behind.
afterEach(() =>
  openSqs().send(new PurgeQueueCommand({ QueueUrl: story.run.stack.outputs.DeadLetterQueueUrl })),
);

const commands = readSections().flatMap(({ name, commands: all }) =>
  all.filter(isAdapterCommand).map((command) => [name, command] as const),
);

describe('the commands of the runbook about', () => {
  test.each(commands)(
    '%s do what they say: %s',
    async (_section, command) => {
      const { ID, deadLetter } = await prepare(command);
      // The stage of this stack has another address in stages.yaml than a run on this machine.
      const where = isCheck(command) ? ` --event-url ${story.run.eventUrl}` : '';
      const { code, stdout, stderr } = await runInShell(`${command}${where}`, { ID });

      // The status of a stack with dead letters needs a person.
      const ends = / status\b/.test(command) && !command.includes('secrets') ? 1 : 0;
      expect([code, stdout, stderr]).toEqual([ends, expect.stringMatching(/\S/), '']);
      const isTaken = /replay|drop/.test(command) && !command.includes('--dry-run');
      if (deadLetter !== undefined) expect(await lies(deadLetter)).toBe(!isTaken);
    },
    120_000,
  );

  test('dead letters, replays and stories are among them', () => {
    expect(commands.length).toBeGreaterThan(10);
  });
});

const isCheck = (command: string) => command.includes('-- check ');

let prepared = 0;

/** Makes what the command is about: a dead letter, a webhook or a captured request. `ID` is the beginning of its id. */
async function prepare(command: string): Promise<{ readonly ID: string; readonly deadLetter?: string }> {
  prepared += 1;
  if (command.includes('explain')) {
    await story.post('parked', `well-${prepared}`);
    await story.line(`well-${prepared}`, isEnd);
    return { ID: `id_well-${prepared}` };
  }
  if (command.includes('doctor')) {
    capture();
    return { ID: '' };
  }
  if (command.includes('secrets status') || isCheck(command)) return { ID: '' };
  if (command.includes('moved-by-sqs')) return { ID: '', deadLetter: await moveBySqs() };
  const fate = command.includes('unconfirmed') ? 'unclear' : 'refused';
  await story.post('parked', `${fate}-${prepared}`);
  await story.line(`${fate}-${prepared}`, isEnd);
  const written = await story.deadLetters();
  const deadLetter = written.find(
    ({ attributes }) => attributes['deduplication-id'] === `id_${fate}-${prepared}`,
  );
  if (deadLetter === undefined) throw new Error('There is no dead letter.');
  return { ID: deadLetter.messageId, deadLetter: deadLetter.messageId };
}

/** Whether a dead letter is still where it was. */
async function lies(messageId: string): Promise<boolean> {
  return (await story.deadLetters()).some((deadLetter) => deadLetter.messageId === messageId);
}

/** A request as somebody might have kept it. */
function capture(): void {
  const body = '{"id":"evt_1","type":"invoice.paid"}';
  const headers = { 'stripe-signature': stripeSignature(body, SECRET, Math.floor(Date.now() / 1000)) };
  const request = { method: 'POST', url: 'https://hooks.example.com/webhooks/stripe', headers, body };
  writeFileSync(join(directory, 'captured.json'), JSON.stringify(request));
}

/** What SQS itself has moved has no note. */
async function moveBySqs(): Promise<string> {
  const attributes = {
    ...{ version: '2', 'webhook-id': 'crash-loop', source: 'stripe', 'event-type': 'parked' },
    ...{ 'deduplication-id': `id_moved-${prepared}`, 'received-at': new Date().toISOString() },
    body: 'json utf-8',
  };
  const { MessageId = '' } = await openSqs().send(
    new SendMessageCommand({
      QueueUrl: story.run.stack.outputs.DeadLetterQueueUrl,
      MessageBody: JSON.stringify({ type: 'parked', id: `id_moved-${prepared}`, key: `moved-${prepared}` }),
      MessageAttributes: Object.fromEntries(
        Object.entries(attributes).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
      ),
    }),
  );
  return MessageId;
}

function openSqs(): SQSClient {
  const { region, endpoints } = story.run.stack;
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  return new SQSClient({ region, endpoint: endpoints.sqs, credentials });
}

type Ended = { readonly code: number; readonly stdout: string; readonly stderr: string };

function runInShell(command: string, values: Readonly<Record<string, string>>): Promise<Ended> {
  const { region, endpoints } = story.run.stack;
  const env = {
    ...process.env,
    ...{
      STACK: LOCAL_STACK,
      SOURCE: 'stripe',
      SECRET,
      CAPTURED: join(directory, 'captured.json'),
      // The operator's working copy has the mappings that are deployed.
      MAPPINGS_FOLDER: join(ROOT, 'test/story/mappings'),
      ...values,
    },
    ...{ AWS_REGION: region, AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' },
    AWS_ENDPOINT_URL_SQS: endpoints.sqs,
    AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamoDb,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoints.secretsManager,
  };
  return new Promise((resolve) => {
    execFile('sh', ['-c', command], { cwd: ROOT, env }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
    );
  });
}
