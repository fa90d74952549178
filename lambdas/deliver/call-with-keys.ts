import { fail, type Result, succeed } from '../result.ts';
import type { SecretFailure } from '../secret.ts';
import { signalOf } from './breaker-signal.ts';
import {
  type ChosenKey,
  chooseKey,
  chooseProbeKey,
  type KeyMemory,
  type KeySlot,
  NO_KEY_KNOWN,
  rememberRefused,
  rememberWorking,
} from './choose-key.ts';
import type { Verdict } from './classify-answer.ts';
import type { WebexKeys } from './webex-keys.ts';

type Keys = Result<WebexKeys, SecretFailure>;

export type KeyDependencies = {
  /** The keys as they are remembered. */
  readonly readKeys: () => Promise<Keys>;
  /** Reads them anew; `undefined` where that was done only just now. */
  readonly rereadKeys: () => Promise<Keys | undefined>;
};

/** Makes one call with a key and judges its answer. */
type CallWithKey = (key: string) => Promise<Verdict>;

/** How an event's call ended. */
type KeyedVerdict = {
  readonly verdict: Verdict;
  /** How many calls were made. */
  readonly calls: 1 | 2;
  /** Where the key of the last call stands in the secret, for a metric: so a person knows when the other can go. */
  readonly slot: KeySlot;
};

/** Calls for one event with the key that works, or says why there is no key to call with. */
export type KeyedCaller = (
  call: CallWithKey,
  /** Whether there is time for the second call. */
  hasTime?: () => boolean,
) => Promise<Result<KeyedVerdict, SecretFailure>>;

/**
 * One worker's way with the API user's two keys. A refused key (430, 498) has the secret read anew once and the other key
 * tried once, and the key that works is tried first from then on: with a revoked primary and a valid secondary no event
 * is late. Two calls an event and no more: each refusal counts towards the vendor's block of an address (webex-facts.md,
 * 3.10), and a third key there is only in the middle of a rotation, where a retry finds it. Only a call that was
 * certainly refused is followed by another.
 */
export function createKeyedCaller({ readKeys, rereadKeys }: KeyDependencies): KeyedCaller {
  let memory: KeyMemory = NO_KEY_KNOWN;

  const callWith = async ({ key }: ChosenKey, call: CallWithKey): Promise<Verdict> => {
    const verdict = await call(key);
    const signal = signalOf(verdict);
    if (signal === 'accepted') memory = rememberWorking(key);
    if (signal === 'credentials-refused') memory = rememberRefused(memory, key);
    return verdict;
  };
  const rereadOr = async (keys: WebexKeys): Promise<WebexKeys> => {
    const reread = await rereadKeys();
    return reread?.ok ? reread.value : keys;
  };
  /** The key to begin with. With every key refused, no call is worth making before the secret was looked at again. */
  const begin = async (keys: WebexKeys): Promise<Beginning> => {
    const known = chooseKey(keys, memory);
    if (known !== undefined) return { chosen: known, reread: () => rereadOr(keys) };
    const latest = await rereadOr(keys);
    const chosen = chooseKey(latest, memory) ?? chooseProbeKey(latest, memory);
    return { chosen, reread: async () => latest };
  };

  return async (call, hasTime = () => true) => {
    const keys = await readKeys();
    if (!keys.ok) return fail(keys.failure);
    const { chosen, reread } = await begin(keys.value);
    const verdict = await callWith(chosen, call);
    const first = succeed({ verdict, calls: 1, slot: chosen.slot });
    if (signalOf(verdict) !== 'credentials-refused') return first;

    const latest = await reread();
    // A call that was made side by side may have shown since that the same key works: this event has had its no from it.
    const other = chooseKey(latest, rememberRefused(memory, chosen.key));
    if (other === undefined || !hasTime()) return first;
    return succeed({ verdict: await callWith(other, call), calls: 2, slot: other.slot });
  };
}

type Beginning = { readonly chosen: ChosenKey; readonly reread: () => Promise<WebexKeys> };
