import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type DeliveryStory, startDeliveryStory } from './delivery-story.ts';
import { ACCEPTED, type EventAnswer } from './webex-campaign.ts';

const SPEED = 60;
const MINUTE = 60_000 / SPEED;
const PAGE: EventAnswer = { status: 502, body: '<html>' };

let isOut = false;
let story: DeliveryStory;
beforeAll(async () => {
  story = await startDeliveryStory(SPEED, () => (isOut ? PAGE : ACCEPTED));
}, 240_000);
afterAll(() => story.stop());

describe('an outage of Webex Campaign', () => {
  test('parks five events for each worker, and the others go out by themselves once it is over', async () => {
    isOut = true;
    const keys = Array.from({ length: 40 }, (_, index) => `out-${index}`);
    await Promise.all(keys.map((key) => story.post('parked', key)));
    await new Promise((resolve) => setTimeout(resolve, 10 * MINUTE));
    const called = story.calls.filter(({ key }) => key !== '').length;
    isOut = false;

    const lines = await Promise.all(keys.map((key) => story.line(key)));
    const parked = lines.filter((line) => line?.outcome === 'dead-letter');
    // Two workers.
    expect(called).toBeLessThanOrEqual(2 * 5);
    expect(parked).toHaveLength(called);
    expect(lines.filter((line) => line?.outcome === 'delivered')).toHaveLength(keys.length - called);
    // The probes in between named no event, and were logged as none.
    expect(story.callsAbout('').length).toBeGreaterThan(3);
    expect(story.calls.filter(({ key }) => key !== '')).toHaveLength(keys.length);
  }, 240_000);
});
