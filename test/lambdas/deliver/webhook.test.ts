import { describe, expect, test } from '@jest/globals';
import { replayedMessage } from '../../../lambdas/buffer/message.ts';
import { createLanes } from '../../../lambdas/deliver/event-api/caller.ts';
import type { IntakeRecord, LedgerRange, WebhookLedger } from '../../../lambdas/deliver/ledger/entry.ts';
import type { BufferRecord } from '../../../lambdas/deliver/work.ts';
import { fail } from '../../../lambdas/result.ts';
import { compiledMapping } from '../map/compiled-mapping.ts';
import { ACCEPTED, batch, createWorker, EACH, items, UNREACHABLE } from './batch-worker.ts';
import { LEASE_MILLISECONDS, NOW, record, setUp } from './deliver-setup.ts';
import { createMemoryLedger, type MemoryLedger } from './ledger/memory-ledger.ts';

const PAID = { name: 'paid', on: 'invoice.paid', 'event-id': 'evt_1', 'event-key': '{% key %}' };
const OTHER = { ...PAID, name: 'other', on: '*', 'event-key': 'other' };
const BY_ID = { ...EACH, 'deduplication-id': '{% $item.id %}' };

const LATER = new Date(NOW.getTime() + 3_600_000);

/** How long the message is hidden, in seconds. */
const hiddenFor = ({ hidden }: Pick<ReturnType<typeof setUp>, 'hidden'>) =>
  hidden.map(([, seconds]) => seconds);

/** The same message, as a person puts it back. */
function replayed(message: BufferRecord, replay: Parameters<typeof replayedMessage>[1]): BufferRecord {
  return { ...message, messageId: 'replayed', message: replayedMessage(message.message, replay) };
}

function progressOf({ records }: MemoryLedger): IntakeRecord['progress'] {
  return [...records.values()].at(-1)?.progress;
}

describe('a ledger that does not answer', () => {
  const unreachable: WebhookLedger = {
    ...createMemoryLedger(),
    query: async () => fail({ code: 'ledger-unavailable', cause: 'TimeoutError' }),
  };

  test('leaves all events of a webhook, which is said once', async () => {
    const mapping = compiledMapping([PAID, OTHER]);
    const setup = setUp({ ledger: unreachable, mappings: new Map([['stripe', mapping]]) });

    expect(await setup.deliver(record('ann', 'invoice.paid', { receives: 2 }))).toEqual(['message-ann']);
    expect(setup.lines).toMatchObject([
      { event: 'paid', outcome: 'retry-later', code: 'ledger-unavailable', cause: 'TimeoutError' },
    ]);
    expect(hiddenFor(setup)).toEqual([10]);
    expect(setup.called()).toEqual([]);
    expect(await setup.deliver(record('ann', 'invoice.paid', { receives: 300 }))).toEqual(['message-ann']);
    expect(setup.putBack).toEqual([]);
  });

  test('keeps an event waiting that would have to be moved to its new name', async () => {
    const old = createWorker([PAID], { answer: () => UNREACHABLE });
    await old.deliver(record('ann'));
    const copy: WebhookLedger['copy'] = async () =>
      fail({ code: 'ledger-unavailable', cause: 'TimeoutError' });
    const mapping = compiledMapping([{ ...PAID, name: 'bought', formerly: ['paid'] }]);
    const renamed = setUp({ ledger: { ...old.ledger, copy }, mappings: new Map([['stripe', mapping]]) });
    renamed.clock.now = LATER;

    expect(await renamed.deliver(record('ann', 'invoice.paid', { receives: 2 }))).toEqual(['message-ann']);
    expect(renamed.lines).toMatchObject([{ event: 'bought', code: 'ledger-unavailable' }]);
    expect(renamed.called()).toEqual([]);
  });

  test('leaves a webhook that no event is on any more', async () => {
    const mapping = compiledMapping([{ ...PAID, on: 'nothing' }]);
    const setup = setUp({ ledger: unreachable, mappings: new Map([['stripe', mapping]]) });

    expect(await setup.deliver(record('ann', 'invoice.paid', { receives: 2 }))).toEqual(['message-ann']);
    expect([setup.lines, setup.deadLetters]).toEqual([[], []]);
    expect(hiddenFor(setup)).toEqual([10]);
  });
});

describe('before the first event of a webhook', () => {
  /** How many records the ledger has when the first event is called. */
  async function recordsAtFirstCall(events: readonly object[], message: BufferRecord): Promise<number> {
    const seen: number[] = [];
    const worker = createWorker(events, {
      answer: () => {
        seen.push(worker.ledger.records.size);
        return ACCEPTED;
      },
    });
    await worker.deliver(message);
    return seen[0] ?? -1;
  }

  test.each<[string, object, BufferRecord, number]>([
    ['is kept where its events are found by ids of their facts', BY_ID, batch({ items: items(2) }), 1],
    ['is not, where there is a single one', BY_ID, batch({ items: items(1) }), 0],
    ['is not, where they are found by their places', EACH, batch({ items: items(20) }), 0],
    ['is not, in a replay', BY_ID, replayed(batch({ items: items(2) }), {}), 0],
    ['is kept where one of them is found by its id', BY_ID, batch({ items: [...items(1), { key: 'x' }] }), 1],
  ])('its list %s', async (_, event, message, records) => {
    expect(await recordsAtFirstCall([event], message)).toBe(records);
  });

  test('its record is not written again where work goes on', async () => {
    const worker = createWorker([BY_ID], { answer: () => UNREACHABLE });
    await worker.deliver(batch({ items: items(2) }));
    const written = worker.intakeRecords.length;
    worker.clock.now = LATER;
    await worker.deliver(batch({ items: items(2) }, { receives: 2 }));

    expect([written, worker.intakeRecords.length]).toEqual([2, 3]);
  });

  test('all events of a small webhook are mapped: the record in the first entry says what became of each', async () => {
    const keyless = { ...PAID, name: 'keyless', 'event-key': '{% missing %}' };
    const unwanted = { ...PAID, name: 'unwanted', when: '{% false %}' };
    const worker = createWorker([PAID, keyless, unwanted]);
    await worker.deliver(record('ann'));

    expect(worker.ledger.entries.get('stripe#evt_ann paid')?.intakeRecord?.matched).toMatchObject([
      { event: 'paid', made: 1, rejected: 0 },
      { event: 'keyless', made: 0, rejected: 1 },
      { event: 'unwanted', made: 0, rejected: 0, skipped: 'when-not-met' },
    ]);
  });

  test('those of a larger one are mapped one by one, as their turn comes', async () => {
    const worker = createWorker([EACH]);
    worker.clock.remainingMilliseconds = 4_999;
    await worker.deliver(batch({ items: [...items(19), { id: 'without a key' }] }));

    expect(worker.intakeRecords.at(-1)?.matched).toEqual([{ event: 'each', made: 20, rejected: 0 }]);
  });
});

describe('an event is begun', () => {
  test.each([
    [4_999, []],
    [5_000, ['k0']],
  ])('with five seconds left, and not with less: %d ms', async (remaining, called) => {
    const rateLimit = { reserve: () => 0 };
    const mapping = compiledMapping([EACH]);
    const setup = setUp(
      { mappings: new Map([['stripe', mapping]]) },
      { rateLimit, callMilliseconds: 0, call: async () => ACCEPTED },
    );
    setup.clock.remainingMilliseconds = remaining;
    await setup.deliver(batch({ items: items(1) }));

    expect(setup.requests.map(({ body }) => /"event-key":"([^"]*)"/.exec(body)?.[1])).toEqual(called);
  });

  test('after two thousand failures in the next receive, which goes on at once', async () => {
    const worker = createWorker([{ ...EACH, 'event-key': '{% missing %}' }]);
    const message = batch({ items: items(2_001) });

    expect(await worker.deliver(message)).toEqual(['message-batch']);
    expect(worker.told().filter(([, code]) => code === 'event-key-missing')).toHaveLength(2_000);
    expect(worker.told()).toContainEqual([2_000, 'not-begun']);
    expect(hiddenFor(worker)).toEqual([1]);
    expect(await worker.deliver({ ...message, receives: 2 })).toEqual([]);
    expect(worker.told().at(-1)).toEqual([2_000, 'event-key-missing']);
  });
});

describe('how far work has come', () => {
  test('is written after each thousand of ended events', async () => {
    const worker = createWorker([EACH]);
    await worker.deliver(batch({ items: items(2_100) }));

    expect(worker.intakeRecords.map(({ progress }) => progress?.ended.size())).toEqual([2_100, 2_100, 2_100]);
  });

  test('says that nothing is put off where nothing is, and of which replay it is', async () => {
    const message = replayed(batch({ items: items(20) }), {});
    const worker = createWorker([EACH]);
    await worker.deliver(message);

    expect(progressOf(worker.ledger)).toMatchObject({ events: 20, replay: 'replayed' });
    expect(progressOf(worker.ledger)).not.toHaveProperty('putOff');
    expect(progressOf(worker.ledger)).not.toHaveProperty('looksBack');
  });

  test('of the webhook itself names no replay', async () => {
    const worker = createWorker([EACH]);
    await worker.deliver(batch({ items: items(20) }));

    expect(progressOf(worker.ledger)).not.toHaveProperty('replay');
  });

  test('looks back while an event that has not ended may stand under its former name', async () => {
    const old = createWorker([EACH], { answer: (key) => (key === 'k3' ? UNREACHABLE : ACCEPTED) });
    await old.deliver(batch({ items: items(20) }));
    const renamed = createWorker([{ ...EACH, name: 'now', formerly: ['each'] }, OTHER], {
      ledger: old.ledger,
    });
    renamed.clock.remainingMilliseconds = 4_999;
    renamed.clock.now = LATER;
    await renamed.deliver(batch({ items: items(20) }, { receives: 2 }));
    expect(progressOf(old.ledger)).toMatchObject({ looksBack: true });

    renamed.clock.remainingMilliseconds = 30_000;
    await renamed.deliver(batch({ items: items(20) }, { receives: 3 }));
    expect(renamed.keys()).toEqual(['k3', 'other']);
    expect(progressOf(old.ledger)).not.toHaveProperty('looksBack');
  });

  test('looks back while the dead letter of an event that the mapping no longer has is not written', async () => {
    const old = createWorker([EACH, OTHER], { answer: (key) => (key === 'k3' ? UNREACHABLE : ACCEPTED) });
    const message = batch({ items: items(20) });
    await old.deliver(message);
    const putDeadLetter = async () => fail({ cause: 'TimeoutError' });
    const mapping = compiledMapping([{ ...EACH, name: 'more' }, OTHER]);
    const changed = setUp(
      { ledger: old.ledger, mappings: new Map([['stripe', mapping]]), putDeadLetter },
      {
        call: async () => ACCEPTED,
      },
    );
    changed.clock.now = LATER;

    expect(await changed.deliver({ ...message, receives: 2 })).toEqual(['message-batch']);
    expect(progressOf(old.ledger)).toMatchObject({ looksBack: true });
    expect(changed.lines).toContainEqual(
      expect.objectContaining({ event: 'each', item: 3, code: 'dead-letter-unavailable' }),
    );
  });
});

describe('events side by side', () => {
  const paused = { code: 'paused-endpoint' } as const;
  const sideBySide = (caller: Parameters<typeof setUp>[0]) =>
    setUp({ mappings: new Map([['stripe', compiledMapping([EACH])]]), lanes: createLanes(3), ...caller });

  test('say once what keeps all of them waiting', async () => {
    const call = () => Promise.reject(new Error('Nothing is called.'));
    const setup = sideBySide({ caller: { currentPause: async () => paused, call } });
    await setup.deliver(batch({ items: items(3) }));

    expect(setup.lines).toMatchObject([{ item: 0, code: 'paused-endpoint' }]);
  });

  test('say what a call came to, also after another has met a pause', async () => {
    const pauses = [undefined, paused, paused];
    const setup = sideBySide({
      caller: {
        currentPause: async () => pauses.shift(),
        call: async () => {
          await new Promise((resolve) => setTimeout(resolve, 5));
          const verdict = { outcome: 'retry-later', code: 'webex-unreachable' } as const;
          return { kind: 'called', verdict, milliseconds: 5, calls: 1 };
        },
      },
    });
    await setup.deliver(batch({ items: items(3) }));

    expect(setup.lines).toMatchObject([
      { item: 1, code: 'paused-endpoint' },
      { item: 0, code: 'webex-unreachable', attempts: 1 },
    ]);
  });
});

test('a bug has a pause that grows with the receives that did not lack time', async () => {
  const ledger = createMemoryLedger();
  const lacking = createWorker([EACH], { ledger });
  lacking.clock.remainingMilliseconds = 4_999;
  for (const receives of [1, 2, 3]) await lacking.deliver(batch({ items: items(20) }, { receives }));
  const worker = createWorker([EACH], { ledger });
  const bugged = batch({ items: [{ key: 'dan', id: 'x' }, ...items(19)] }, { receives: 4 });
  await worker.deliver(bugged);

  expect(worker.told()[0]).toEqual([0, 'internal-error']);
  expect(hiddenFor(worker)).toEqual([5]);
});

test('an event that cannot be mapped has ended once its dead letter is written', async () => {
  const worker = createWorker([EACH]);
  await worker.deliver(batch({ items: [{ id: 'without a key' }, ...items(19)] }));

  expect(progressOf(worker.ledger)?.ended.size()).toBe(20);
  expect(worker.lines.at(-1)).toMatchObject({
    event: 'each',
    item: 0,
    code: 'event-key-missing',
    mappingVersion: expect.any(String),
  });
});

describe('an event that the mapping no longer has', () => {
  test('is none where it was delivered: the message is dead-lettered as a whole', async () => {
    const sent = createWorker([PAID]);
    await sent.deliver(record('ann'));
    const changed = createWorker([{ ...PAID, on: 'nothing' }], { ledger: sent.ledger });

    expect(await changed.deliver(record('ann', 'invoice.paid', { receives: 2 }))).toEqual([]);
    expect(changed.failures()).toEqual([[undefined, undefined, 'no-mapping']]);
  });

  test('and that has its dead letter gets another by a replay of its webhook, and stays as it is', async () => {
    const sent = createWorker([{ ...EACH, 'event-key': '{% missing %}' }, OTHER]);
    const message = batch({ items: items(1) });
    await sent.deliver(message);
    const before = [...sent.ledger.entries].find(([name]) => name.endsWith('each#0'));
    const changed = createWorker([OTHER], { ledger: sent.ledger });
    changed.clock.now = LATER;
    await changed.deliver(replayed(message, {}));

    expect(changed.failures()).toEqual([['each', [0], 'event-key-missing']]);
    expect(sent.ledger.entries.get(before?.[0] ?? '')).toBe(before?.[1]);
  });

  test('since its condition is not met is waited for while another worker calls it', async () => {
    const sent = createWorker([PAID], { answer: () => UNREACHABLE });
    await sent.deliver(record('ann'));
    const [[key = '', entry] = []] = [...sent.ledger.entries];
    if (entry === undefined) throw new Error('There is no entry.');
    const leaseUntil = new Date(NOW.getTime() + LEASE_MILLISECONDS);
    sent.ledger.entries.set(key, { ...entry, state: 'claimed', leaseUntil });
    const changed = createWorker([{ ...PAID, when: '{% false %}' }], { ledger: sent.ledger });

    expect(await changed.deliver(record('ann', 'invoice.paid', { receives: 2 }))).toEqual(['message-ann']);
    expect(changed.told()).toEqual([[undefined, 'busy']]);
  });

  test('is waited for while another worker calls it', async () => {
    const sent = createWorker([EACH, OTHER], { answer: (key) => (key === 'k3' ? UNREACHABLE : ACCEPTED) });
    const message = batch({ items: items(20) });
    await sent.deliver(message);
    const [key = '', entry] = [...sent.ledger.entries].find(([name]) => name.endsWith('each#3')) ?? [];
    if (entry === undefined) throw new Error('There is no entry.');
    sent.ledger.entries.set(key, {
      ...entry,
      state: 'claimed',
      leaseUntil: new Date(NOW.getTime() + LEASE_MILLISECONDS),
    });
    const changed = createWorker([OTHER], { ledger: sent.ledger });

    expect(await changed.deliver({ ...message, receives: 2 })).toEqual(['message-batch']);
    expect(changed.lines).toMatchObject([
      { event: 'each', item: 3, outcome: 'retry-later', code: 'busy' },
      { event: 'other', outcome: 'duplicate' },
    ]);
    expect(hiddenFor(changed)).toEqual([10]);
  });

  test('is logged with its item, and found by the next receive no more', async () => {
    const sent = createWorker([EACH, OTHER], { answer: (key) => (key === 'k3' ? UNREACHABLE : ACCEPTED) });
    const message = batch({ items: items(20) });
    await sent.deliver(message);
    const changed = createWorker([OTHER, { ...OTHER, name: 'also', 'event-key': 'also' }], {
      ledger: sent.ledger,
      answer: (key) => (key === 'also' ? UNREACHABLE : ACCEPTED),
    });
    changed.clock.now = LATER;

    await changed.deliver({ ...message, receives: 2 });
    expect(changed.lines).toContainEqual(
      expect.objectContaining({ event: 'each', item: 3, outcome: 'dead-letter', code: 'no-mapping' }),
    );
    expect(progressOf(sent.ledger)).not.toHaveProperty('looksBack');
    expect(progressOf(sent.ledger)?.ended.size()).toBe(1);
  });
});

describe('a replay', () => {
  const missing = { events: [{ event: 'gone', items: [2, 5] }] };

  test('of events that the mapping no longer has dead-letters each of them once', async () => {
    const worker = createWorker([EACH], { answer: () => UNREACHABLE });
    const message = replayed(batch({ items: items(20) }), {
      events: [...missing.events, { event: 'each', items: [0] }],
    });
    expect(await worker.deliver(message)).toEqual(['replayed']);
    expect(worker.failures()).toEqual([['gone', [2, 5], 'no-mapping']]);
    worker.clock.now = LATER;
    await worker.deliver({ ...message, receives: 2 });

    expect(worker.failures()).toHaveLength(1);
  });

  test('of such events tries again until their dead letter is written', async () => {
    const mapping = compiledMapping([EACH]);
    const putDeadLetter = async () => fail({ cause: 'TimeoutError' });
    const failing = setUp({ mappings: new Map([['stripe', mapping]]), putDeadLetter });
    const message = replayed(batch({ items: items(20) }), missing);
    expect(await failing.deliver(message)).toEqual(['replayed']);
    expect(progressOf(failing.ledger)).toMatchObject({ looksBack: true });
    const worker = createWorker([EACH], { ledger: failing.ledger });
    worker.clock.now = LATER;

    expect(await worker.deliver({ ...message, receives: 2 })).toEqual([]);
    expect(worker.failures()).toEqual([['gone', [2, 5], 'no-mapping']]);
    expect(progressOf(failing.ledger)).not.toHaveProperty('looksBack');
  });

  test('of an event whose condition is no longer met is not deleted unsent', async () => {
    const waiting = createWorker([PAID], { answer: () => UNREACHABLE });
    await waiting.deliver(record('ann'));
    const changed = createWorker([{ ...PAID, when: '{% false %}' }], { ledger: waiting.ledger });
    const message = replayed(record('ann'), { events: [{ event: 'paid', revision: 2 }] });
    changed.clock.now = LATER;

    expect(await changed.deliver(message)).toEqual([]);
    expect(changed.deadLetters[0]?.[1].failures).toMatchObject([
      { event: 'paid', code: 'no-mapping', detail: 'when-not-met' },
    ]);
    expect(waiting.ledger.entries.get('stripe#evt_ann paid')).toMatchObject({ state: 'waiting' });
  });
});

describe('an event whose end is known', () => {
  test('is passed over without a claim', async () => {
    const ledger = createMemoryLedger();
    const worker = createWorker([PAID, OTHER], { ledger });
    await worker.deliver(record('ann'));
    const queries: LedgerRange[] = [];
    const writes: string[] = [];
    const watched: WebhookLedger = {
      ...ledger,
      query: (webhook, range) => {
        queries.push(range);
        return ledger.query(webhook, range);
      },
      write: (entry) => {
        writes.push(entry.event);
        return ledger.write(entry);
      },
    };
    const mapping = compiledMapping([PAID, OTHER]);
    const again = setUp({ ledger: watched, mappings: new Map([['stripe', mapping]]) });

    expect(await again.deliver(record('ann', 'invoice.paid', { receives: 2 }))).toEqual([]);
    expect(again.lines).toMatchObject([
      { event: 'paid', outcome: 'duplicate', code: 'already-delivered' },
      { event: 'other', outcome: 'duplicate', code: 'already-delivered' },
    ]);
    expect([queries.length, writes]).toEqual([2, []]);
  });
});

describe('a message that is left', () => {
  const throttled = { kind: 'answered', status: 429, retryAfter: '40', body: '{"code":429}' } as const;

  test('waits for the longest of its pauses, or not at all where there was no time', async () => {
    const answers = new Map([
      ['k0', UNREACHABLE],
      ['k1', throttled],
    ]);
    const waiting = createWorker([EACH], { answer: (key) => answers.get(key) ?? ACCEPTED });
    await waiting.deliver(batch({ items: items(2) }));
    expect(hiddenFor(waiting)).toEqual([40]);

    const lacking = createWorker([EACH], {
      answer: () => {
        lacking.clock.remainingMilliseconds = 4_999;
        return UNREACHABLE;
      },
    });
    await lacking.deliver(batch({ items: items(2) }));
    expect(hiddenFor(lacking)).toEqual([1]);
  });

  test('stays where its copy cannot be put on the buffer', async () => {
    const mapping = compiledMapping([EACH]);
    const call = async () => {
      setup.clock.remainingMilliseconds = 4_999;
      return UNREACHABLE;
    };
    const putBack = async () => fail({ cause: 'TimeoutError' });
    const setup = setUp({ mappings: new Map([['stripe', mapping]]), putBack }, { call });

    expect(await setup.deliver(batch({ items: items(2) }, { receives: 300 }))).toEqual(['message-batch']);
    expect(hiddenFor(setup)).toEqual([1]);
  });
});

describe('a message that cannot be opened, though the ledger waits for its event,', () => {
  const waiting = async () => {
    const worker = createWorker([PAID], { answer: () => UNREACHABLE });
    await worker.deliver(record('ann'));
    return worker.ledger;
  };

  test('is dead-lettered as a whole for its body', async () => {
    const worker = createWorker([PAID], { ledger: await waiting() });
    const { message, ...rest } = record('ann', 'invoice.paid', { receives: 2 });
    worker.clock.now = LATER;
    await worker.deliver({ ...rest, message: { ...message, body: '{' } });

    expect(worker.failures()).toEqual([[undefined, undefined, 'body-not-json']]);
  });

  test('is dead-lettered as a whole where a person replayed it and no event is on its type', async () => {
    const worker = createWorker([{ ...PAID, on: 'nothing' }], { ledger: await waiting() });
    worker.clock.now = LATER;
    await worker.deliver({ ...replayed(record('ann'), {}), receives: 2 });

    expect(worker.failures()).toEqual([[undefined, undefined, 'no-mapping']]);
  });
});

test('a form is read as the mapping says', async () => {
  const mapping = {
    ...compiledMapping([{ ...PAID, 'event-key': '{% payload.key %}' }]),
    form: { json: ['payload'] },
  };
  const setup = setUp({ mappings: new Map([['stripe', mapping]]) }, { call: async () => ACCEPTED });
  const { message, ...rest } = record('ann');
  const attributes = { ...message.attributes, body: 'form utf-8' };
  await setup.deliver({ ...rest, message: { body: 'payload=%7B%22key%22%3A%22ann%22%7D', attributes } });

  expect(setup.requests.map(({ body }) => JSON.parse(body)['event-key'])).toEqual(['ann']);
});

describe('an event that no call can be made for', () => {
  const TWO_DAYS_AGO = { bufferedAt: new Date(NOW.getTime() - 2 * 86_400_000) };
  const pausedFor = (code: 'not-begun' | 'paused-endpoint') =>
    setUp({
      caller: {
        currentPause: async () => ({ code }),
        call: () => Promise.reject(new Error('Nothing is called.')),
      },
    });

  test('is given up after a day, with what kept it', async () => {
    const setup = pausedFor('paused-endpoint');
    await setup.deliver(record('ann', 'invoice.paid', TWO_DAYS_AGO));

    const end = { stage: 'deliver', code: 'retries-exhausted', detail: 'paused-endpoint' };
    expect([...setup.entries.values()]).toMatchObject([{ state: 'failed', attempts: 0, ...end }]);
    expect(setup.deadLetters).toMatchObject([[{}, { failures: [end] }]]);
  });

  test('is never given up for lack of time', async () => {
    const setup = pausedFor('not-begun');

    expect(await setup.deliver(record('ann', 'invoice.paid', TWO_DAYS_AGO))).toEqual(['message-ann']);
    expect([setup.entries.size, setup.deadLetters]).toEqual([0, []]);
  });
});

test('a replay of an event that has become too old is a dead letter again', async () => {
  const fresh = { ...PAID, name: 'fresh', 'max-age': '1h', 'event-time': '{% at %}' };
  const worker = createWorker([fresh], { answer: () => UNREACHABLE });
  const message = record('ann', 'invoice.paid', { body: { at: NOW.toISOString() } });
  await worker.deliver(message);
  worker.clock.now = new Date(LATER.getTime() + 1);

  await worker.deliver(replayed(message, { events: [{ event: 'fresh', revision: 2 }] }));
  expect(worker.keys()).toEqual(['ann']);
  expect(worker.failures()).toEqual([['fresh', undefined, 'too-old']]);
});

test('an answer that cannot be written down is said, and the event is tried again', async () => {
  const ledger = createMemoryLedger();
  const failing: WebhookLedger = {
    ...ledger,
    write: async (entry) =>
      entry.state === 'claimed'
        ? ledger.write(entry)
        : fail({ code: 'ledger-unavailable', cause: 'TimeoutError' }),
  };
  const mapping = compiledMapping([PAID]);
  const setup = setUp(
    { ledger: failing, mappings: new Map([['stripe', mapping]]) },
    {
      call: async () => UNREACHABLE,
      // Until the first pause after a failed write.
      callMilliseconds: 0,
    },
  );
  setup.clock.remainingMilliseconds = 5_000;
  setUpTimeEnds(setup);

  expect(await setup.deliver(record('ann'))).toEqual(['message-ann']);
  expect(setup.lines).toMatchObject([
    { outcome: 'retry-later', code: 'ledger-unavailable', cause: 'ledger-unavailable: TimeoutError' },
  ]);
});

/** Has the function's time end as soon as the first event was called. */
function setUpTimeEnds({ clock, requests }: ReturnType<typeof setUp>): void {
  const push = requests.push.bind(requests);
  requests.push = (...request) => {
    clock.remainingMilliseconds = 0;
    return push(...request);
  };
}
