import { describe, expect, test } from '@jest/globals';
import { createBreaker, type ProbeWith } from '../../../../lambdas/deliver/event-api/breaker.ts';
import { createRateLimit, type EventRequest } from '../../../../lambdas/deliver/event-api/caller.ts';
import type { Attempt } from '../../../../lambdas/deliver/event-api/verdict.ts';
import type { BufferRecord } from '../../../../lambdas/deliver/work.ts';
import { record, setUp } from '../deliver-setup.ts';
import { createMemoryLedger } from '../ledger/memory-ledger.ts';
import { VirtualTime } from '../virtual-time.ts';
import { keyOf } from './answer-by-key.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const TIMEOUT = 30 * SECOND;
const WORKERS = 3;

/** What Webex Campaign does during an outage. */
type Outage = {
  readonly answer: Attempt;
  readonly milliseconds: number;
  /** What a call without event id and key is answered, then and later; without it, as any other call. */
  readonly toProbes?: Attempt;
};

const answered = (status: number, body = '<html>', retryAfter?: string): Attempt => ({
  ...{ kind: 'answered', status, body, retryAfter },
});
const MANDATORY = answered(200, '{"code":1002}');
const TIMED_OUT: Attempt = { kind: 'no-answer', cause: 'timeout' };

/** An hour's outage among an hour and a half of events, as it is for some workers with a ledger and a queue. */
class World {
  readonly time = new VirtualTime();
  readonly ledger = createMemoryLedger();
  readonly #from = this.time.now + 10 * MINUTE;
  readonly #until = this.#from + 60 * MINUTE;
  readonly #queue: { readonly record: BufferRecord; visibleAt: number }[] = [];
  readonly #inFlight = new Set<string>();
  /** By event key, how often Webex Campaign has accepted the event. */
  readonly accepted = new Map<string, number>();
  readonly parked: string[] = [];
  /** Event keys under way when the outage began. */
  inFlightAtStart = 0;
  probes = 0;

  readonly #outage: Outage;
  readonly #probeWith: ProbeWith;
  #unclear = 0;

  constructor(outage: Outage, probeWith: ProbeWith = 'call') {
    this.#outage = outage;
    this.#probeWith = probeWith;
  }

  async run(): Promise<void> {
    for (let n = 0; n < 900; n += 1) {
      const visibleAt = this.time.now + n * 6 * SECOND;
      this.#queue.push({
        record: record(`k${n}`, 'invoice.paid', { receives: 0, bufferedAt: new Date(visibleAt) }),
        visibleAt,
      });
    }
    this.time.sleep(10 * MINUTE).then(() => {
      this.inFlightAtStart = this.#inFlight.size;
    });
    for (let n = 0; n < WORKERS; n += 1) this.#work(n);
    await this.time.run();
  }

  /** A worker takes up to ten messages at a time, until there are none. */
  async #work(offset: number): Promise<void> {
    await this.time.sleep(offset);
    let endsAt = 0;
    const { deliver, hidden, deadLetters } = setUp(
      {
        ledger: this.ledger,
        now: () => new Date(this.time.now),
        pause: this.time.sleep,
        random: () => 0,
        remainingMilliseconds: () => endsAt - this.time.now,
      },
      {
        breaker: createBreaker(this.#probeWith),
        rateLimit: createRateLimit(5),
        now: () => new Date(this.time.now),
        pause: this.time.sleep,
        call: (request) => this.#call(request),
      },
    );
    while (this.#queue.length > 0) {
      const due = this.#queue.filter(({ visibleAt }) => visibleAt <= this.time.now).slice(0, 10);
      endsAt = this.time.now + TIMEOUT;
      for (const message of due) message.visibleAt = this.time.now + 6 * TIMEOUT;
      const received = due.map(({ record: { receives, ...one } }) => ({ ...one, receives: receives + 1 }));
      const kept = new Set(await deliver(...received));
      for (const message of due) {
        this.#queue.splice(this.#queue.indexOf(message), 1);
        const again = received.find(({ messageId }) => messageId === message.record.messageId);
        if (!kept.has(message.record.messageId) || again === undefined) continue;
        const [, seconds = 180] = hidden.findLast(([handle]) => handle === again.receiptHandle) ?? [];
        this.#queue.push({ record: again, visibleAt: this.time.now + seconds * SECOND });
      }
      this.parked.push(
        ...deadLetters.splice(0).flatMap(([, { failures }]) => failures.map(({ code }) => code)),
      );
      await this.time.sleep(SECOND);
    }
  }

  async #call(request: EventRequest): Promise<Attempt> {
    const key = keyOf(request);
    if (key !== '') this.#inFlight.add(key);
    const { answer, milliseconds, accepts } = this.#react(key);
    if (accepts) this.accepted.set(key, (this.accepted.get(key) ?? 0) + 1);
    await this.time.sleep(milliseconds);
    this.#inFlight.delete(key);
    return answer;
  }

  #react(key: string): {
    readonly answer: Attempt;
    readonly milliseconds: number;
    readonly accepts: boolean;
  } {
    const { answer, milliseconds, toProbes } = this.#outage;
    const isOut = this.time.now >= this.#from && this.time.now < this.#until;
    if (key === '') {
      this.probes += 1;
      if (toProbes !== undefined || !isOut)
        return { answer: toProbes ?? MANDATORY, milliseconds: 50, accepts: false };
      return { answer, milliseconds, accepts: false };
    }
    if (!isOut)
      return { answer: answered(200, '{"transaction-id":"event_1"}'), milliseconds: 300, accepts: true };
    // What fails for certain was not accepted; of the rest, half was.
    this.#unclear += 1;
    return { answer, milliseconds, accepts: !isCertain(answer) && this.#unclear % 2 === 0 };
  }
}

function isCertain(answer: Attempt): boolean {
  return answer.kind === 'answered' && answer.retryAfter !== undefined;
}

const OUTAGES: readonly (readonly [string, Outage])[] = [
  ['502 at once', { answer: answered(502), milliseconds: 50 }],
  ['502 after a second', { answer: answered(502), milliseconds: 1_000 }],
  ['503', { answer: answered(503), milliseconds: 50 }],
  ['504 after nine seconds', { answer: answered(504), milliseconds: 9_000 }],
  ['an internal error inside HTTP 200', { answer: answered(200, '{"code":500}'), milliseconds: 50 }],
  ['time-outs', { answer: TIMED_OUT, milliseconds: 10_000 }],
];

describe('in an hour of', () => {
  test.each(OUTAGES)(
    '%s, a person gets no more than was under way, and five for each worker',
    async (_, outage) => {
      const world = new World(outage);
      await world.run();

      expect(new Set(world.parked)).toEqual(new Set(['unconfirmed']));
      expect(world.parked.length).toBeLessThanOrEqual(world.inFlightAtStart + 5 * WORKERS);
      expect(world.probes).toBeGreaterThan(30);
      expectAllEnded(world);
    },
  );

  test('503 with Retry-After, a person gets nothing', async () => {
    const world = new World({ answer: answered(503, '', '120'), milliseconds: 50 });
    await world.run();

    expect(world.parked).toEqual([]);
    expect(world.accepted.size).toBe(900);
    expectAllEnded(world);
  });

  test.each(OUTAGES)(
    '%s, with fields checked in front of it, a person gets one more for each probe that lied',
    async (_, outage) => {
      const world = new World({ ...outage, toProbes: MANDATORY });
      await world.run();

      expect(world.parked.length).toBeLessThanOrEqual(world.inFlightAtStart + 5 * WORKERS + world.probes);
      // Such probes come less and less often: not sixty an hour, as they would without that.
      expect(world.parked.length).toBeLessThanOrEqual(world.inFlightAtStart + 5 * WORKERS + 8 * WORKERS);
      expectAllEnded(world);
    },
  );

  test.each(OUTAGES)(
    '%s, with a firewall that keeps probes out, a person gets few more, and the outage ends all the same',
    async (_, outage) => {
      const world = new World({ ...outage, toProbes: answered(403) });
      await world.run();

      expect(world.parked.length).toBeLessThanOrEqual(world.inFlightAtStart + 5 * WORKERS + 8 * WORKERS);
      expectAllEnded(world);
    },
  );

  test('502 probed with events, as it was before, a person gets an event a minute and worker', async () => {
    const world = new World({ answer: answered(502), milliseconds: 50 }, 'event');
    await world.run();

    expect(world.parked.length).toBeGreaterThan(30 * WORKERS);
    expect(world.probes).toBe(0);
  });
});

/** Nothing is lost, nobody is messaged twice, and what waited went out by itself. */
function expectAllEnded(world: World): void {
  const states = [...world.ledger.entries.values()].map(({ state }) => state);
  const unconfirmed = states.filter((state) => state === 'unconfirmed').length;
  const delivered = states.filter((state) => state === 'delivered').length;

  expect([unconfirmed, delivered + unconfirmed]).toEqual([world.parked.length, 900]);
  expect(Math.max(...world.accepted.values())).toBe(1);
}
