import { describe, expect, test } from '@jest/globals';
import { fail } from '../../../lambdas/result.ts';
import { LEASE_MILLISECONDS, NOW, record, setUp } from './deliver-setup.ts';

describe('a dead letter', () => {
  test('that cannot be written is written by the next who receives the message', async () => {
    const first = setUp({ putDeadLetter: async () => fail({ cause: 'TimeoutError' }) });

    expect(await first.deliver(record('cat'))).toEqual(['message-cat']);
    expect(first.lines).toMatchObject([
      { outcome: 'retry-later', code: 'dead-letter-unavailable', cause: 'TimeoutError' },
    ]);

    const second = setUp({ ledger: first.ledger });
    second.clock.now = new Date(NOW.getTime() + LEASE_MILLISECONDS);
    expect(await second.deliver(record('cat'))).toEqual([]);
    expect(second.called()).toEqual([]);
    expect(second.deadLetters.flatMap(([, note]) => note.failures)).toMatchObject([
      { code: 'webex-mandatory-field-missing', answer: { status: 200, code: '1002' }, attempts: 1 },
    ]);
  });

  test('is written once for an event that cannot be mapped', async () => {
    const { deadLetters, called, deliver } = setUp();
    const unmapped = record('', 'invoice.paid', { body: { key: null } });

    expect(await deliver(unmapped)).toEqual([]);
    expect(await deliver(unmapped)).toEqual([]);
    expect(called()).toEqual([]);
    expect(deadLetters.flatMap(([, note]) => note.failures)).toMatchObject([
      { stage: 'map', code: 'event-key-missing', detail: 'event-key: null, from {% key %}', attempts: 0 },
    ]);
  });

  test.each([
    ['a message that cannot be read', { version: '9' }, '{}', 'message-unreadable'],
    ['a webhook of a source without a mapping', { source: 'nobody' }, '{}', 'no-mapping'],
    ['a webhook that no event is on any more', { 'event-type': 'gone' }, '{}', 'no-mapping'],
    ['a body that is not JSON', {}, '{', 'body-not-json'],
    ['a body that is nested too deep', {}, `${'['.repeat(501)}${']'.repeat(501)}`, 'body-too-deep'],
  ])('is written for %s', async (_, attributes, body, code) => {
    const { deadLetters, lines, deliver } = setUp();
    const { message, ...rest } = record('ann');
    const unopenable = { ...rest, message: { body, attributes: { ...message.attributes, ...attributes } } };

    expect(await deliver(unopenable)).toEqual([]);
    expect(deadLetters.flatMap(([, note]) => note.failures)).toMatchObject([{ code, attempts: 0 }]);
    expect(lines).toMatchObject([{ outcome: 'dead-letter', code, UnopenedMessages: 1 }]);
  });

  test('of a message that cannot be read is tried again later', async () => {
    const put = setUp({ putDeadLetter: async () => fail({ cause: 'TimeoutError' }) });
    const { message, ...rest } = record('ann');

    expect(await put.deliver({ ...rest, message: { ...message, body: '{' } })).toEqual(['message-ann']);
    expect(put.hidden).toEqual([['handle-ann', 5]]);
    expect(put.lines).toMatchObject([
      { outcome: 'retry-later', code: 'body-not-json', cause: 'TimeoutError' },
    ]);
  });
});
