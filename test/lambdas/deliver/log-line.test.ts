import { describe, expect, test } from '@jest/globals';
import { formatBug } from '../../../lambdas/deliver/log-line.ts';
import { fail, succeed } from '../../../lambdas/result.ts';
import { compiledMapping } from '../map/compiled-mapping.ts';
import { NOW, record, setUp } from './deliver-setup.ts';

/** The metrics of a line about a message: one by one, and what they mean for deliver as a whole. */
function metricsOf(...names: readonly string[]): object {
  const unitOf = (Name: string) => ({ Name, ...(Name === 'WaitingTime' && { Unit: 'Seconds' }) });
  return {
    Timestamp: NOW.getTime(),
    CloudWatchMetrics: [
      {
        Namespace: 'WebhookAdapter',
        Dimensions: [['stack', 'stage', 'source', 'code']],
        Metrics: [unitOf('UnopenedMessages')],
      },
      { Namespace: 'WebhookAdapter', Dimensions: [['stack']], Metrics: names.map(unitOf) },
    ],
  };
}

/** Buffered a second ago. */
const KEPT = { _aws: metricsOf('WaitingTime', 'Faults'), Faults: 1, WaitingTime: 1 };

function unopenable(body: string, attributes: object) {
  const { message, ...rest } = record('ann');
  return { ...rest, message: { body, attributes: { ...message.attributes, ...attributes } } };
}

const IDS = { eventTypes: ['invoice.paid'], deduplicationId: 'evt_ann', webhookId: 'JKJaXmPLvHcESHA=' };

describe('a message in which no event is found', () => {
  test.each([
    [
      'buffer',
      'message-unreadable',
      unopenable('{}', { version: '9' }),
      { source: 'unknown', detail: 'version: Invalid input: expected "2"' },
    ],
    ['map', 'no-mapping', unopenable('{}', { source: 'nobody' }), { source: 'nobody', ...IDS }],
    [
      'map',
      'no-mapping',
      unopenable('{}', { 'event-type': 'gone' }),
      { source: 'stripe', ...IDS, eventTypes: ['gone'] },
    ],
    ['map', 'body-not-json', unopenable('{', {}), { source: 'stripe', ...IDS }],
  ])(
    '%s, %s: has a note and a line that say so, and all that is known',
    async (stage, code, message, known) => {
      const { deadLetters, lines, deliver } = setUp();

      await deliver(message);

      const detail = 'detail' in known ? { detail: known.detail } : {};
      const failures = [{ stage, code, ...detail, attempts: 0 }];
      expect(deadLetters.map(([, note]) => note)).toEqual([
        { failures, receives: 1, deadLetteredAt: NOW.toISOString() },
      ]);
      expect(lines).toEqual([
        {
          _aws: metricsOf('DeadLetters'),
          DeadLetters: 1,
          UnopenedMessages: 1,
          stage: 'deliver',
          code,
          outcome: 'dead-letter',
          messageId: 'message-ann',
          receives: 1,
          ...known,
        },
      ]);
    },
  );

  test('has the name of the error that kept it from being dead-lettered', async () => {
    const { lines, deliver } = setUp({ putDeadLetter: async () => fail({ cause: 'TimeoutError' }) });

    await deliver(unopenable('{', {}));

    expect(lines).toEqual([
      {
        ...KEPT,
        UnopenedMessages: 1,
        stage: 'deliver',
        source: 'stripe',
        code: 'body-not-json',
        outcome: 'retry-later',
        cause: 'TimeoutError',
        ...IDS,
        messageId: 'message-ann',
        receives: 1,
      },
    ]);
  });

  test.each([
    [new RangeError('a value'), 'RangeError'],
    ['a value', 'unknown'],
  ])('has the name of a bug, and no word of its message: %j', (bug, cause) => {
    expect(formatBug(record('ann'), bug, NOW)).toEqual({
      ...KEPT,
      UnopenedMessages: 1,
      stage: 'deliver',
      source: 'unknown',
      code: 'internal-error',
      outcome: 'retry-later',
      cause,
      messageId: 'message-ann',
      receives: 1,
    });
  });
});

describe('a line about an event', () => {
  test('that was not called has no time of a call', async () => {
    const { clock, lines, deliver } = setUp();
    clock.remainingMilliseconds = 0;

    await deliver(record('batch', 'batch', { body: { keys: ['ann'] } }));

    expect(lines).toEqual([
      {
        _aws: {
          Timestamp: NOW.getTime(),
          CloudWatchMetrics: [
            {
              Namespace: 'WebhookAdapter',
              Dimensions: [['stack', 'stage', 'source', 'event', 'code']],
              Metrics: [{ Name: 'Events' }],
            },
            {
              Namespace: 'WebhookAdapter',
              Dimensions: [['stack']],
              Metrics: [{ Name: 'WaitingTime', Unit: 'Seconds' }],
            },
          ],
        },
        WaitingTime: 1,
        Events: 1,
        stage: 'deliver',
        source: 'stripe',
        event: 'each',
        item: 0,
        outcome: 'retry-later',
        code: 'not-begun',
        retrySeconds: 1,
        eventTypes: ['batch'],
        deduplicationId: 'evt_batch',
        webhookId: 'JKJaXmPLvHcESHA=',
        mappingVersion: expect.any(String),
        receives: 1,
      },
    ]);
  });
});

describe('a write of the ledger whose answer was lost', () => {
  test('is recognised when it is refused for having been successful', async () => {
    const { ledger, entries } = setUp();
    let isFirst = true;
    const { called, lines, deliver } = setUp({
      ledger: {
        ...ledger,
        write: async (entry) => {
          const written = await ledger.write(entry);
          if (!isFirst) return written;
          isFirst = false;
          return succeed('changed');
        },
      },
    });

    expect(await deliver(record('ann'))).toEqual([]);
    expect(called()).toEqual(['ann']);
    expect(lines).toMatchObject([{ outcome: 'delivered' }]);
    expect([...entries.values()]).toMatchObject([{ state: 'delivered', attempts: 1 }]);
  });
});

test.each([
  [
    'cat',
    {
      state: 'failed',
      stage: 'deliver',
      code: 'webex-mandatory-field-missing',
      answer: { status: 200, code: '1002' },
    },
  ],
  ['eve', { state: 'unconfirmed', stage: 'deliver', code: 'unconfirmed', detail: 'timeout' }],
  ['bob', { state: 'waiting', code: 'webex-throttled', answer: { status: 429, code: '429' } }],
])('the ledger has the whole reason why %s was not messaged', async (key, reason) => {
  const { entries, deliver } = setUp();

  await deliver(record(key));

  expect([...entries.values()]).toEqual([expect.objectContaining(reason)]);
});

describe('the parameters that an event is sent without', () => {
  const mapping = compiledMapping([
    {
      name: 'paid',
      on: 'invoice.paid',
      'event-id': 'evt_1',
      'event-key': '{% key %}',
      'event-params': { first: '{% first %}', city: '{% city %}', plan: 'gold' },
    },
  ]);
  const linesOf = async (key: string, values: object) => {
    const { lines, deliver } = setUp({ mappings: new Map([['stripe', mapping]]) });
    await deliver(record(key, 'invoice.paid', { body: { key, ...values } }));
    return lines;
  };

  test.each([
    [{}, 'first\ncity'],
    [{ first: 'Ann', city: null }, 'city'],
    [{ first: 'Ann', city: ' ' }, 'city'],
    [{ first: 'null', city: 'Ulm' }, 'first'],
  ])('are named where it ends: %j', async (values, missing) => {
    expect(await linesOf('ann', values)).toMatchObject([{ outcome: 'delivered', missing }]);
  });

  test('are not mentioned where there are none', async () => {
    const [line] = await linesOf('ann', { first: 'Ann', city: 'Ulm' });

    expect(line).toMatchObject({ outcome: 'delivered' });
    expect(line).not.toHaveProperty('missing');
    expect(JSON.stringify(line)).not.toMatch(/Ann|Ulm/);
  });

  test('are named in a dead letter’s line, and not where it is tried again', async () => {
    expect(await linesOf('cat', {})).toMatchObject([{ outcome: 'dead-letter', missing: 'first\ncity' }]);
    const [line] = await linesOf('bob', {});
    expect(line).toMatchObject({ outcome: 'retry-later' });
    expect(line).not.toHaveProperty('missing');
  });
});
