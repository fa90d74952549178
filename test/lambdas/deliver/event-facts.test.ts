import { describe, expect, test } from '@jest/globals';
import { callFacts } from '../../../lambdas/deliver/event.ts';
import { mapWebhook } from '../../../lambdas/map/webhook.ts';
import { compiledMapping, webhookOf } from '../map/compiled-mapping.ts';

const MAPPING = compiledMapping([
  {
    name: 'paid',
    on: 'paid',
    'event-id': 'evt_1',
    'event-key': '{% key %}',
    'event-params': { plan: 'Gold', name: '{% name %}' },
  },
]);

async function factsOf(body: object) {
  const [mapped] = await mapWebhook(MAPPING, webhookOf(body, 'paid'));
  return mapped && callFacts(mapped);
}

describe('what the ledger keeps of a call', () => {
  test('is the event definition, and each parameter by its name and its bytes', async () => {
    expect(await factsOf({ key: 'cus_77', name: 'Zoë' })).toEqual({
      eventId: 'evt_1',
      parameters: { plan: 4, name: 4 },
    });
  });

  test('is nothing where no event came out of the mapping', async () => {
    expect(await factsOf({ name: 'Zoë' })).toEqual({});
  });
});
