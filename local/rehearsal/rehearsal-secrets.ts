import { randomBytes } from 'node:crypto';
import type { LocalSecrets } from '../local-secrets.ts';
import type { SourceName } from './plan.ts';

/** Secrets on both sides, as they are now, and what can be done to them. */
export type RehearsalSecrets = {
  /** What Secrets Manager holds. */
  readonly stored: () => LocalSecrets;
  /** The keys that Webex Campaign accepts. */
  readonly accepted: () => readonly string[];
  /** What a vendor signs with. */
  readonly signing: (source: string) => string;
  readonly rotateSigning: () => void;
  readonly setLate: () => void;
  readonly rotateKey: () => void;
  /** Has the primary key refused, and the secondary as well if `both`; gives what undoes that. */
  readonly revoke: (both: boolean) => () => void;
  /** Every secret that ever was: none of them may be seen anywhere. */
  readonly all: () => readonly string[];
};

/** Makes the secrets of one run. They are random: the script does not depend on them. */
export function createRehearsalSecrets(): RehearsalSecrets {
  const all: string[] = [];
  const make = (prefix: string) => {
    const secret = `${prefix}${randomBytes(24).toString('base64')}`;
    all.push(secret);
    return secret;
  };
  const signing: Record<SourceName, string[]> = {
    parking: [make('whsec_')],
    repeating: [make('whsec_')],
    late: [make('late_')],
  };
  const keys = { primary: make('key-1-'), secondary: make('key-2-') };
  const hashKey = make('hash-');
  let isLateSet = false;
  const refused = new Set<string>();
  return {
    stored: () => ({
      'rehearsal/parking': { signingSecrets: signing.parking },
      'rehearsal/repeating': { signingSecrets: signing.repeating },
      'rehearsal/late': isLateSet ? { signingSecrets: signing.late } : '',
      'webex-campaign': { ...keys, hashKey },
    }),
    accepted: () => Object.values(keys).filter((key) => !refused.has(key)),
    signing: (source) => new Map(Object.entries(signing)).get(source)?.[0] ?? '',
    rotateSigning: () => signing.parking.unshift(make('whsec_')),
    setLate: () => {
      isLateSet = true;
    },
    rotateKey: () => {
      keys.primary = make('key-1-');
    },
    revoke: (both) => {
      const revoked = both ? Object.values(keys) : [keys.primary];
      for (const key of revoked) refused.add(key);
      return () => {
        for (const key of revoked) refused.delete(key);
      };
    },
    all: () => [...all],
  };
}
