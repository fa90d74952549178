import { fileURLToPath } from 'node:url';
import { type AttributeValue, DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { type DeadLetterMessage, readDeadLetterMessages } from '../../answers/dead-letters/queue.ts';
import { openAccount } from '../../answers/project.ts';
import { stripeSignature } from '../../bench/events.ts';
import { type DeadLetterFailure, readNote } from '../../lambdas/dead-letter/note.ts';
import { ledgerTableName } from '../../lambdas/deliver/ledger/entry.ts';
import { LOCAL_STACK } from '../../lib/stages/synthesize.ts';
import { type DeliverLine, type LocalRun, startLocalRun } from '../../local/run.ts';
import { type EventAnswer, type EventCall, startEventApi } from './webex-campaign.ts';

const CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' };

/** The local run with an event API of the test's own, and what the test needs to see of both. */
export type DeliveryStory = {
  readonly run: LocalRun;
  /** Every call so far. */
  readonly calls: EventCall[];
  readonly callsAbout: (key: string) => readonly EventCall[];
  /** Every line that a function has printed, as it is. */
  readonly printed: string[];
  readonly post: (type: string, key: string, more?: object) => Promise<number>;
  /** The first line of the deliver function about this webhook for which `is` holds. */
  readonly line: (
    key: string,
    is?: (line: DeliverLine) => boolean,
    milliseconds?: number,
  ) => Promise<DeliverLine | undefined>;
  /** All failures that the notes of the dead letters tell of. */
  readonly notes: () => Promise<readonly StoryNote[]>;
  readonly ledger: () => Promise<readonly Record<string, AttributeValue>[]>;
  readonly deadLetters: () => ReturnType<typeof readDeadLetterMessages>;
  readonly stop: () => Promise<void>;
};

/** A failure of a dead letter, and the webhook that it is of. */
type StoryNote = DeadLetterFailure & { readonly deduplicationId: string | undefined };

/** The secrets of a story. */
export type StorySecrets = { primary: string; secondary?: string; signing: string };

/** Marked, as the canaries are: it must not be found anywhere. */
const HASH_KEY = 'MARK-hash-key-that-nobody-needs-to-know';

export async function startDeliveryStory(
  speed: number,
  answer: (call: EventCall, callsBefore: number) => EventAnswer,
  secrets: StorySecrets = { primary: 'key-1', signing: 'whsec_story' },
): Promise<DeliveryStory> {
  const calls: EventCall[] = [];
  const eventApi = await startEventApi((call) => {
    const before = calls.filter(({ key }) => key === call.key).length;
    calls.push(call);
    return answer(call, before);
  });
  const printed: string[] = [];
  const run = await startRun(speed, eventApi.url, secrets, (text) => printed.push(text));
  const account = await openAccount({ port: Number(new URL(run.stack.url).port) });
  if (!account.ok) throw new Error(account.failure);
  const deadLetters = () => readDeadLetterMessages(account.value);
  return {
    run,
    calls,
    callsAbout: (key) => calls.filter((call) => call.key === key),
    printed,
    post: (type, key, more = {}) => post(run, secrets.signing, { type, id: `id_${key}`, key, ...more }),
    line: (key, is = isEnd, milliseconds = 25_000) =>
      run.lines.find(
        (one) =>
          one.stage === 'deliver' && one.deduplicationId === `id_${key}` && is(one) ? one : undefined,
        milliseconds,
      ),
    notes: async () => (await deadLetters()).flatMap(noteOf),
    ledger: () => scanLedger(run),
    deadLetters,
    stop: async () => {
      await run.stop();
      await eventApi.stop();
    },
  };
}

/** The local run with the story's mappings; its secrets are asked for anew whenever a function reads one. */
async function startRun(
  speed: number,
  eventUrl: string,
  secrets: StorySecrets,
  onText: (text: string) => void,
): Promise<LocalRun> {
  const readSecrets = () => {
    const { signing, ...keys } = secrets;
    return {
      'webhooks/stripe': { signingSecrets: [signing] },
      'webex-campaign': { ...keys, hashKey: HASH_KEY },
    };
  };
  const mappings = fileURLToPath(new URL('./mappings', import.meta.url));
  const started = await startLocalRun({ port: 0, speed, eventUrl, mappings, readSecrets }, { onText });
  if (!started.ok) throw new Error(started.failure);
  return started.value;
}

/** None where SQS itself has moved the message: nobody has written one. */
function noteOf({ attributes }: DeadLetterMessage): readonly StoryNote[] {
  const { failures = [] } = readNote(attributes) ?? {};
  return failures.map((failure) => ({ ...failure, deduplicationId: attributes['deduplication-id'] }));
}

export function isEnd({ outcome }: DeliverLine): boolean {
  return outcome !== 'retry-later';
}

export async function post(
  run: LocalRun,
  signing: string,
  webhook: object,
  at = Date.now(),
): Promise<number> {
  const body = JSON.stringify(webhook);
  const signature = stripeSignature(body, signing, Math.floor(at / 1000));
  const response = await fetch(new URL('/webhooks/stripe', run.stack.url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'stripe-signature': signature },
    body,
  });
  await response.arrayBuffer();
  return response.status;
}

async function scanLedger({ stack }: LocalRun): Promise<readonly Record<string, AttributeValue>[]> {
  const { region, endpoints } = stack;
  const client = new DynamoDBClient({ region, endpoint: endpoints.dynamoDb, credentials: CREDENTIALS });
  const { Items = [] } = await client.send(new ScanCommand({ TableName: ledgerTableName(LOCAL_STACK) }));
  return Items;
}
