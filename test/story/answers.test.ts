import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type DeliveryStory, startDeliveryStory } from './delivery-story.ts';
import { ACCEPTED, type EventAnswer } from './webex-campaign.ts';

const SPEED = 20;
const CODES = [1001, 1002, 1003, 430, 498, 404, 405, 429, 499, 500, 502];

/** What the first call for an event key is answered; every further one is accepted. */
const first = new Map<string, EventAnswer>();

let story: DeliveryStory;
beforeAll(async () => {
  story = await startDeliveryStory(SPEED, ({ key }, before) => {
    if (key.startsWith('twice-throttled') && before < 2) {
      return { status: 429, body: '{"code":429}', retryAfter: '2' };
    }
    return before === 0 ? (first.get(key) ?? ACCEPTED) : ACCEPTED;
  });
}, 240_000);
afterAll(() => story.stop());

test.each(CODES)('HTTP 200 with the code %d means what HTTP 500 with it means', async (code) => {
  const lines: unknown[] = [];
  for (const status of [200, 500]) {
    const key = `${status}-${code}`;
    first.set(key, { status, body: JSON.stringify({ code, description: 'x' }) });
    await story.post('parked', key);
    const line = await story.line(key, ({ answer }) => answer !== undefined);
    lines.push({ outcome: line?.outcome, code: line?.code, answer: line?.answer });
    await story.line(key);
    // All is well again for the breaker, whatever it has made of that answer.
    await story.post('parked', `${key}-after`);
    expect(await story.line(`${key}-after`)).toMatchObject({ outcome: 'delivered' });
  }

  const [under200, under500] = lines;
  expect(under200).toMatchObject({ answer: { status: 200, code: `${code}` } });
  expect(under500).toEqual({ ...Object(under200), answer: { status: 500, code: `${code}` } });
});

test('a call that is throttled twice is made a third time, and never earlier than the vendor asked', async () => {
  await story.post('parked', 'twice-throttled');

  expect(await story.line('twice-throttled')).toMatchObject({ outcome: 'delivered', attempts: 3 });
  const times = story.callsAbout('twice-throttled').map(({ at }) => at);
  const gaps = times.slice(1).map((at, index) => (at - (times[index] ?? 0)) * SPEED);
  expect(gaps).toHaveLength(2);
  for (const gap of gaps) expect(gap).toBeGreaterThanOrEqual(2_000);
});

test('a hundred copies of one webhook, ten at a time, are one call', async () => {
  for (let sent = 0; sent < 100; sent += 10) {
    const ten = Array.from({ length: 10 }, () => story.post('parked', 'copied'));
    expect(await Promise.all(ten)).toEqual(Array(10).fill(200));
  }

  expect(await story.line('copied')).toMatchObject({ outcome: 'delivered' });
  const deadline = Date.now() + 30_000;
  while (duplicates() < 99 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
  expect(duplicates()).toBe(99);
  expect(story.callsAbout('copied')).toHaveLength(1);

  function duplicates(): number {
    return story.printed.filter((text) => text.includes('"id_copied"') && text.includes('"duplicate"'))
      .length;
  }
}, 240_000);

test('two events of one webhook are delivered once each, though one of them has to wait', async () => {
  first.set('pair-two', { status: 429, body: '{"code":429}', retryAfter: '2' });
  await story.post('both', 'pair');

  expect(
    await story.line('pair', ({ event, outcome }) => event === 'two-of-two' && outcome === 'delivered'),
  ).toBeDefined();
  expect(story.callsAbout('pair')).toHaveLength(1);
  expect(story.callsAbout('pair-two')).toHaveLength(2);
});

test('an event that is too old is recorded as expired, and not sent', async () => {
  await story.post('fresh', 'stale', { at: '2020-01-01T00:00:00Z' });

  expect(await story.line('stale')).toMatchObject({ outcome: 'expired', code: 'too-old' });
  expect(story.callsAbout('stale')).toEqual([]);
});
