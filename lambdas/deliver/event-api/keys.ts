import * as z from 'zod/mini';
import { fail, type Result, succeed } from '../../result.ts';
import { parseSecret, type SecretFailure } from '../../secret.ts';
import type { Verdict } from './verdict.ts';
import { signalOf } from './verdict.ts';

type Keys = Result<WebexKeys, SecretFailure>;

export type KeyDependencies = {
  /** The keys, from the cache where it has them. */
  readonly readKeys: () => Promise<Keys>;
  /** Reads them anew; `undefined` if that was done a moment ago. */
  readonly rereadKeys: () => Promise<Keys | undefined>;
};

/** Makes one call with a key and judges its answer. */
type CallWithKey = (key: string) => Promise<Verdict>;

/** How an event's call ended. */
type KeyedVerdict = {
  readonly verdict: Verdict;
  /** How many calls were made. */
  readonly calls: number;
  /** Which key the last call was made with: a metric shows a person when the other can go. */
  readonly keyUsed?: KeyName;
};

/** Calls for one event with the key that works, or says why there is no key to call with. */
export type KeyedCaller = (
  call: CallWithKey,
  /** Whether there is time for the second call. */
  hasTime?: () => boolean,
) => Promise<Result<KeyedVerdict, SecretFailure>>;

/**
 * How one worker uses the API user's two keys. After a refusal (430, 498) it reads the secret anew once and tries the
 * other key once; from then on it tries the key that works first, so that a revoked primary delays no event while the
 * secondary is valid. It makes two calls an event at most: each refusal counts towards the vendor's block of an address
 * (webex-facts.md, 3.10), and a third key exists only in the middle of a rotation, where a retry finds it. Only a call
 * that was certainly refused is followed by another.
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
  /** The key to begin with. If every key was refused, the secret is read anew before any call. */
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
    const first = succeed({ verdict, calls: 1, keyUsed: chosen.name });
    if (signalOf(verdict) !== 'credentials-refused') return first;

    const latest = await reread();
    // Another call may have shown meanwhile that the same key works: this event was already refused with it.
    const other = chooseKey(latest, withRefused(memory, chosen.key));
    if (other === undefined || !hasTime()) return first;
    return succeed({ verdict: await callWith(other, call), calls: 2, keyUsed: other.name });
  };
}

type Beginning = { readonly chosen: ChosenKey; readonly reread: () => Promise<WebexKeys> };

/** Which of the secret's two keys. */
type KeyName = keyof WebexKeys;

type ChosenKey = { readonly key: string; readonly name: KeyName };

/** What a worker has learned of keys. It holds keys, so it is never logged. */
export type KeyMemory = {
  /** The key that an answer has shown to work, most recently. */
  readonly working: string | undefined;
  /** Keys that were refused since one last worked, longest ago first. */
  readonly refused: readonly string[];
};

export const NO_KEY_KNOWN: KeyMemory = { working: undefined, refused: [] };

/** The key to call with: the one that worked last, else the first that was not refused; `undefined` if all were. */
export function chooseKey(keys: WebexKeys, { working, refused }: KeyMemory): ChosenKey | undefined {
  const open = candidates(keys).filter(({ key }) => !refused.includes(key));
  return open.find(({ key }) => key === working) ?? open[0];
}

/** The key to probe with when all were refused: the one that was tried longest ago. */
export function chooseProbeKey(keys: WebexKeys, { refused }: KeyMemory): ChosenKey {
  const [first, ...others] = candidates(keys);
  return others.reduce(
    (oldest, other) => (refused.indexOf(other.key) < refused.indexOf(oldest.key) ? other : oldest),
    first,
  );
}

/** A key that works clears the refusals: they may have come from an outage that is over. */
export function withWorking(key: string): KeyMemory {
  return { working: key, refused: [] };
}

export function withRefused({ working, refused }: KeyMemory, key: string): KeyMemory {
  return { working, refused: [...refused.filter((other) => other !== key), key] };
}

function candidates({ primary, secondary }: WebexKeys): readonly [ChosenKey, ...ChosenKey[]] {
  const first: ChosenKey = { key: primary, name: 'primary' };
  return secondary === undefined ? [first] : [first, { key: secondary, name: 'secondary' }];
}

/** The API user's secret keys, both valid at once while they rotate. */
export type WebexKeys = { readonly primary: string; readonly secondary?: string };

/** A key that can stand in an HTTP header: visible ASCII, as RFC 6750 has bearer tokens. */
export const keySchema = z
  .string()
  .check(z.regex(/^[\u0021-\u007e]+$/, 'expected a key of visible ASCII characters'));

/** May be empty: the secret is created so, to show a person what belongs there. */
const placeSchema = z.optional(z.union([z.literal(''), keySchema]));

/** A missing or invalid hash key never blocks delivery. */
export const hashKeySchema = z.catch(z.optional(z.string().check(z.minLength(32))), undefined);

const webexSecretSchema = z.strictObject({
  primary: placeSchema,
  secondary: placeSchema,
  hashKey: hashKeySchema,
});

/**
 * The `webex-campaign` secret: the API user's keys, and the key of the hashes that stand for event keys, which Secrets
 * Manager generates and no person needs to know.
 */
type WebexSecret = { readonly keys: WebexKeys; readonly hashKey?: string };

/** Reads the secret's text. Without a key it counts as missing, so that it is read again within seconds. */
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
