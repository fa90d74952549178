import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  startWebexCampaignSimulator,
  type WebexCampaignSimulator,
} from '../../../local/webex-campaign/simulator.ts';

const EVENT = { 'event-id': 'evt_1', 'event-key': 'ann@example.com' };

let simulator: WebexCampaignSimulator;
beforeEach(async () => {
  simulator = await startWebexCampaignSimulator({ keys: () => ['key-1'] });
});
afterEach(() => simulator.stop());

function call(body: unknown = EVENT, signal = AbortSignal.timeout(5_000), key = 'key-1'): Promise<Response> {
  return fetch(simulator.eventUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify(body),
    signal,
    redirect: 'manual',
  });
}

describe('the simulator', () => {
  test('gives every accepted event an id of its own', async () => {
    const answers = [await (await call()).text(), await (await call()).text()];

    expect(new Set(answers).size).toBe(2);
    expect(answers[0]).toMatch(/^\{"transaction-id":"event_\d+"\}$/);
  });

  test('shows what it received and answered, without the key', async () => {
    await call();

    expect(simulator.received()).toEqual([
      {
        method: 'POST',
        path: '/campaignapi/resources/v3/events',
        body: JSON.stringify(EVENT),
        answer: { status: 200, body: expect.stringContaining('transaction-id') },
        isAccepted: true,
      },
    ]);
    expect(JSON.stringify(simulator.received())).not.toContain('key-1');
  });

  test('gives the dictated answers in their order, then follows the contract again', async () => {
    simulator.script([
      { status: 429, body: { code: 429 }, headers: { 'retry-after': 'soon' }, times: 2 },
      { status: 502, body: '<html>' },
      { status: 302, headers: { location: 'http://127.0.0.1:9/' } },
    ]);

    const answers = [await call(), await call(), await call(), await call(), await call()];

    expect(answers.map(({ status }) => status)).toEqual([429, 429, 502, 302, 200]);
    expect(answers[0]?.headers.get('retry-after')).toBe('soon');
    expect(await answers[2]?.text()).toBe('<html>');
  });

  test('can leave a call without an answer, late, or cut off', async () => {
    simulator.script([{ hang: true }, { reset: true }, { status: 200, delayMilliseconds: 200 }]);

    await expect(call(EVENT, AbortSignal.timeout(300))).rejects.toThrow('timeout');
    await expect(call()).rejects.toThrow('fetch failed');
    const startedAt = performance.now();
    expect((await call()).status).toBe(200);
    expect(performance.now() - startedAt).toBeGreaterThan(190);
  });

  test('gives an answer that is meant for an event key to that event alone, and only to whom it lets in', async () => {
    simulator.script([{ status: 502, for: { 'event-key': 'bob@example.com' } }]);
    const bob = { ...EVENT, 'event-key': 'bob@example.com' };

    expect((await call()).status).toBe(200);
    expect((await call(bob, AbortSignal.timeout(5_000), 'key-2')).status).toBe(401);
    expect((await call(bob)).status).toBe(502);
    expect((await call(bob)).status).toBe(200);
  });

  test('records which events its tenant has taken, whatever it answered', async () => {
    simulator.script([
      { status: 502, accepts: true },
      { status: 200, body: { 'transaction-id': 'event_1' } },
      { status: 200, body: { 'transaction-id': 'event_2', code: 500 } },
      { status: 200, body: { 'transaction-id': 'event_3' }, cut: true },
      { judgeAfterMilliseconds: 1 },
      { judgeAfterMilliseconds: 1, accepts: false },
      { reset: true, accepts: true },
    ]);

    for (let calls = 0; calls < 7; calls += 1)
      await call()
        .then((answer) => answer.text())
        .catch(() => {});

    expect(simulator.received().map(({ isAccepted }) => isAccepted)).toEqual([
      true,
      true,
      false,
      false,
      true,
      false,
      true,
    ]);
  });

  test('refuses connections while it is away, and is back at the same address', async () => {
    await simulator.setAway(true);
    await expect(call()).rejects.toThrow('fetch failed');
    await simulator.setAway(false);

    expect((await call()).status).toBe(200);
  });
});

/** What a call comes to within a moment: its HTTP status, or that there is no answer. */
async function outcomeOf(body: unknown, key?: string): Promise<number | 'no answer'> {
  const answer = await call(body, AbortSignal.timeout(300), key).catch(() => undefined);
  return answer?.status ?? 'no answer';
}

describe('a simulated outage', () => {
  test.each([
    [{ answer: 502 }, 502],
    [{ answer: 503 }, 503],
    [{ answer: 504 }, 504],
    [{ answer: 'time-out' }, 'no answer'],
  ] as const)('of %j answers so, before and after it has accepted an event', async (outage, outcome) => {
    for (const accepts of [false, true] as const) {
      simulator.setOutage({ ...outage, accepts });

      expect(await outcomeOf(EVENT)).toBe(outcome);
      expect(simulator.received().at(-1)).toMatchObject({ isAccepted: accepts });
    }
  });

  test('says when to come back, if it is told so', async () => {
    simulator.setOutage({ answer: 503, retryAfter: '120' });
    expect((await call()).headers.get('retry-after')).toBe('120');

    simulator.setOutage({ answer: 503 });
    expect((await call()).headers.has('retry-after')).toBe(false);
  });

  test('takes every other event, if it is told so', async () => {
    simulator.setOutage({ answer: 502, accepts: 'by-turns' });
    for (let n = 0; n < 4; n += 1) await call();

    expect(simulator.received().map(({ isAccepted }) => isAccepted)).toEqual([false, true, false, true]);
  });

  test('never takes a call that names no event, and answers it like others', async () => {
    simulator.setOutage({ answer: 502, accepts: true });

    expect(await outcomeOf({})).toBe(502);
    expect(simulator.received().at(-1)).toMatchObject({ isAccepted: false });
  });

  test('may lie behind a front that checks keys and fields as ever', async () => {
    simulator.setOutage({ answer: 502, isFrontWell: true });

    expect(await (await call({})).json()).toMatchObject({ code: 1002 });
    expect(await outcomeOf({}, 'key-2')).toBe(401);
    expect(await outcomeOf(EVENT)).toBe(502);
  });

  test('comes before what is scripted, and leaves it for later', async () => {
    simulator.script([{ status: 429 }]);
    simulator.setOutage({ answer: 502 });
    expect(await outcomeOf(EVENT)).toBe(502);
    simulator.setOutage(undefined);

    expect([await outcomeOf(EVENT), await outcomeOf(EVENT)]).toEqual([429, 200]);
  });
});

describe('from another process, the simulator', () => {
  const control = (method: string, path: string, body?: string) =>
    fetch(new URL(`/_simulator/${path}`, simulator.eventUrl), {
      method,
      ...(body !== undefined && { body }),
    });

  test('takes a script, and lists what it received', async () => {
    expect(await (await control('POST', 'script', '[{"status":499,"body":{"code":499}}]')).json()).toEqual({
      scripted: 1,
    });
    expect((await call()).status).toBe(499);
    expect(await (await control('GET', 'received')).json()).toMatchObject([{ answer: { status: 499 } }]);
  });

  test.each(['', '{}', '[{"status":5}]', '[{"hang":true,"status":200}]'])(
    'refuses the script %j',
    async (script) => {
      const response = await control('POST', 'script', script);

      expect([response.status, await response.json()]).toEqual([400, { message: expect.any(String) }]);
    },
  );

  test('has nothing else to offer', async () => {
    expect((await control('GET', 'elsewhere')).status).toBe(404);
  });

  test('can be told to fail, and to work again', async () => {
    expect(await (await control('POST', 'outage', '{"answer":503,"retryAfter":"9"}')).json()).toEqual({
      outage: { answer: 503, retryAfter: '9', accepts: false, isFrontWell: false },
    });
    expect((await call()).status).toBe(503);
    expect((await control('POST', 'outage', '{"answer":500}')).status).toBe(400);
    await control('POST', 'outage', 'null');
    expect((await call()).status).toBe(200);
  });
});
