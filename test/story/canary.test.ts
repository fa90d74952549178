import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { stripeSignature } from '../../bench/events.ts';
import { type DeliveryStory, startDeliveryStory } from './delivery-story.ts';
import { ACCEPTED, type EventAnswer } from './webex-campaign.ts';

// Marked values go through the wired functions to every outcome. What is left behind may hold none of the marks, except the
// webhooks themselves.
const SECRETS = {
  primary: 'MARK-primary-key',
  secondary: 'MARK-secondary-key',
  signing: 'whsec_MARK-signing-secret',
};

/** Answers quote what they were asked, as the vendor's descriptions may. */
const ANSWERS: Readonly<Record<string, (quoted: string) => EventAnswer>> = {
  delivered: () => ACCEPTED,
  refused: (description) => ({ status: 200, body: JSON.stringify({ code: 1002, description }) }),
  firewall: (description) => ({ status: 403, body: `<html>${description}</html>` }),
  'odd-code': (description) => ({ status: 200, body: JSON.stringify({ code: description }) }),
  unclear: (description) => ({ status: 500, body: JSON.stringify({ code: 500, description }) }),
  throttled: (description) => ({
    status: 429,
    body: JSON.stringify({ code: 429, description }),
    retryAfter: description,
  }),
  credentials: (description) => ({ status: 401, body: JSON.stringify({ code: 498, description }) }),
  crashed: () => undefined,
};

let story: DeliveryStory;
const signatures: string[] = [];
let crashing = 0;

beforeAll(async () => {
  story = await startDeliveryStory(
    20,
    ({ key, note, bearer }, before) => {
      const outcome = key.replace('MARK-key-', '');
      if (outcome === 'crashed') crashing += 1;
      const isOver = before > 0 && (outcome === 'throttled' || outcome === 'credentials');
      return isOver ? ACCEPTED : ANSWERS[outcome]?.(`for ${key}: ${note} ${bearer}`);
    },
    SECRETS,
  );
}, 240_000);
afterAll(() => story.stop());

/** Sends a webhook whose every value but its id is marked: ids may be logged. */
async function send(type: string, id: string, secret = SECRETS.signing): Promise<number> {
  const webhook = {
    type,
    id: `canary-${id}`,
    key: `MARK-key-${id}`,
    note: 'MARK-note',
    at: '2020-01-01T00:00:00Z',
  };
  const body = JSON.stringify(webhook);
  const signature = stripeSignature(body, secret, Math.floor(Date.now() / 1000));
  signatures.push(signature.replace(/^.*v1=/, ''));
  const response = await fetch(new URL('/webhooks/stripe', story.run.stack.url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'stripe-signature': signature, 'x-other': 'MARK-header' },
    body,
  });
  return response.status;
}

function end(id: string, outcome: string): Promise<string | undefined> {
  return story.run.lines.find(
    (line) =>
      line.stage === 'deliver' && line.deduplicationId === `canary-${id}` && line.outcome === outcome
        ? line.code
        : undefined,
    20_000,
  );
}

test('no value of a payload, event key, API key, secret or signature is in any log line, metric, note, error or ledger item', async () => {
  expect(await send('parked', 'forged', 'whsec_MARK-other-secret')).toBe(401);
  const journeys: readonly (readonly [string, string, string, string])[] = [
    ['parked', 'delivered', 'delivered', 'delivered'],
    ['parked', 'refused', 'dead-letter', 'webex-mandatory-field-missing'],
    ['parked', 'firewall', 'dead-letter', 'webex-refused'],
    ['parked', 'odd-code', 'dead-letter', 'unconfirmed'],
    ['parked', 'unclear', 'dead-letter', 'unconfirmed'],
    ['parked', 'throttled', 'delivered', 'delivered'],
    ['parked', 'credentials', 'delivered', 'delivered'],
    ['fresh', 'expired', 'expired', 'too-old'],
    ['rejected', 'rejected', 'dead-letter', 'value-null'],
    ['refused-by-map', 'unmapped', 'dead-letter', 'value-not-text'],
  ];
  for (const [type, id, outcome, code] of journeys) {
    expect(await send(type, id)).toBe(200);
    expect([id, await end(id, outcome)]).toEqual([id, code]);
  }
  await putUnreadable();
  await crash();

  const hashed = (await story.ledger()).filter(({ state, eventId }) => state && eventId);
  expect(hashed.length).toBeGreaterThan(5);
  for (const { eventKeyHash } of hashed) expect(eventKeyHash?.S).toMatch(/^[0-9a-f]{64}$/);
  const left = await leftBehind();
  for (const [, id] of journeys) expect(left).toContain(`canary-${id}`);
  expect(left).toContain('message-unreadable');
  // What the vendor said is kept, the customer's part of it masked.
  expect(left).toContain('for •••: ••• •••');
  expect(left).toContain('Runtime exited');
  for (const mark of ['MARK', ...signatures]) expect([mark, left.includes(mark)]).toEqual([mark, false]);
}, 240_000);

/** Everything that is stored or printed, except the webhooks themselves. */
async function leftBehind(): Promise<string> {
  const deadLetters = (await story.deadLetters()).map(({ attributes: { code, note } }) => ({ code, note }));
  return [...story.printed, JSON.stringify(deadLetters), JSON.stringify(await story.ledger())].join('\n');
}

async function putUnreadable(): Promise<void> {
  const { region, endpoints, outputs } = story.run.stack;
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const sqs = new SQSClient({ region, endpoint: endpoints.sqs, credentials });
  const StringValue = 'MARK-attribute';
  await sqs.send(
    new SendMessageCommand({
      QueueUrl: outputs.BufferQueueUrl,
      MessageBody: 'MARK-body',
      MessageAttributes: {
        version: { DataType: 'String', StringValue },
        body: { DataType: 'String', StringValue },
        'received-at': { DataType: 'String', StringValue },
      },
    }),
  );
  const found = await story.run.lines.find(
    (line) => (line.stage === 'deliver' && line.code === 'message-unreadable' ? line : undefined),
    20_000,
  );
  expect(found).toMatchObject({ outcome: 'dead-letter', source: 'unknown' });
}

async function crash(): Promise<void> {
  await send('parked', 'crashed');
  while (crashing === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(await story.run.stack.killWorkers('Deliver')).toBeGreaterThan(0);
  while (!story.printed.some((text) => text.startsWith('Runtime exited'))) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
