import type { Scheduler } from 'fast-check';
import type { DeadLetterNote } from '../../../../lambdas/dead-letter/note.ts';
import { deadLetterFailed } from '../../../../lambdas/deliver/dead-letter.ts';
import { deliverEvent } from '../../../../lambdas/deliver/event.ts';
import type { Called } from '../../../../lambdas/deliver/event-api/caller.ts';
import type { LedgerEntry } from '../../../../lambdas/deliver/ledger/entry.ts';
import type { EventOutcome } from '../../../../lambdas/deliver/outcome.ts';
import type { EventDependencies } from '../../../../lambdas/deliver/work.ts';
import type { Mapped } from '../../../../lambdas/map/webhook.ts';
import { fail, succeed } from '../../../../lambdas/result.ts';
import { FIRST_SEEN, mapOneEvent, type OneEventTerms, workOn } from '../one-event.ts';
import { type Fate, type Fault, type Receive, VERDICTS } from './ledger-fates.ts';

export const LEASE_SECONDS = 600;

/** Thrown in the place of a worker's death: the code under test catches nothing, so it ends there. */
class Died extends Error {}

/** A world with one event in it, which every message is about. */
export class LedgerWorld {
  accepted = 0;
  calls = 0;
  /** How often it could not be told whether a call was accepted, a death around it included. */
  unclear = 0;
  now = FIRST_SEEN.getTime();
  entry: LedgerEntry | undefined;
  /** Whose claim was the first that the ledger took. */
  firstClaim: string | undefined;
  readonly deadLetters: DeadLetterNote[] = [];
  readonly outcomes: EventOutcome[] = [];
  readonly waiting: Set<number>;
  private owners = 0;
  private readonly receives = new Map<number, number>();
  private readonly schedule: Scheduler['schedule'];
  private readonly mapped: Mapped;

  constructor(scheduler: Scheduler, messages: number, terms: OneEventTerms) {
    this.schedule = (promise, label) => scheduler.schedule(promise, label);
    this.waiting = new Set(Array.from({ length: messages }, (_, index) => index));
    this.mapped = mapOneEvent(terms);
  }

  /** A worker takes a message, if it is still there; the message goes unless the event is to be tried again. */
  async receive({ message, fates, faults }: Receive): Promise<void> {
    if (!this.waiting.has(message)) return;
    const receives = (this.receives.get(message) ?? 0) + 1;
    this.receives.set(message, receives);
    try {
      const work = workOn(this.mapped, message, receives);
      const worker = this.worker(fates, faults);
      const end = await deliverEvent(work, worker);
      const outcome =
        end.outcome === 'failed' ? (await deadLetterFailed(work.record, [end], worker))[0] : end;
      if (outcome === undefined) throw new Error('The event has no outcome.');
      this.outcomes.push(outcome);
      if (outcome.outcome !== 'retry-later') this.waiting.delete(message);
    } catch (error) {
      if (!(error instanceof Died)) throw error;
      this.unclear += 1;
    }
  }

  private worker(fates: readonly Fate[], faults: readonly Fault[]): EventDependencies {
    const remaining = { milliseconds: 30_000 };
    const plan = [...fates];
    const step = this.stepper(faults);
    return {
      now: () => new Date(this.now),
      ledger: {
        read: () => step('read', () => succeed(this.entry), UNAVAILABLE),
        write: (entry) => step('write', () => this.write(entry), UNAVAILABLE),
        copy: () => step('copy', () => succeed('changed'), UNAVAILABLE),
      },
      caller: {
        currentPause: async () => undefined,
        call: () => step('call', () => this.call(plan.shift() ?? 'accepted')),
      },
      putDeadLetter: (_, note) =>
        step('dead-letter', () => succeed(void this.deadLetters.push(note)), fail({ cause: 'TimeoutError' })),
      hashEventKey: async () => undefined,
      newOwner: () => {
        this.owners += 1;
        return `worker-${this.owners}`;
      },
      random: () => 0.5,
      leaseMilliseconds: LEASE_SECONDS * 1000,
      pause: async (milliseconds) => {
        remaining.milliseconds -= milliseconds;
      },
      remainingMilliseconds: () => remaining.milliseconds,
    };
  }

  /** Lets others go on before and after each dealing with the outside world, and has it go wrong where it is to. */
  private stepper(faults: readonly Fault[]) {
    let steps = 0;
    return async <Heard, Failure>(
      label: string,
      effect: () => Heard,
      failure?: Failure,
    ): Promise<Heard | Failure> => {
      const number = steps++;
      const fault = faults.find(({ at }) => at === number)?.what;
      await this.schedule(Promise.resolve(), label);
      if (fault === 'dies-before') throw new Died();
      if (fault === 'fails-before' && failure !== undefined) return failure;
      const heard = effect();
      await this.schedule(Promise.resolve(), `${label} answered`);
      if (fault === 'dies-after') throw new Died();
      return fault === 'fails-after' && failure !== undefined ? failure : heard;
    };
  }

  private write(entry: LedgerEntry) {
    if ((this.entry?.revision ?? 0) !== entry.revision - 1) return succeed('changed');
    if (entry.revision === 1) this.firstClaim = entry.webhookId;
    this.entry = entry;
    return succeed('written');
  }

  private call(fate: Fate): Called {
    if (fate === 'paused') return { kind: 'paused', code: 'not-begun' };
    this.calls += 1;
    if (fate === 'accepted' || fate === 'accepted-unheard') this.accepted += 1;
    if (fate === 'accepted-unheard' || fate === 'lost') this.unclear += 1;
    return { kind: 'called', verdict: VERDICTS[fate], milliseconds: 1, calls: 1, keyUsed: 'primary' };
  }
}

const UNAVAILABLE = fail({ code: 'ledger-unavailable', cause: 'TimeoutError' });
