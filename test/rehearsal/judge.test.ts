import { describe, expect, test } from '@jest/globals';
import { collectEvidence } from '../../rehearsal/judge/evidence.ts';
import { type EventFile, judge, judgeEvent } from '../../rehearsal/judge/judge.ts';
import type { Fault } from '../../rehearsal/plan/faults.ts';
import { FAULTS } from '../../rehearsal/plan/faults.ts';
import { eventsOf, type PlannedWebhook } from '../../rehearsal/plan/plan.ts';

function fault(name: string): Fault {
  const found = FAULTS.find((one) => one.name === name);
  if (found === undefined) throw new Error(`There is no fault "${name}".`);
  return found;
}

function webhook(changed: Partial<PlannedWebhook> = {}): PlannedWebhook {
  return {
    id: 'a',
    source: 'parking',
    policy: 'park',
    fault: fault('none'),
    text: 'plain',
    style: 'compact',
    items: 1,
    answers: [],
    ...changed,
  };
}

const CALL = { method: 'POST', path: '/', isAccepted: false, answer: { status: 502, body: '' } };

/** All that is known of an event that was taken, called once and accepted. */
function file(changed: Partial<PlannedWebhook> = {}, changes: Partial<EventFile> = {}): EventFile {
  const [planned] = eventsOf(webhook(changed));
  if (planned === undefined) throw new Error('A webhook tells of something.');
  return {
    planned,
    ingest: { takenAt: 100, code: 'buffered', requests: 1, refusals: new Map() },
    calls: [{ isAccepted: true, isLetIn: true, isInOutage: false, at: 350 }],
    deadLetters: [],
    entry: undefined,
    isReplayed: false,
    mayExpire: false,
    isAnythingWaiting: false,
    ...changes,
  };
}

const call = (isAccepted: boolean, isLetIn = true) => ({ isAccepted, isLetIn, isInOutage: false, at: 350 });
const deadLetter = (code?: string) => ({ webhook: 'parking#a', event: 'told', ...(code && { code }) });

describe('an event', () => {
  test('that was taken and accepted once is delivered, so much later', () => {
    expect(judgeEvent(file())).toMatchObject({
      end: 'delivered',
      isExpected: true,
      duplicated: 0,
      delay: 250,
    });
  });

  test('that was taken and left no trace is lost', () => {
    expect(judgeEvent(file({}, { calls: [] }))).toMatchObject({ end: 'lost', isExpected: false });
  });

  test('that was taken and left no trace may wait, as long as anything does', () => {
    expect(judgeEvent(file({}, { calls: [], isAnythingWaiting: true }))).toMatchObject({
      end: 'waiting',
      isExpected: false,
    });
  });

  test('that the ledger calls delivered but nobody has accepted is lost', () => {
    const entry = { name: 'parking#a told', revision: 1, state: 'delivered' };

    expect(judgeEvent(file({}, { calls: [], entry }))).toMatchObject({ end: 'lost' });
  });

  test('that was accepted twice is duplicated, unless its mapping repeats and an accepted answer was unclear', () => {
    const calls = [call(true), call(true), call(true)];
    const answers = [{ reset: true, accepts: true } as const, { reset: true, accepts: false } as const];
    const unclear = { fault: fault('cut off'), answers };

    expect(judgeEvent(file(unclear, { calls })).duplicated).toBe(2);
    expect(judgeEvent(file({ ...unclear, policy: 'retry' }, { calls }))).toMatchObject({
      repeated: 1,
      duplicated: 1,
    });
  });

  test('that is to be parked must not be called again; a call with a refused key is none', () => {
    const parked = { fault: fault('hang') };
    const deadLetters = [deadLetter('unconfirmed')];

    expect(
      judgeEvent(file(parked, { deadLetters, calls: [call(false, false), call(false)] })).sentThoughParked,
    ).toBe(0);
    expect(
      judgeEvent(file(parked, { deadLetters, calls: [call(false), call(false)] })).sentThoughParked,
    ).toBe(1);
  });

  test('has to be dead-lettered by the code that its fault means, or, replayed, be delivered', () => {
    const refused = { fault: fault('1001 in 200') };
    const at = (changes: Partial<EventFile>) => judgeEvent(file(refused, { calls: [], ...changes }));
    const entry = { name: 'parking#a told', revision: 1, state: 'failed', code: 'webex-invalid-json' };

    expect(at({ deadLetters: [deadLetter('webex-invalid-json')] }).isExpected).toBe(true);
    expect(at({ deadLetters: [deadLetter('unconfirmed')] }).isExpected).toBe(false);
    expect(at({ deadLetters: [deadLetter()] })).toMatchObject({ isExpected: false });
    expect(at({ entry })).toMatchObject({ end: 'lost', isExpected: false });
    expect(at({ entry, isReplayed: true })).toMatchObject({ end: 'webex-invalid-json', isExpected: true });
    expect(at({ calls: [call(true)], isReplayed: true }).isExpected).toBe(true);
    expect(at({ calls: [call(true)] }).isExpected).toBe(false);
  });

  test('of a flawed webhook must neither be taken nor called', () => {
    const forged = { fault: fault('forged') };
    const ingest = { requests: 1, refusals: new Map([['no-matching-secret', 1]]) };

    expect(judgeEvent(file(forged, { ingest, calls: [] })).end).toBe('refused');
    expect(judgeEvent(file(forged, { ingest })).end).toBe('wrongly-taken');
    expect(judgeEvent(file(forged, { calls: [] })).end).toBe('wrongly-taken');
  });

  test('of a genuine webhook has to be taken', () => {
    expect(judgeEvent(file({}, { ingest: { requests: 9, refusals: new Map() } }))).toMatchObject({
      end: 'never-taken',
      isExpected: false,
    });
  });
});

describe('an hour of failures', () => {
  const BEFALLEN = {
    redelivered: 0,
    outages: [],
    unreadable: 0,
    replayed: new Set<string>(),
    replayFailures: 0,
  };

  /** What is seen if these webhooks are called in the hour, and probes are answered as if all were well so many times. */
  function seeOutage(webhooks: readonly PlannedWebhook[], lies: number, hours: number) {
    const evidence = collectEvidence(
      () => false,
      (body) => (body === '{}' ? undefined : body),
    );
    if (hours > 0) evidence.setOutage('502');
    for (const [place, { id }] of webhooks.entries()) {
      evidence.ingest.set(place, { takenAt: 1, code: 'buffered', requests: 1, refusals: new Map() });
      evidence.seeCall({ ...CALL, body: `${id}/told` });
    }
    for (let lie = 0; lie < lies; lie += 1) {
      evidence.seeCall({ ...CALL, body: '{}', answer: { status: 200, body: '{"code":1002}' } });
    }
    evidence.setOutage();
    return evidence;
  }

  /** Judges so many webhooks that were parked after a call in the hour. */
  function parkedInOutage(parked: number, { lies = 0, hours = 1, crashes = [] as readonly number[] } = {}) {
    const webhooks = Array.from({ length: parked }, (_, index) => webhook({ id: `w${index}` }));
    const nameOf = ({ id }: PlannedWebhook) => `parking#${id} told`;
    return judge({
      plan: { seed: 1, steps: [], webhooks },
      ledgerNames: {
        requests: webhooks.map(({ id }) => new Set([`parking#${id}`])),
        events: new Map(webhooks.map((one) => [`${one.id}/told`, nameOf(one)])),
      },
      evidence: { ...seeOutage(webhooks, lies, hours), crashes },
      remains: {
        deadLetters: webhooks.map((one) => ({ event: nameOf(one), code: 'unconfirmed' })),
        entries: new Map(),
        waiting: 0,
      },
      befallen: { ...BEFALLEN, hours },
      seconds: 1,
      speed: 120,
    });
  }

  test('may park what two workers had in flight, and what their breakers need to open', () => {
    expect(parkedInOutage(30)).toMatchObject({ ok: true, collateral: 30 });
    expect(parkedInOutage(31)).toMatchObject({
      ok: false,
      wrong: ['31 webhooks were parked in an hour of failures; at most 30 may be'],
    });
  });

  test('may park one more for each probe that was answered as if all were well', () => {
    expect(parkedInOutage(33, { lies: 3 }).ok).toBe(true);
    expect(parkedInOutage(34, { lies: 3 }).ok).toBe(false);
  });

  test('is no excuse where there was none; a crash at the time of the call is one, for as many webhooks as a worker has', () => {
    const now = performance.now();

    expect(parkedInOutage(1, { hours: 0 }).ok).toBe(false);
    expect(parkedInOutage(10, { hours: 0, crashes: [now] })).toMatchObject({ ok: true, collateral: 10 });
    expect(parkedInOutage(11, { hours: 0, crashes: [now] }).ok).toBe(false);
    expect(parkedInOutage(1, { hours: 0, crashes: [now + 60_000] }).ok).toBe(false);
  });

  test('repeats what its mapping repeats, as often as it was accepted without an answer that says so', () => {
    const retry = webhook({ policy: 'retry' });
    const inOutage = { ...call(true), isInOutage: true };

    expect(judgeEvent(file(retry, { calls: [inOutage, call(true)] }))).toMatchObject({
      repeated: 1,
      duplicated: 0,
    });
    expect(judgeEvent(file({}, { calls: [inOutage, call(true)] }))).toMatchObject({ duplicated: 1 });
  });
});
