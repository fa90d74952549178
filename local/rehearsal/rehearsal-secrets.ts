import { randomBytes } from 'node:crypto';
import type { LocalSecrets } from '../local-secrets.ts';
import type { SourceName } from './plan.ts';
import { createTenantKeys, type TenantKeys } from './tenant-keys.ts';

/** Secrets on both sides, as they are now, and what can be done to them. */
export type RehearsalSecrets = Pick<TenantKeys, 'accepted' | 'rotateKey' | 'revoke'> & {
  /** What Secrets Manager holds. */
  readonly stored: () => LocalSecrets;
  /** What a vendor signs with. */
  readonly signing: (source: string) => string;
  readonly rotateSigning: () => void;
  readonly setLate: () => void;
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
  const { stored, accepted, rotateKey, revoke, all: allKeys } = createTenantKeys();
  const signing: Record<SourceName, string[]> = {
    parking: [make('whsec_')],
    repeating: [make('whsec_')],
    late: [make('late_')],
  };
  let isLateSet = false;
  return {
    stored: () => ({
      'rehearsal/parking': { signingSecrets: signing.parking },
      'rehearsal/repeating': { signingSecrets: signing.repeating },
      'rehearsal/late': isLateSet ? { signingSecrets: signing.late } : '',
      'webex-campaign': stored(),
    }),
    accepted,
    signing: (source) => new Map(Object.entries(signing)).get(source)?.[0] ?? '',
    rotateSigning: () => signing.parking.unshift(make('whsec_')),
    setLate: () => {
      isLateSet = true;
    },
    rotateKey,
    revoke,
    all: () => [...all, ...allKeys()],
  };
}
