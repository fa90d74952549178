import { describe, expect, test } from '@jest/globals';
import type { BufferedWebhook } from '../../../../lambdas/buffer/message.ts';
import { intakeRecordOf } from '../../../../lambdas/deliver/ledger/entry.ts';
import { mapWebhook } from '../../../../lambdas/map/webhook.ts';
import { compiledMapping, webhookOf } from '../../map/compiled-mapping.ts';
import { NOW } from '../deliver-setup.ts';

const LONG = `{% ${'due > 0 and '.repeat(30)}true %}`;
const KEY = { 'event-id': 'evt_1', 'event-key': '{% key %}' };
const ITEM = { 'event-id': 'evt_2', 'event-key': '{% $item.key %}' };
const MAPPING = compiledMapping([
  { name: 'paid', on: 'paid', ...KEY },
  { name: 'owed', on: 'paid', when: LONG, ...KEY },
  { name: 'each', on: ['batch', 'lot'], items: '{% items %}', ...ITEM },
  { name: 'some', on: 'batch', items: '{% items %}', when: '{% $item.wanted %}', ...ITEM },
]);

async function intakeRecord(type: string, body: object, changes: Partial<BufferedWebhook> = {}) {
  const webhook: BufferedWebhook = {
    webhookId: 'request-1',
    source: 'stripe',
    eventTypes: [type],
    deduplicationId: 'evt_77',
    receivedAt: new Date(NOW.getTime() - 5_000),
    bodyFormat: 'json',
    headers: {},
    rawBody: Buffer.from(JSON.stringify(body)),
    ...changes,
  };
  const events = await mapWebhook(MAPPING, webhookOf(body, type));
  return intakeRecordOf(webhook, { mapping: MAPPING, events }, NOW);
}

describe('the intakeRecord of a webhook', () => {
  test('tells how it was matched, in codes, counts and the words of the mapping', async () => {
    const kept = await intakeRecord('paid', { key: 'cus_77', due: 0 }, { secretIndex: 1 });

    expect(kept).toStrictEqual({
      webhookId: 'request-1',
      receivedAt: new Date(NOW.getTime() - 5_000),
      takenAt: NOW,
      eventTypes: ['paid'],
      bytes: 24,
      secretIndex: 1,
      matched: [
        { event: 'paid', made: 1, rejected: 0 },
        { event: 'owed', made: 0, rejected: 0, skipped: 'when-not-met', when: expect.any(String) },
      ],
      others: 2,
    });
    expect(kept.matched[1]?.when).toHaveLength(200);
    expect(LONG).toContain(kept.matched[1]?.when);
  });

  test('says nothing of a secret where the webhook does not', async () => {
    expect(await intakeRecord('paid', { key: 'cus_77' })).not.toHaveProperty('secretIndex');
  });

  test('counts what an event has made of its items, and what it could not', async () => {
    const items = [{ key: 'a', wanted: true }, { wanted: true }, { key: 'c' }];

    expect((await intakeRecord('batch', { items })).matched).toStrictEqual([
      { event: 'each', made: 2, rejected: 1 },
      { event: 'some', made: 1, rejected: 1 },
    ]);
  });

  test('counts only what could not be made, where nothing could', async () => {
    const items = [{ wanted: true }, { key: 'c' }];

    expect((await intakeRecord('batch', { items })).matched[1]).toStrictEqual({
      event: 'some',
      made: 0,
      rejected: 1,
    });
  });

  test('tells a list of nothing from a condition that was not met', async () => {
    expect((await intakeRecord('batch', { items: [] })).matched).toStrictEqual([
      { event: 'each', made: 0, rejected: 0, skipped: 'no-items' },
      { event: 'some', made: 0, rejected: 0, skipped: 'no-items' },
    ]);
  });
});
