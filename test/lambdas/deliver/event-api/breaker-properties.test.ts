import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { BreakerSignal } from '../../../../lambdas/deliver/event-api/breaker.ts';
import { createBreaker, type Permit } from '../../../../lambdas/deliver/event-api/breaker.ts';

const MINUTE = 60_000;

type Step = (run: Run) => void;

/** Attempts of one worker that overlap as they like, and what came of them. */
class Run {
  readonly breaker = createBreaker();
  /** Every permit that was not given back. */
  readonly used: Permit[] = [];
  readonly throttles: { readonly at: number; readonly until: number }[] = [];
  now = 0;
  readonly #inFlight: Permit[] = [];

  ask(): void {
    const leave = this.breaker.permit(this.now);
    if (leave.kind === 'go') {
      this.#inFlight.push(leave);
      this.used.push(leave);
      return;
    }
    expect(this.breaker.currentPause(this.now)).toEqual(leave);
    expect(leave.milliseconds).toBeGreaterThan(0);
    // A caller that comes back in time does not wait longer, unless something has happened.
    expect(this.breaker.currentPause(this.now + leave.milliseconds)).toBeUndefined();
  }

  giveBack(which: number): void {
    const permit = this.#take(which);
    if (permit === undefined) return;
    this.breaker.giveBack(permit);
    this.used.splice(this.used.indexOf(permit), 1);
  }

  end(which: number, signal: BreakerSignal, hint: number): void {
    const permit = this.#take(which);
    if (permit === undefined) return;
    this.breaker.record(permit, { signal, retryAfterSeconds: hint }, this.now);
    if (signal === 'throttled') this.throttles.push({ at: this.now, until: this.now + hint * 1000 });
    const isLatestProbe = permit.isProbe && permit.begunAt + MINUTE > this.now;
    if (signal === 'accepted' && isLatestProbe) expect(this.breaker.isOpen()).toBe(false);
  }

  #take(which: number): Permit | undefined {
    return this.#inFlight.splice(which % Math.max(1, this.#inFlight.length), 1)[0];
  }
}

const anySignal = fc.constantFrom<BreakerSignal[]>(
  'accepted',
  'throttled',
  'credentials-refused',
  'endpoint-failed',
  'none',
);
const anyTime = fc.oneof(fc.nat(500), fc.nat(2 * MINUTE));

const ask = fc.constant<Step>((run) => run.ask());
const giveBack = fc.nat(20).map(
  (which): Step =>
    (run) =>
      run.giveBack(which),
);
const pass = anyTime.map(
  (milliseconds): Step =>
    (run) => {
      run.now += milliseconds;
    },
);
const end = fc.tuple(fc.nat(20), anySignal, fc.nat(300)).map(
  ([which, signal, hint]): Step =>
    (run) =>
      run.end(which, signal, hint),
);

const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: ask },
    { weight: 1, arbitrary: giveBack },
    { weight: 3, arbitrary: pass },
    { weight: 4, arbitrary: end },
  ),
  { maxLength: 120 },
);

function runThrough(sequence: readonly Step[]): Run {
  const run = new Run();
  for (const step of sequence) step(run);
  return run;
}

describe('whatever happens, in whatever order,', () => {
  test('a worker begins no two probes within a minute', () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        const probes = runThrough(sequence)
          .used.filter(({ isProbe }) => isProbe)
          .map(({ begunAt }) => begunAt);

        for (const [index, begunAt] of probes.slice(1).entries()) {
          expect(begunAt - (probes[index] ?? 0)).toBeGreaterThanOrEqual(MINUTE);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test('nothing is sent before the time that the vendor has asked for', () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        const { used, throttles } = runThrough(sequence);

        for (const { at, until } of throttles) {
          const early = used.filter(({ begunAt }) => begunAt > at && begunAt < until);
          expect(early).toEqual([]);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test('a probe comes within an hour and a minute, and one success has everything flow again', () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        const { breaker, now } = runThrough(sequence);
        const later = now + 60 * MINUTE + MINUTE;
        const probe = breaker.permit(later);

        expect(probe.kind).toBe('go');
        if (probe.kind === 'go') breaker.record(probe, { signal: 'accepted' }, later);
        expect([breaker.permit(later), breaker.permit(later)]).toMatchObject([
          { kind: 'go', isProbe: false },
          { kind: 'go', isProbe: false },
        ]);
      }),
      { numRuns: 1_000 },
    );
  });
});
