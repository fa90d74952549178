import { beforeEach, describe, expect, test } from '@jest/globals';
import { createBreaker } from '../../../../lambdas/deliver/event-api/breaker.ts';
import {
  type CallerDependencies,
  createEventCaller,
  createRateLimit,
  type EventCaller,
  type EventRequest,
} from '../../../../lambdas/deliver/event-api/caller.ts';
import { createKeyedCaller, type WebexKeys } from '../../../../lambdas/deliver/event-api/keys.ts';
import {
  type AnswerFacts,
  type Attempt,
  classifyAttempt,
  DEFAULT_ANSWER_RULES,
  judgeProbe,
} from '../../../../lambdas/deliver/event-api/verdict.ts';
import { fail, type Result, succeed } from '../../../../lambdas/result.ts';
import type { SecretFailure } from '../../../../lambdas/secret.ts';
import { VirtualTime } from '../virtual-time.ts';

const EVENT = {
  event: { name: 'paid', eventId: 'evt_1', eventKey: 'ann', params: {} },
  payload: '{"event-id":"evt_1","event-key":"ann"}',
};
const TIMED_OUT: Attempt = { kind: 'no-answer', cause: 'timeout' };
const ACCEPTED = answered(200, '{"transaction-id":"e"}');
const MANDATORY = answered(200, '{"code":1002}');
const REFUSED = answered(401, '{"code":498}');

let keys: Result<WebexKeys, SecretFailure>;
/** What a call with an event is answered, and what a probe is, by the key. */
let toEvent: (key: string) => Attempt;
let toProbe: (key: string) => Attempt;
let milliseconds: number;
let time: VirtualTime;
let requests: EventRequest[];
let reported: AnswerFacts[];
let caller: EventCaller;

beforeEach(() => {
  keys = succeed({ primary: 'first', secondary: 'second' });
  toEvent = () => ACCEPTED;
  toProbe = () => MANDATORY;
  milliseconds = 0;
  time = new VirtualTime();
  requests = [];
  reported = [];
  caller = createCaller();
});

function answered(status: number, body: string, retryAfter?: string): Attempt {
  return { kind: 'answered', status, retryAfter, body };
}

function createCaller(changed: Partial<CallerDependencies> = {}) {
  const readKeys = async () => keys;
  return createEventCaller({
    ...DEFAULT_ANSWER_RULES,
    keyedCaller: createKeyedCaller({ readKeys, rereadKeys: async () => undefined }),
    readKeys,
    breaker: createBreaker('call'),
    rateLimit: createRateLimit(1_000),
    call: answer,
    callMilliseconds: 10_000,
    reportUnknownProbe: (facts) => reported.push(facts),
    pause: time.sleep,
    now: () => new Date(time.now),
    ...changed,
  });
}

async function answer(request: EventRequest): Promise<Attempt> {
  requests.push(request);
  if (milliseconds > 0) await time.sleep(milliseconds);
  return (isProbe(request) ? toProbe : toEvent)(keyOf(request));
}

const isProbe = ({ body }: EventRequest) => body === '{}';
const keyOf = ({ headers }: EventRequest) => headers.authorization?.replace('Bearer ', '') ?? '';

/** What has been called: `probe` or `event`, and the key. */
const called = () => requests.map((request) => `${isProbe(request) ? 'probe' : 'event'} ${keyOf(request)}`);

/** Lets time pass until this is done. */
async function during<Value>(work: Promise<Value>): Promise<Value> {
  await time.run();
  return work;
}

const ask = (remaining = 30_000) => during(caller.currentPause(remaining));
const call = (remaining = 30_000) => during(caller.call(EVENT, () => remaining));

/** Has the breaker open, and a probe due. */
async function fail5Times(): Promise<void> {
  const before = toEvent;
  toEvent = () => answered(502, '');
  for (let n = 0; n < 5; n += 1) await call();
  toEvent = before;
  requests.splice(0);
  time.now += 60_000;
}

describe('an event that asks when a probe is due', () => {
  test('has it sent, with the key of the stage and without event id and event key', async () => {
    await fail5Times();

    expect(await ask()).toBeUndefined();
    expect(requests).toEqual([
      {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json',
          authorization: 'Bearer first',
        },
        body: '{}',
      },
    ]);
    expect(await call()).toMatchObject({ kind: 'called', calls: 1, verdict: { outcome: 'delivered' } });
    expect(await ask()).toBeUndefined();
  });

  test('is paused where the outage goes on, and is not called for', async () => {
    await fail5Times();
    toProbe = () => answered(503, '');

    expect(await ask()).toEqual({ code: 'paused-endpoint', atLeastSeconds: 60 });
    expect(await call()).toMatchObject({ kind: 'paused', code: 'paused-endpoint' });
    expect(called()).toEqual(['probe first']);
  });

  test('is alone in that: others are paused meanwhile, and only one of them is let through after it', async () => {
    await fail5Times();
    milliseconds = 300;
    const asked = [1, 2, 3].map(() => caller.currentPause(30_000));

    expect(await during(Promise.all(asked))).toMatchObject([
      undefined,
      { code: 'paused-endpoint' },
      { code: 'paused-endpoint' },
    ]);
    const calls = [1, 2, 3].map(() => caller.call(EVENT, () => 30_000));
    expect(await during(Promise.all(calls))).toMatchObject([
      { kind: 'called' },
      { kind: 'paused', code: 'paused-endpoint' },
      { kind: 'paused', code: 'paused-endpoint' },
    ]);
    expect(called()).toEqual(['probe first', 'event first']);
  });

  test('waits for the turn of its probe, which counts towards the rate', async () => {
    caller = createCaller({ rateLimit: createRateLimit(0.5) });
    await fail5Times();
    const before = time.now;
    await ask();
    await call();

    expect(time.now - before).toBe(2_000);
    expect(called()).toEqual(['probe first', 'event first']);
  });

  test.each([
    [12_999, { code: 'not-begun' }, []],
    [13_000, undefined, ['probe first']],
  ])('with %d ms left comes to %j: a probe takes as long as a call', async (remaining, pause, calls) => {
    await fail5Times();

    expect(await ask(remaining)).toEqual(pause);
    expect(called()).toEqual(calls);
  });

  test('is not begun where the probe took the time that its call needs; the next event is', async () => {
    await fail5Times();
    milliseconds = 9_000;

    expect(await ask(20_000)).toEqual({ code: 'not-begun' });
    expect(await ask()).toBeUndefined();
    expect(called()).toEqual(['probe first']);
  });

  test('leaves the probe to another where its turn would come too late', async () => {
    caller = createCaller({ rateLimit: createRateLimit(0.05) });
    toEvent = () => REFUSED;
    keys = succeed({ primary: 'first' });
    await call();
    time.now += 60_000;
    toProbe = () => answered(429, '', '1');
    expect(await ask()).toEqual({ code: 'paused-throttled', atLeastSeconds: 1 });
    time.now += 1_000;
    toProbe = () => MANDATORY;

    expect(await ask()).toEqual({ code: 'not-begun' });
    expect(await ask(40_000)).toBeUndefined();
    expect(called()).toEqual(['event first', 'probe first', 'probe first']);
  });

  test('reads no key while it is paused, nor without the time for a call', async () => {
    await fail5Times();
    keys = fail({ code: 'secret-missing', secret: 'webex-campaign' });
    time.now -= 1;

    expect(await ask()).toEqual({ code: 'paused-endpoint', atLeastSeconds: 0.001 });
    time.now += 1;
    expect(await ask(12_999)).toEqual({ code: 'not-begun' });
    expect(await ask()).toEqual({ code: 'secret-missing' });
  });

  test('leaves the probe to another where there is no key', async () => {
    await fail5Times();
    keys = fail({ code: 'secret-missing', secret: 'webex-campaign' });
    expect(await ask()).toEqual({ code: 'secret-missing' });

    keys = succeed({ primary: 'third' });
    expect(await ask()).toBeUndefined();
    expect(called()).toEqual(['probe third']);
  });
});

test('a key that has gone by the turn of the probe gives the probe back', async () => {
  caller = createCaller({ rateLimit: createRateLimit(0.5) });
  toEvent = () => REFUSED;
  keys = succeed({ primary: 'first' });
  await call();
  time.now += 60_000;
  toProbe = () => answered(429, '', '1');
  await ask();
  time.now += 1_000;
  time.sleep(500).then(() => {
    keys = fail({ code: 'secret-missing', secret: 'webex-campaign' });
  });
  expect(await ask()).toEqual({ code: 'secret-missing' });

  keys = succeed({ primary: 'third' });
  toProbe = () => MANDATORY;
  expect(await ask()).toBeUndefined();
  expect(called()).toEqual(['event first', 'probe first', 'probe third']);
});

describe('the keys of a probe', () => {
  const refuseAll = async () => {
    toEvent = () => REFUSED;
    await call();
    requests.splice(0);
    time.now += 60_000;
  };

  test('are tried in turn, as those of an event, and the event goes with the one that was not refused', async () => {
    await refuseAll();
    toProbe = (key) => (key === 'first' ? REFUSED : MANDATORY);
    toEvent = (key) => (key === 'first' ? REFUSED : ACCEPTED);

    expect(await ask()).toMatchObject({ code: 'paused-credentials' });
    time.now += 60_000;
    expect(await ask()).toBeUndefined();
    expect(called()).toEqual(['probe first', 'probe second']);
    expect(await call()).toMatchObject({ verdict: { outcome: 'delivered' }, keyUsed: 'secondary' });
  });

  test.each([
    [30_000, undefined, ['probe first', 'probe second']],
    [22_999, { code: 'paused-credentials' }, ['probe first']],
  ])('are both tried at once, if there is time: with %d ms left', async (remaining, pause, calls) => {
    await fail5Times();
    toProbe = (key) => (key === 'first' ? REFUSED : MANDATORY);
    milliseconds = 10_000;

    const paused = await ask(remaining);
    expect(called()).toEqual(calls);
    if (pause !== undefined) expect(paused).toMatchObject(pause);
  });

  test('keep the breaker open while they are refused', async () => {
    await refuseAll();
    toProbe = () => REFUSED;

    expect(await ask()).toEqual({ code: 'paused-credentials', atLeastSeconds: 60 });
  });

  test('are not taken for working by an answer about fields: that may come before the key is looked at', async () => {
    await refuseAll();
    await ask();

    expect(await call()).toMatchObject({ verdict: { code: 'webex-credentials-refused' } });
    expect(await ask()).toMatchObject({ code: 'paused-credentials' });
  });
});

describe('a probe that is not understood', () => {
  test('is reported from the third on, by status and code alone', async () => {
    await fail5Times();
    toProbe = () => answered(403, '{"code":77,"description":"blocked"}');
    for (let n = 0; n < 2; n += 1) {
      expect(await ask()).toMatchObject({ code: 'paused-endpoint' });
      time.now += 60_000;
    }
    expect(reported).toEqual([]);

    expect(await ask()).toBeUndefined();
    expect(reported).toEqual([{ status: 403, code: '77' }]);
    expect(await call()).toMatchObject({ verdict: { outcome: 'delivered' } });
  });
});

describe('the answer to a probe', () => {
  const judge = (attempt: Attempt) => judgeProbe(classifyAttempt(attempt, new Date(0)));

  test.each([
    ['1002 in 200', MANDATORY, 'healthy'],
    ['1002 in 500', answered(500, '{"code":"1002"}'), 'healthy'],
    ['1001', answered(200, '{"code":1001}'), 'healthy'],
    ['498', REFUSED, 'credentials-refused'],
    ['430', answered(401, '{"code":430}'), 'credentials-refused'],
    ['401 without a code', answered(401, ''), 'credentials-refused'],
    ['429', answered(429, '', '3'), 'throttled'],
    ['500', answered(500, ''), 'outage'],
    ['500 in 200', answered(200, '{"code":500}'), 'outage'],
    ['502', answered(502, '<html>'), 'outage'],
    ['502 in 200', answered(200, '{"code":502}'), 'outage'],
    ['a longer code that begins with 502', answered(200, '{"code":5020}'), 'unknown'],
    ['a longer code that ends in 502', answered(200, '{"code":1502}'), 'unknown'],
    ['503', answered(503, ''), 'outage'],
    ['503 with Retry-After', answered(503, '', '3'), 'outage'],
    ['504', answered(504, ''), 'outage'],
    ['a time-out', TIMED_OUT, 'outage'],
    ['no connection', { kind: 'not-sent', cause: 'ECONNREFUSED' }, 'outage'],
    ['1003, as no recommendation was asked for', answered(200, '{"code":1003}'), 'unknown'],
    ['400', answered(400, ''), 'unknown'],
    ['403', answered(403, '<html>'), 'unknown'],
    ['404', answered(404, '{"code":404}'), 'unknown'],
    ['302', answered(302, ''), 'unknown'],
    ['499', answered(499, '{"code":499}'), 'unknown'],
    ['200, empty', answered(200, ''), 'unknown'],
    ['an event accepted that nobody named', ACCEPTED, 'unknown'],
  ] as const)('%s means that', (_, attempt, signal) => {
    expect(judge(attempt)).toBe(signal);
  });
});

describe('many calls side by side', () => {
  test('to an endpoint that has never answered are five, whatever the time-out', async () => {
    toEvent = () => TIMED_OUT;
    milliseconds = 10_000;
    const ends = time.now + 30_000;
    const calls = Array.from({ length: 100 }, () => caller.call(EVENT, () => ends - time.now));
    const outcomes = await during(Promise.all(calls));

    expect(requests).toHaveLength(5);
    expect(outcomes.filter(({ kind }) => kind === 'paused')).toHaveLength(95);
    expect(outcomes.at(-1)).toMatchObject({ code: 'paused-endpoint' });
  });

  test('to an endpoint that stops answering are those under way at its last answer, and five', async () => {
    const stopsAt = time.now + 2_000;
    let underWay = 0;
    let atLastAnswer = 0;
    let lost = 0;
    const answerUntilItStops = async () => {
      underWay += 1;
      const isLost = time.now + 300 > stopsAt;
      await time.sleep(isLost ? 10_000 : 300);
      underWay -= 1;
      if (isLost) lost += 1;
      else atLastAnswer = underWay;
      return isLost ? TIMED_OUT : ACCEPTED;
    };
    caller = createCaller({ rateLimit: createRateLimit(50), call: answerUntilItStops });
    const ends = time.now + 30_000;
    const calls = Array.from({ length: 300 }, () => caller.call(EVENT, () => ends - time.now));
    await during(Promise.all(calls));

    expect(atLastAnswer).toBeGreaterThan(10);
    expect(lost).toBeLessThanOrEqual(atLastAnswer + 5);
  });

  test('flow at the full rate while the endpoint answers', async () => {
    milliseconds = 300;
    caller = createCaller({ rateLimit: createRateLimit(50) });
    const start = time.now;
    const outcomes = await during(
      Promise.all(Array.from({ length: 500 }, () => caller.call(EVENT, () => 30_000))),
    );

    expect(outcomes.every(({ kind }) => kind === 'called')).toBe(true);
    expect(time.now - start).toBeLessThan(1.1 * 10_300);
  });

  test('take no turn of the rate while they wait for the end of another', async () => {
    milliseconds = 10_000;
    const turns = createRateLimit(1_000);
    let taken = 0;
    caller = createCaller({
      rateLimit: {
        reserve: (now, most) => {
          taken += 1;
          return turns.reserve(now, most);
        },
      },
    });
    await during(Promise.all(Array.from({ length: 6 }, () => caller.call(EVENT, () => 30_000))));

    expect(taken).toBe(7);
  });

  test('go on after some of them have met a bug before their call', async () => {
    for (let n = 0; n < 5; n += 1) {
      keys = undefined as never;
      const failed = expect(caller.call(EVENT, () => 30_000)).rejects.toThrow(TypeError);
      await during(failed);
    }
    keys = succeed({ primary: 'first' });

    expect(await call()).toMatchObject({ verdict: { outcome: 'delivered' } });
  });

  test('go on after some of them have met a bug: none stands for one under way', async () => {
    let bugs = 4;
    caller = createCaller({
      call: async () => {
        bugs -= 1;
        if (bugs >= 0) throw new TypeError('a bug');
        return ACCEPTED;
      },
    });
    for (let n = 0; n < 4; n += 1) {
      expect(await during(caller.call(EVENT, () => 30_000))).toMatchObject({
        verdict: { outcome: 'unconfirmed' },
        faults: [{ code: 'answer-not-judged' }],
      });
    }

    expect(await call()).toMatchObject({ verdict: { outcome: 'delivered' } });
  });
});
