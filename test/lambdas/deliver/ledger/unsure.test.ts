import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { replayedMessage } from '../../../../lambdas/buffer/message.ts';
import type { Replay } from '../../../../lambdas/buffer/replay.ts';
import type { Attempt } from '../../../../lambdas/deliver/event-api/verdict.ts';
import { fail, succeed } from '../../../../lambdas/result.ts';
import { compiledMapping } from '../../map/compiled-mapping.ts';
import { NOW, record, setUp } from '../deliver-setup.ts';

const HOUR = 3_600_000;

/** What one call comes to. Of the last two nobody can tell whether it was accepted. */
const ANSWERS = {
  accepted: answered(200, '{"transaction-id":"e"}'),
  throttled: answered(429, '{"code":429}'),
  refused: answered(200, '{"code":1002}'),
  'not-sent': { kind: 'not-sent', cause: 'ECONNREFUSED' },
  silent: { kind: 'no-answer', cause: 'timeout' },
  gateway: answered(502, 'Bad Gateway'),
} as const satisfies Readonly<Record<string, Attempt>>;

function answered(status: number, body: string): Attempt {
  return { kind: 'answered', status, retryAfter: undefined, body };
}

type Answer = keyof typeof ANSWERS;

const UNSURE: readonly Answer[] = ['silent', 'gateway'];

/** One receive of the event's message: what its call would come to, what stands in its way, and how late it is. */
const receive = fc.record({
  answer: fc.constantFrom(...(Object.keys(ANSWERS) as Answer[])),
  hasKeys: fc.boolean(),
  isMapped: fc.boolean(),
  laterHours: fc.constantFrom(0, 0.1, 2, 30),
  replay: fc.option(fc.record({ unconfirmed: fc.boolean(), late: fc.boolean() }), { nil: undefined }),
});

function mappings(onUnconfirmed: 'park' | 'retry', maxAge: boolean, isMapped: boolean) {
  const event = {
    name: 'paid',
    on: 'invoice.paid',
    'event-id': 'evt_1',
    'event-key': isMapped ? '{% key %}' : '{% missing %}',
    'on-unconfirmed': onUnconfirmed,
    ...(maxAge && { 'max-age': '1h' }),
  };
  return new Map([['stripe', compiledMapping([event])]]);
}

const PATIENT = { receives: 3, bufferedAt: NOW };

/** The message, by a person's replay of what the ledger has, or as the buffer has it. */
function messageOf(permission: { unconfirmed: boolean; late: boolean } | undefined, revision: number) {
  const original = record('ann', 'invoice.paid', PATIENT);
  if (permission === undefined) return original;
  const replay: Replay = {
    events: [{ event: 'paid', revision }],
    ...(permission.unconfirmed && { unconfirmed: true }),
    ...(permission.late && { late: true }),
  };
  return { ...original, message: replayedMessage(original.message, replay) };
}

type Receive = typeof receive extends fc.Arbitrary<infer One> ? One : never;
type Terms = { readonly onUnconfirmed: 'park' | 'retry'; readonly maxAge: boolean };
type World = Pick<ReturnType<typeof setUp>, 'ledger' | 'clock' | 'entries'>;

/** Has the event received once; returns what the worker did, and whether its call may have been accepted. */
async function receiveOnce({ ledger, clock, entries }: World, terms: Terms, one: Receive) {
  clock.now = new Date(clock.now.getTime() + one.laterHours * HOUR);
  const now = () => clock.now;
  const readKeys = async () =>
    one.hasKeys ? succeed({ primary: 'k' }) : fail({ code: 'secret-missing', secret: 's' } as const);
  const worker = setUp(
    { ledger, now, mappings: mappings(terms.onUnconfirmed, terms.maxAge, one.isMapped) },
    { now, readKeys, call: async () => ANSWERS[one.answer] },
  );
  const [before] = entries.values();
  await worker.deliver(messageOf(one.replay, before?.revision ?? 0));
  return { ...worker, isUnclear: worker.requests.length > 0 && UNSURE.includes(one.answer) };
}

const terms: fc.Arbitrary<Terms> = fc.record({
  onUnconfirmed: fc.constantFrom('park', 'retry'),
  maxAge: fc.boolean(),
});

function expectUnconfirmed(
  { entries }: World,
  { lines, deadLetters }: Pick<ReturnType<typeof setUp>, 'lines' | 'deadLetters'>,
): void {
  const [entry] = entries.values();
  if (entry?.state === 'delivered') return;
  expect(entry?.state).toBe('unconfirmed');
  expect(lines.map(({ outcome }) => outcome)).not.toContain('expired');
  for (const [, note] of deadLetters) expect(note.failures).toMatchObject([{ code: 'unconfirmed' }]);
}

describe('an event that may have been accepted once', () => {
  test('stays unconfirmed until it is delivered: by no answer, pause, age, budget, mapping or replay is it anything else', async () => {
    const receives = fc.array(receive, { minLength: 2, maxLength: 7 });
    const everySequence = fc.asyncProperty(terms, receives, async (ofMapping, sequence) => {
      const world = setUp();
      let isUnsure = false;
      for (const one of sequence) {
        const received = await receiveOnce(world, ofMapping, one);
        isUnsure ||= received.isUnclear;
        if (isUnsure) expectUnconfirmed(world, received);
      }
    });
    await fc.assert(everySequence, { numRuns: 3 * (fc.readConfigureGlobal()?.numRuns ?? 150) });
  });

  test('is a dead letter once it is too old to be repeated', async () => {
    const { ledger, clock, entries } = setUp();
    const worker = () =>
      setUp(
        { ledger, mappings: mappings('retry', true, true), now: () => clock.now },
        { call: async () => ANSWERS.silent, now: () => clock.now },
      );
    await worker().deliver(record('ann'));
    clock.now = new Date(NOW.getTime() + 60_000);
    await worker().deliver(record('ann', 'invoice.paid', { receives: 2 }));
    clock.now = new Date(NOW.getTime() + 2 * HOUR);
    const last = worker();
    expect(await last.deliver(record('ann', 'invoice.paid', { receives: 3 }))).toEqual([]);

    expect(last.requests).toEqual([]);
    expect([...entries.values()]).toMatchObject([
      { state: 'unconfirmed', attempts: 2, deadLetteredAt: clock.now },
    ]);
    expect(last.lines).toMatchObject([{ outcome: 'dead-letter', code: 'unconfirmed', detail: 'too-old' }]);
    expect(last.deadLetters.map(([, note]) => note)).toMatchObject([
      { failures: [{ code: 'unconfirmed', detail: 'too-old', attempts: 2 }] },
    ]);
  });
});
