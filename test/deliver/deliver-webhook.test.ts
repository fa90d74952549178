import { describe, expect, test } from '@jest/globals';
import type { Attempt } from '../../lambdas/deliver/attempt.ts';
import type { EventRequest } from '../../lambdas/deliver/build-request.ts';
import {
  type DeliverDependencies,
  deliverMapped,
  openWebhook,
} from '../../lambdas/deliver/deliver-webhook.ts';
import { fail, succeed } from '../../lambdas/result.ts';
import { compiledMapping } from '../map/compiled-mapping.ts';

const ACCEPTED: Attempt = {
  kind: 'answered',
  status: 200,
  retryAfter: undefined,
  body: '{"transaction-id":"event_1"}',
};

const MAPPING = compiledMapping([
  {
    name: 'paid',
    on: 'invoice.paid',
    when: '{% amount > 0 %}',
    'event-id': 'evt_1',
    'event-key': '{% email %}',
    'event-params': { id: '{% id %}', all: '{% large ? $ : undefined %}' },
  },
]);

function setUp(changes: Partial<DeliverDependencies> = {}) {
  const calls: EventRequest[] = [];
  let forgotten = 0;
  const dependencies: DeliverDependencies = {
    mappings: new Map([['stripe', MAPPING]]),
    webexKeys: async () => succeed({ primary: 'key-1' }),
    forgetWebexKeys: () => {
      forgotten += 1;
    },
    call: async (request) => {
      calls.push(request);
      return ACCEPTED;
    },
    now: () => new Date('2026-11-23T12:00:00Z'),
    ...changes,
  };
  return {
    calls,
    forgotten: () => forgotten,
    deliver: async (body: string, attributes: Record<string, string> = {}) => {
      const message = { body, attributes: { ...ATTRIBUTES, ...attributes } };
      const opened = await openWebhook(message, dependencies.mappings);
      if (!opened.ok) return { outcomes: [opened.failure.outcome] };
      const outcomes = opened.value.events.map((event) => deliverMapped(event, dependencies));
      return { outcomes: await Promise.all(outcomes) };
    },
  };
}

const ATTRIBUTES = {
  version: '2',
  source: 'stripe',
  'event-type': 'invoice.paid',
  'deduplication-id': 'evt_1',
  'received-at': '2026-11-23T11:59:59.000Z',
  body: 'json utf-8',
  'webhook-id': 'JKJaXmPLvHcESHA=',
};

const PAID = '{"id":820982911946154508,"email":"ann@example.com","amount":5}';

describe('a buffered webhook', () => {
  test('is mapped and sent exactly as the contract says', async () => {
    const { calls, deliver } = setUp();

    const { outcomes } = await deliver(PAID);

    expect(outcomes).toEqual([
      { event: 'paid', outcome: 'delivered', transactionId: 'event_1', answer: { status: 200 } },
    ]);
    expect(calls).toEqual([
      {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json',
          authorization: 'Bearer key-1',
        },
        body: '{"event-id":"evt_1","event-key":"ann@example.com","event-params":{"id":"820982911946154508"}}',
      },
    ]);
  });

  test('for which "when" is not met is skipped without a call', async () => {
    const { calls, deliver } = setUp();

    expect((await deliver('{"amount":0}')).outcomes).toEqual([
      { event: 'paid', outcome: 'skipped', code: 'when-not-met' },
    ]);
    expect(calls).toEqual([]);
  });

  test('is tried later while the key cannot be read', async () => {
    const { calls, deliver } = setUp({
      webexKeys: async () => fail({ code: 'secret-missing', secret: 'webex-campaign' }),
    });

    expect((await deliver(PAID)).outcomes).toEqual([
      { event: 'paid', outcome: 'retry-later', code: 'secret-missing' },
    ]);
    expect(calls).toEqual([]);
  });

  test('has the key read anew after it was refused', async () => {
    const { forgotten, deliver } = setUp({
      call: async () => ({ kind: 'answered', status: 401, retryAfter: undefined, body: '{"code":498}' }),
    });

    await deliver(PAID);

    expect(forgotten()).toBe(1);
  });
});

describe('a webhook that cannot be delivered is dead-lettered with stage and code:', () => {
  test.each([
    ['buffer', 'message-unreadable', PAID, { version: '9' }],
    ['map', 'no-mapping', PAID, { source: 'gone' }],
    ['map', 'no-mapping', PAID, { 'event-type': 'gone' }],
    ['map', 'body-not-json', '{', {}],
    ['map', 'body-not-json', '/w==', { encoding: 'base64' }],
    ['map', 'event-key-missing', '{"amount":1}', {}],
    ['map', 'value-not-text', '{"amount":1,"email":"a@b.c","large":true}', {}],
    ['map', 'payload-too-large', `{"amount":1,"email":"a@b.c","id":"${'x'.repeat(24_000)}"}`, {}],
  ])('%s, %s', async (stage, code, body, attributes) => {
    const { calls, deliver } = setUp();

    expect((await deliver(body, attributes)).outcomes).toMatchObject([
      { outcome: 'dead-letter', stage, code },
    ]);
    expect(calls).toEqual([]);
  });

  test('deliver, webex-mandatory-field-missing, when HTTP 200 carries the code 1002', async () => {
    const { deliver } = setUp({
      call: async () => ({ kind: 'answered', status: 200, retryAfter: undefined, body: '{"code":1002}' }),
    });

    expect((await deliver(PAID)).outcomes).toEqual([
      {
        event: 'paid',
        outcome: 'dead-letter',
        stage: 'deliver',
        code: 'webex-mandatory-field-missing',
        answer: { status: 200, code: '1002' },
      },
    ]);
  });
});
