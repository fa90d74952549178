import type { WebexKeys } from './webex-keys.ts';

/** Which place of the secret a key stands in. */
export type KeySlot = keyof WebexKeys;

export type ChosenKey = { readonly key: string; readonly slot: KeySlot };

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
export function rememberWorking(key: string): KeyMemory {
  return { working: key, refused: [] };
}

export function rememberRefused({ working, refused }: KeyMemory, key: string): KeyMemory {
  return { working, refused: [...refused.filter((other) => other !== key), key] };
}

function candidates({ primary, secondary }: WebexKeys): readonly [ChosenKey, ...ChosenKey[]] {
  const first: ChosenKey = { key: primary, slot: 'primary' };
  return secondary === undefined ? [first] : [first, { key: secondary, slot: 'secondary' }];
}
