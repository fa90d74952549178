import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  createBreaker,
  type Permit,
  type ProbeTurn,
  type ProbeWith,
} from '../../../../lambdas/deliver/event-api/breaker.ts';
import type { BreakerSignal, ProbeSignal } from '../../../../lambdas/deliver/event-api/verdict.ts';

const MINUTE = 60_000;

type Step = (run: Run) => void;

/** Attempts of one worker that overlap as they like, and what came of them. */
class Run {
  readonly breaker;
  /** Every permit that was not given back. */
  readonly used: Permit[] = [];
  readonly probes: ProbeTurn[] = [];
  readonly throttles: { readonly at: number; readonly until: number }[] = [];
  /** How many events the probes have allowed so far. */
  allowed = 0;
  now = 0;
  /** Attempts under way, and failed ones in a row, since the endpoint last proved that it answers. */
  #unproven: readonly Permit[] = [];
  #failures = 0;
  readonly #inFlight: Permit[] = [];
  readonly #probesInFlight: ProbeTurn[] = [];

  constructor(probeWith: ProbeWith) {
    this.breaker = createBreaker(probeWith);
  }

  ask(): void {
    const turn = this.breaker.takeProbe(this.now);
    if (turn !== undefined) {
      this.probes.push(turn);
      this.#probesInFlight.push(turn);
    }
    const leave = this.breaker.permit(this.now);
    if (leave.kind === 'go') {
      this.#inFlight.push(leave);
      this.used.push(leave);
      if (!leave.isProbe) this.#unproven = [...this.#unproven, leave];
      expect(this.#unproven.length + this.#failures).toBeLessThanOrEqual(5);
      return;
    }
    if (leave.kind === 'crowded') {
      expect(this.#unproven.length + this.#failures).toBeGreaterThanOrEqual(5);
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
    const wasOpen = this.breaker.isOpen();
    this.breaker.record(permit, { signal, retryAfterSeconds: hint }, this.now);
    if (signal === 'throttled') this.throttles.push({ at: this.now, until: this.now + hint * 1000 });
    // Refused for its fields, it has proved no more than its probe: the next event may go.
    if (signal === 'answered' && permit.isProbe) this.allowed += 1;
    const isLatestProbe = permit.isProbe && permit.begunAt + MINUTE > this.now;
    if (signal === 'accepted' && isLatestProbe) expect(this.breaker.isOpen()).toBe(false);
    this.#learn(signal, wasOpen);
  }

  endProbe(which: number, signal: ProbeSignal, hint: number): void {
    const [turn] = this.#probesInFlight.splice(which % Math.max(1, this.#probesInFlight.length), 1);
    if (turn === undefined) return;
    const wasOpen = this.breaker.isOpen();
    const isLetThrough = this.breaker.recordProbe(turn, { signal, retryAfterSeconds: hint }, this.now);
    if (signal === 'throttled') this.throttles.push({ at: this.now, until: this.now + hint * 1000 });
    if (signal === 'healthy' || (signal === 'unknown' && isLetThrough)) this.allowed += 1;
    expect(this.breaker.isOpen()).toBe(wasOpen);
  }

  /** No attempt stays under way for ever. */
  endAll(): void {
    while (this.#inFlight.length > 0) this.end(0, 'none', 0);
  }

  #learn(signal: BreakerSignal, wasOpen: boolean): void {
    const isProof = signal === 'accepted' || signal === 'answered' || signal === 'throttled';
    if (this.breaker.isOpen() || wasOpen || isProof) {
      this.#unproven = [];
      this.#failures = 0;
    } else if (signal === 'endpoint-failed') this.#failures += 1;
  }

  #take(which: number): Permit | undefined {
    const [permit] = this.#inFlight.splice(which % Math.max(1, this.#inFlight.length), 1);
    this.#unproven = this.#unproven.filter((one) => one !== permit);
    return permit;
  }
}

const anySignal = fc.constantFrom<BreakerSignal[]>(
  'accepted',
  'answered',
  'throttled',
  'credentials-refused',
  'endpoint-failed',
  'none',
);
const anyProbeSignal = fc.constantFrom<ProbeSignal[]>(
  'healthy',
  'throttled',
  'credentials-refused',
  'outage',
  'unknown',
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
const endProbe = fc.tuple(fc.nat(20), anyProbeSignal, fc.nat(300)).map(
  ([which, signal, hint]): Step =>
    (run) =>
      run.endProbe(which, signal, hint),
);

const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: ask },
    { weight: 1, arbitrary: giveBack },
    { weight: 3, arbitrary: pass },
    { weight: 4, arbitrary: end },
    { weight: 2, arbitrary: endProbe },
  ),
  { maxLength: 120 },
);

function runThrough(probeWith: ProbeWith, sequence: readonly Step[]): Run {
  const run = new Run(probeWith);
  for (const step of sequence) step(run);
  return run;
}

describe('whatever happens, in whatever order,', () => {
  test('a worker that probes with events begins no two of them within a minute', () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        const { used, probes } = runThrough('event', sequence);
        const trials = used.filter(({ isProbe }) => isProbe).map(({ begunAt }) => begunAt);

        expect(probes).toEqual([]);
        for (const [index, begunAt] of trials.slice(1).entries()) {
          expect(begunAt - (trials[index] ?? 0)).toBeGreaterThanOrEqual(MINUTE);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test('a worker that probes with calls sends one event for each probe that lets it', () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        const { used, allowed } = runThrough('call', sequence);

        expect(used.filter(({ isProbe }) => isProbe).length).toBeLessThanOrEqual(allowed);
      }),
      { numRuns: 1_000 },
    );
  });

  test.each(['call', 'event'] as const)(
    'nothing is sent before the time that the vendor has asked for (probed with a %s)',
    (probeWith) => {
      fc.assert(
        fc.property(steps, (sequence) => {
          const { used, probes, throttles } = runThrough(probeWith, sequence);

          for (const { at, until } of throttles) {
            const early = [...used, ...probes].filter(({ begunAt }) => begunAt > at && begunAt < until);
            expect(early).toEqual([]);
          }
        }),
        { numRuns: 1_000 },
      );
    },
  );

  test.each(['call', 'event'] as const)(
    'a probe comes within an hour and a minute, and one success has everything flow again (probed with a %s)',
    (probeWith) => {
      fc.assert(
        fc.property(steps, (sequence) => {
          const run = runThrough(probeWith, sequence);
          run.endAll();
          const { breaker } = run;
          const later = run.now + 60 * MINUTE + MINUTE;
          const turn = breaker.takeProbe(later);
          if (turn !== undefined) breaker.recordProbe(turn, { signal: 'healthy' }, later);
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
    },
  );
});
