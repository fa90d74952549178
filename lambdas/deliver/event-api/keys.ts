import * as z from 'zod/mini';
import { fail, type Result, succeed } from '../../result.ts';
import { parseSecret, type SecretFailure } from '../../secret.ts';
import { signalOf } from './breaker.ts';
import type { Verdict } from './verdict.ts';

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
  readonly index: KeyName;
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
    if (signal === 'accepted') memory = withWorking(key);
    if (signal === 'credentials-refused') memory = withRefused(memory, key);
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
    const first = succeed({ verdict, calls: 1, index: chosen.index });
    if (signalOf(verdict) !== 'credentials-refused') return first;

    const latest = await reread();
    // A call that was made side by side may have shown since that the same key works: this event has had its no from it.
    const other = chooseKey(latest, withRefused(memory, chosen.key));
    if (other === undefined || !hasTime()) return first;
    return succeed({ verdict: await callWith(other, call), calls: 2, index: other.index });
  };
}

type Beginning = { readonly chosen: ChosenKey; readonly reread: () => Promise<WebexKeys> };

/** Which place of the secret a key stands in. */
type KeyName = keyof WebexKeys;

type ChosenKey = { readonly key: string; readonly index: KeyName };

/** What a worker has learned of keys. It holds keys, so it is never logged. */
export type KeyMemory = {
  /** The key that an answer has shown to work, most recently. */
  readonly working: string | undefined;
  /** Keys that were refused since one last worked, longest ago first. */
  readonly refused: readonly string[];
};

export const NO_KEY_KNOWN: KeyMemory = { working: undefined, refused: [] };

/** The key that is worth a call: the one that worked last, else one that was not refused, the primary before the other. */
export function chooseKey(keys: WebexKeys, { working, refused }: KeyMemory): ChosenKey | undefined {
  const open = candidates(keys).filter(({ key }) => !refused.includes(key));
  return open.find(({ key }) => key === working) ?? open[0];
}

/** The key to find out with when all were refused: the one that has not been tried for longest. */
export function chooseProbeKey(keys: WebexKeys, { refused }: KeyMemory): ChosenKey {
  const [first, ...others] = candidates(keys);
  return others.reduce(
    (oldest, other) => (refused.indexOf(other.key) < refused.indexOf(oldest.key) ? other : oldest),
    first,
  );
}

/** A key that works makes a clean slate: what refused the others may have been an outage that is over now. */
export function withWorking(key: string): KeyMemory {
  return { working: key, refused: [] };
}

export function withRefused({ working, refused }: KeyMemory, key: string): KeyMemory {
  return { working, refused: [...refused.filter((other) => other !== key), key] };
}

function candidates({ primary, secondary }: WebexKeys): readonly [ChosenKey, ...ChosenKey[]] {
  const first: ChosenKey = { key: primary, index: 'primary' };
  return secondary === undefined ? [first] : [first, { key: secondary, index: 'secondary' }];
}

/** The API user's secret keys, both valid at once while they rotate. */
export type WebexKeys = { readonly primary: string; readonly secondary?: string };

/** A key that can stand in an HTTP header: visible ASCII, as RFC 6750 has bearer tokens. */
export const keySchema = z
  .string()
  .check(z.regex(/^[\u0021-\u007e]+$/, 'expected a key of visible ASCII characters'));

/** A place for a key may be empty: so the secret is created, for a person to see what belongs there. */
const placeSchema = z.optional(z.union([z.literal(''), keySchema]));

/** Whoever sets the value by hand may have left it out, or spoilt it: that keeps no event. */
export const hashKeySchema = z.catch(z.optional(z.string().check(z.minLength(32))), undefined);

const webexSecretSchema = z.strictObject({
  primary: placeSchema,
  secondary: placeSchema,
  hashKey: hashKeySchema,
});

/**
 * The `webex-campaign` secret: what Webex Campaign has given, and the key of the hashes that stand for event keys, which
 * Secrets Manager has generated and nobody needs to know.
 */
type WebexSecret = { readonly keys: WebexKeys; readonly hashKey?: string };

/** Reads the secret's text. It is missing as long as it holds no key: so a key that is set is asked for again in seconds. */
export function parseWebexSecret(name: string, text: string): Result<WebexSecret, SecretFailure> {
  const parsed = parseSecret(name, text, webexSecretSchema);
  if (!parsed.ok) return parsed;
  const { primary, secondary, hashKey } = parsed.value;
  if (primary) {
    const keys = { primary, ...(secondary && { secondary }) };
    return succeed({ keys, ...(hashKey !== undefined && { hashKey }) });
  }
  return secondary
    ? fail({ code: 'secret-invalid', secret: name, problems: ['/primary: is empty, /secondary is not'] })
    : fail({ code: 'secret-missing', secret: name });
}

/** The keys of a secret that was read. */
export function keysOf(read: Result<WebexSecret, SecretFailure>): Result<WebexKeys, SecretFailure> {
  return read.ok ? succeed(read.value.keys) : read;
}
