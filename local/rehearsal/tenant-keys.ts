import { randomBytes } from 'node:crypto';

/** The keys of Webex Campaign's API user, as they are on both sides now, and what can be done to them. */
export type TenantKeys = {
  /** What Secrets Manager holds. */
  readonly stored: () => { readonly primary: string; readonly secondary: string; readonly hashKey: string };
  /** The keys that Webex Campaign accepts. */
  readonly accepted: () => readonly string[];
  /** Puts a new primary key in the place of the one that is there. */
  readonly rotateKey: () => void;
  /** Has the primary key refused, and the secondary as well if `both`; gives what undoes that. */
  readonly revoke: (both: boolean) => () => void;
  /** Every key that ever was, and the one that event keys are hashed with: none of them may be seen anywhere. */
  readonly all: () => readonly string[];
};

/** Makes the keys of one run, at random. */
export function createTenantKeys(): TenantKeys {
  const keys = { primary: makeKey(1), secondary: makeKey(2) };
  const hashKey = randomBytes(32).toString('hex');
  const every = new Set([keys.primary, keys.secondary, hashKey]);
  const refused = new Set<string>();
  return {
    stored: () => ({ ...keys, hashKey }),
    accepted: () => Object.values(keys).filter((key) => !refused.has(key)),
    rotateKey: () => {
      keys.primary = makeKey(1);
      every.add(keys.primary);
    },
    revoke: (both) => {
      const revoked = both ? Object.values(keys) : [keys.primary];
      for (const key of revoked) refused.add(key);
      return () => {
        for (const key of revoked) refused.delete(key);
      };
    },
    all: () => [...every],
  };
}

function makeKey(number: number): string {
  return `key-${number}-${randomBytes(24).toString('base64')}`;
}
