import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { LOCAL_STACK } from '../../lib/stages/synthesize.ts';
import { type DeliveryStory, startDeliveryStory } from './delivery-story.ts';
import { ACCEPTED, type EventAnswer } from './webex-campaign.ts';

const SPEED = 60;
const REFUSED: EventAnswer = { status: 401, body: '{"code":498,"description":"Invalid token"}' };
const MINUTE = 60_000 / SPEED;

const valid = new Set<string>();
const secrets: { primary: string; secondary?: string; signing: string } = {
  primary: 'first',
  signing: 'whsec_story',
};

let story: DeliveryStory;
beforeAll(async () => {
  story = await startDeliveryStory(SPEED, ({ bearer }) => (valid.has(bearer) ? ACCEPTED : REFUSED), secrets);
}, 240_000);
afterAll(() => story.stop());

describe('refused keys', () => {
  test('pause everything for five minutes with few probes, and a new key in the secret ends the pause', async () => {
    const keys = Array.from({ length: 20 }, (_, index) => `paused-${index}`);
    const startedAt = performance.now();
    await Promise.all(keys.map((key) => story.post('parked', key)));
    await new Promise((resolve) => setTimeout(resolve, 5 * MINUTE));
    const probes = story.calls.length;
    const minutes = (performance.now() - startedAt) / MINUTE;
    Object.assign(secrets, { primary: 'renewed', secondary: 'other' });
    valid.add('renewed').add('other');

    for (const key of keys) expect(await story.line(key)).toMatchObject({ outcome: 'delivered' });
    expect(probes).toBeGreaterThan(0);
    // Two workers, one probe a minute each, and the first calls of either. A busy machine may take more than five minutes.
    expect(probes).toBeLessThanOrEqual(2 * (minutes + 2));
    // Those without an event key are probes, which message nobody.
    const renewed = story.calls.filter(({ bearer, key }) => bearer === 'renewed' && key !== '');
    expect(new Set(renewed.map(({ key }) => key))).toEqual(new Set(keys));
    expect(await story.notes()).toEqual([]);
    // What the alarm looks at: 1 during the pause, 0 once a call has been accepted.
    const paused = story.printed
      .filter((text) => text.includes('"PausedByCredentials":'))
      .map((text) => JSON.parse(text));
    expect(paused[0]).toMatchObject({ PausedByCredentials: 1, stack: LOCAL_STACK });
    expect(paused.at(-1)).toMatchObject({ PausedByCredentials: 0, stack: LOCAL_STACK });
  }, 240_000);

  test('make no event late while the other key is valid', async () => {
    valid.delete('renewed');
    const keys = Array.from({ length: 10 }, (_, index) => `other-${index}`);
    await Promise.all(keys.map((key) => story.post('parked', key)));

    for (const key of keys) {
      expect(await story.line(key, () => true)).toMatchObject({ outcome: 'delivered', attempts: 1 });
    }
    expect(story.calls.filter(({ key }) => keys.includes(key)).map(({ bearer }) => bearer)).toContain(
      'renewed',
    );
  }, 240_000);
});
