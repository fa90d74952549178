import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readDeadLetterMessages } from '../../answers/dead-letters/queue.ts';
import { openAccount } from '../../answers/project.ts';
import { shopifySignature, stripeSignature } from '../../bench/events.ts';
import { listDeadLetters } from '../../cli/dead-letters/list.ts';
import { type DeliverLine, type LocalRun, startLocalRun } from '../../local/run.ts';
import type { WebexCampaignSimulator } from '../../local/webex-campaign/simulator.ts';
import { SIX_SECRETS, SIX_SOURCES } from '../fixtures/six-sources.ts';

// The whole path on this machine: the bundles that would be deployed, real SQS and Secrets Manager protocols, a Webex
// Campaign that follows the contract. Only the queues' clock is faster.
const SPEED = 20;
const [STRIPE_SECRET = ''] = SIX_SECRETS['webhooks/stripe'].signingSecrets;
const [SHOPIFY_SECRET = ''] = SIX_SECRETS['webhooks/shopify'].signingSecrets;

let run: LocalRun;
let simulator: WebexCampaignSimulator;
const printed: string[] = [];

beforeAll(async () => {
  const started = await startLocalRun(
    { port: 0, speed: SPEED, mappings: SIX_SOURCES, readSecrets: () => SIX_SECRETS },
    { onLine: (line) => printed.push(JSON.stringify(line)) },
  );
  if (!started.ok || started.value.simulator === undefined) throw new Error('The local run did not start.');
  run = started.value;
  simulator = started.value.simulator;
}, 240_000);

afterAll(() => run.stop());

describe('a Stripe webhook', () => {
  test('is delivered as the event that its mapping makes of it', async () => {
    const body = invoice({ id: 'evt_story_delivered', customer_name: 'Zoë Ümlaut', amount_due: 1250 });

    expect(await post('stripe', body, signStripe(body))).toEqual([200, 'buffered']);
    const line = await settled('evt_story_delivered');

    expect(line).toMatchObject({ event: 'payment-failed', outcome: 'delivered' });
    expect(callsAbout('cus_evt_story_delivered')).toEqual([
      {
        'event-id': 'evt_10000000000001',
        'event-key': 'cus_evt_story_delivered',
        'event-params': {
          firstname: 'Zoë',
          name: 'Zoë Ümlaut',
          amount: '12.50',
          currency: 'EUR',
          attempt: '1',
          channel: 'stripe',
        },
      },
    ]);
  });

  test('that is forged is refused and goes no further', async () => {
    const body = invoice({ id: 'evt_story_forged' });
    const forged = { 'stripe-signature': stripeSignature(body, 'forged', Math.floor(Date.now() / 1000)) };

    expect(await post('stripe', body, forged)).toEqual([401, 'no-matching-secret']);
    expect(await post('stripe', body, {})).toEqual([401, 'missing-header']);
    expect(await post('stripe', `${body} `, signStripe(body))).toEqual([401, 'body-re-encoded']);
    expect(await post('stripe', `${body}x`, signStripe(body))).toEqual([401, 'no-matching-secret']);
    expect(callsAbout('cus_evt_story_forged')).toEqual([]);
  });

  test('of a type that no mapping wants is ignored and not buffered', async () => {
    const body = JSON.stringify({ id: 'evt_story_ignored', type: 'payout.paid' });

    expect(await post('stripe', body, signStripe(body))).toEqual([200, 'ignored']);
    expect(await settled('evt_story_ignored', 1_000)).toBeUndefined();
  });

  test('for which "when" is not met is worked off without a call', async () => {
    const body = invoice({ id: 'evt_story_free', amount_due: 0 });

    await post('stripe', body, signStripe(body));

    expect(await settled('evt_story_free')).toMatchObject({ outcome: 'skipped' });
    expect(callsAbout('cus_evt_story_free')).toEqual([]);
  });

  test('that Webex Campaign refuses inside an HTTP 200 is dead-lettered with the reason', async () => {
    simulator.script([{ status: 200, body: { code: 1002, description: 'about cus_evt_story_1002' } }]);
    const body = invoice({ id: 'evt_story_1002' });

    await post('stripe', body, signStripe(body));
    await settled('evt_story_1002');

    const { text, exitCode } = await listDeadLetters({
      port: Number(new URL(run.stack.url).port),
      json: true,
    });
    expect(exitCode).toBe(0);
    expect(JSON.parse(text)).toContainEqual(
      expect.objectContaining({
        source: 'stripe',
        eventType: 'invoice.payment_failed',
        deduplicationId: 'evt_story_1002',
        stage: 'deliver',
        code: 'webex-mandatory-field-missing',
        event: 'payment-failed',
        answer: { status: 200, code: '1002', description: 'about •••' },
        attempts: 1,
      }),
    );
    expect(await deadLetterBodies()).toContain(body);
  });

  test('that Webex Campaign throttles is delivered once it no longer does, and not sooner than asked', async () => {
    simulator.script([{ status: 429, body: { code: 429 }, headers: { 'retry-after': '30' } }]);
    const body = invoice({ id: 'evt_story_429' });

    const startedAt = performance.now();
    await post('stripe', body, signStripe(body));
    const line = await settled('evt_story_429');

    expect(line).toMatchObject({ attempts: 2, outcome: 'delivered' });
    expect(performance.now() - startedAt).toBeGreaterThan((30 / SPEED) * 1000 * 0.9);
    expect(callsAbout('cus_evt_story_429')).toHaveLength(2);
  });
});

describe('a Shopify webhook', () => {
  test('is delivered with every digit of an id beyond 2^53', async () => {
    const body = '{"id":820982911946154508,"email":"ann@example.com","name":"#1","total_price":"9.95"}';
    const headers = { 'x-shopify-hmac-sha256': shopifySignature(body, SHOPIFY_SECRET) };

    expect(await post('shopify', body, { ...headers, 'x-shopify-topic': 'orders/create' })).toEqual([
      200,
      'buffered',
    ]);
    await run.lines.find(
      (line) =>
        line.stage === 'deliver' && line.source === 'shopify' && line.outcome === 'delivered'
          ? line
          : undefined,
      20_000,
    );

    expect(callsAbout('ann@example.com')).toMatchObject([
      { 'event-params': { order_id: '820982911946154508' } },
    ]);
  });

  test('in base64, as API Gateway hands on what is not text, keeps its bytes', async () => {
    const body = '{"email":"bob@example.com"}';
    const headers = {
      'content-type': 'application/octet-stream',
      'x-shopify-topic': 'orders/create',
      'x-shopify-hmac-sha256': shopifySignature(body, SHOPIFY_SECRET),
    };

    expect(await post('shopify', body, headers)).toEqual([200, 'buffered']);
  });
});

describe('a large webhook', () => {
  test('travels compressed, and is delivered as any other', async () => {
    const body = invoice({ id: 'evt_story_large', note: 'x'.repeat(2_000_000) });

    expect(await post('stripe', body, signStripe(body))).toEqual([200, 'buffered']);
    expect(await settled('evt_story_large')).toMatchObject({ outcome: 'delivered' });
  });

  test('that cannot be compressed enough is refused with 413', async () => {
    const noise = createHash('shake256', { outputLength: 900_000 }).update('noise').digest('base64');
    const body = invoice({ id: 'evt_story_too_large', note: noise });

    expect(await post('stripe', body, signStripe(body))).toEqual([413, 'body-too-large']);
  });
});

describe('a wrong request gets a clear answer:', () => {
  const now = () => Math.floor(Date.now() / 1000);

  test.each([
    ['an unknown source', 'nobody', '{}', () => ({}), [404, 'unknown-source']],
    ['a malformed body', 'stripe', '{', () => signStripe('{'), [400, 'body-not-json']],
    ['an empty body', 'stripe', '', () => ({}), [400, 'body-empty']],
    [
      'a malformed signature',
      'stripe',
      '{}',
      () => ({ 'stripe-signature': 'v1' }),
      [401, 'malformed-header'],
    ],
    [
      'a signature that was sent twice',
      'stripe',
      '{}',
      () => ({
        'stripe-signature': `${stripeSignature('{}', 'a', now())},${stripeSignature('{}', 'b', now())}`,
      }),
      [401, 'repeated-header'],
    ],
    [
      'an old signature',
      'stripe',
      '{}',
      () => ({ 'stripe-signature': stripeSignature('{}', STRIPE_SECRET, now() - 301) }),
      [401, 'timestamp-too-old'],
    ],
  ])('%s', async (_, source, body, headers, expected) => {
    expect(await post(source, body, headers())).toEqual(expected);
  });

  test.each([
    ['GET', '/webhooks/stripe', 405, 'method-not-allowed'],
    ['PUT', '/webhooks/stripe', 405, 'method-not-allowed'],
    ['GET', '/', 404, 'unknown-path'],
    ['POST', '/webhooks', 404, 'unknown-path'],
  ])('%s %s', async (method, path, status, code) => {
    const response = await fetch(new URL(path, run.stack.url), { method });

    expect([response.status, await response.json()]).toEqual([status, { code, message: expect.any(String) }]);
  });
});

// Last: it looks back at all that the stories above have printed and left behind.
test('no value of a payload, no secret, key or signature is in a log line or on a note', async () => {
  const notes = (await deadLetters()).map(({ attributes }) => JSON.stringify(attributes));
  const text = [...printed, ...notes].join('\n');

  expect(text).toContain('evt_story_1002');
  const { primary } = SIX_SECRETS['webex-campaign'];
  for (const canary of ['Zoë', 'cus_evt', 'ann@example.com', STRIPE_SECRET, SHOPIFY_SECRET, primary, 'v1=']) {
    expect(text).not.toContain(canary);
  }
});

function invoice({
  id,
  ...object
}: {
  id: string;
  customer_name?: string;
  amount_due?: number;
  note?: string;
}): string {
  const invoiced = { customer: `cus_${id}`, amount_due: 500, currency: 'eur', attempt_count: 1, ...object };
  return JSON.stringify({ id, type: 'invoice.payment_failed', data: { object: invoiced } });
}

function signStripe(body: string): Record<string, string> {
  return { 'stripe-signature': stripeSignature(body, STRIPE_SECRET, Math.floor(Date.now() / 1000)) };
}

async function post(
  source: string,
  body: string,
  headers: Record<string, string>,
): Promise<[number, string]> {
  const response = await fetch(new URL(`/webhooks/${source}`, run.stack.url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
  return [response.status, JSON.parse(await response.text()).code];
}

/** The deliver function's last line about the one event of a webhook. */
function settled(deduplicationId: string, milliseconds = 20_000): Promise<DeliverLine | undefined> {
  return run.lines.find(
    (line) =>
      line.stage === 'deliver' && line.deduplicationId === deduplicationId && line.outcome !== 'retry-later'
        ? line
        : undefined,
    milliseconds,
  );
}

function callsAbout(eventKey: string): unknown[] {
  return simulator
    .received()
    .map(({ body }) => JSON.parse(body))
    .filter((payload) => payload['event-key'] === eventKey);
}

async function deadLetters(): ReturnType<typeof readDeadLetterMessages> {
  const account = await openAccount({ port: Number(new URL(run.stack.url).port) });
  if (!account.ok) throw new Error(account.failure);
  return readDeadLetterMessages(account.value);
}

async function deadLetterBodies(): Promise<string[]> {
  return (await deadLetters()).map(({ body }) => body);
}
