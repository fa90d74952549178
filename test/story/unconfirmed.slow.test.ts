import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type DeliveryStory, isEnd, startDeliveryStory } from './delivery-story.ts';

// An event API that accepts every call and never answers it: the client gives up after ten true seconds.
let story: DeliveryStory;
beforeAll(async () => {
  story = await startDeliveryStory(60, () => undefined);
}, 240_000);
afterAll(() => story.stop());

describe('a call that is accepted and never answered', () => {
  test('is made once under park, however often the webhook is repeated, and ends parked as unconfirmed', async () => {
    await story.post('parked', 'hang');
    await Promise.all([story.post('parked', 'hang'), story.post('parked', 'hang')]);

    expect(await story.line('hang')).toMatchObject({
      event: 'parked',
      outcome: 'dead-letter',
      code: 'unconfirmed',
      attempts: 1,
    });
    await story.post('parked', 'hang');
    expect(await story.line('hang', ({ outcome }) => outcome === 'duplicate')).toMatchObject({
      code: 'already-unconfirmed',
    });
    expect(story.callsAbout('hang')).toHaveLength(1);
    expect(
      (await story.notes()).filter(({ deduplicationId }) => deduplicationId === 'id_hang'),
    ).toMatchObject([{ stage: 'deliver', code: 'unconfirmed', event: 'parked', attempts: 1 }]);
    expect(await story.ledger()).toContainEqual(
      expect.objectContaining({ webhook: { S: 'stripe#id_hang' }, state: { S: 'unconfirmed' } }),
    );
  }, 240_000);

  test('is made again under retry', async () => {
    await story.post('repeated', 'again');

    expect(await story.line('again', ({ attempts }) => attempts === 2)).toMatchObject({
      outcome: 'retry-later',
      code: 'unconfirmed',
    });
    expect(story.callsAbout('again')).toHaveLength(2);
  }, 240_000);
});

describe('a deliver worker that is killed in the middle of its call', () => {
  test('leaves an event that is not called again, and ends as unconfirmed once the claim has run out', async () => {
    await story.post('parked', 'killed');
    while (story.callsAbout('killed').length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await story.run.stack.killWorkers('Deliver')).toBeGreaterThan(0);

    expect((await fetch(`${story.run.stack.url}/healthz`)).status).toBe(200);
    // Its redelivery comes long before the claim has run out.
    expect(await story.line('killed', ({ code }) => code === 'busy')).toMatchObject({
      outcome: 'retry-later',
    });
    expect(await story.line('killed', isEnd, 90_000)).toMatchObject({
      outcome: 'dead-letter',
      code: 'unconfirmed',
      detail: 'worker-lost',
    });
    expect(story.callsAbout('killed')).toHaveLength(1);
  }, 240_000);
});
