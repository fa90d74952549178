import { randomBytes } from 'node:crypto';
import { fail, type Result, succeed } from '../../lambdas/result.ts';
import type { MappingFile } from '../../lib/mapping/file.ts';
import type { LocalSecrets } from '../../local/settings.ts';
import { signFlawed } from '../../signing/flawed-webhook.ts';
import type { SourceName } from './plan.ts';

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
    cutting: [make('cutting_')],
  };
  let isLateSet = false;
  return {
    stored: () => ({
      'rehearsal/parking': { signingSecrets: signing.parking },
      'rehearsal/repeating': { signingSecrets: signing.repeating },
      'rehearsal/cutting': { signingSecrets: signing.cutting },
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

/** The forms in which vendors give out their secrets. */
const FORMS: readonly ((bytes: Buffer) => string)[] = [
  (bytes) => `whsec_${bytes.toString('base64')}`,
  (bytes) => bytes.toString('hex'),
  (bytes) => bytes.toString('base64'),
];

const PRIVATE_KEY_KINDS: readonly string[] = ['ecdsa', 'rsa', 'ed25519'];

/** Makes a signing secret that a source's signature takes; fails with a sentence where only the vendor can sign. */
export function makeSigningSecret({ source, profile }: MappingFile): Result<string, string> {
  const { kind } = profile.signature;
  if (PRIVATE_KEY_KINDS.includes(kind))
    return fail(`Only the vendor can sign by ${kind}: it has the private key.`);
  let reason = '';
  for (const form of FORMS) {
    const secret = form(randomBytes(24));
    const signed = signFlawed(
      profile.signature,
      {
        secret,
        url: `http://127.0.0.1/webhooks/${source}`,
        rawBody: Buffer.from('{}'),
        at: new Date(),
        id: 'id',
      },
      {},
    );
    if (signed.ok) return succeed(secret);
    reason = signed.failure;
  }
  return fail(reason);
}

/**
 * The secrets of a run with an adopter's mappings, none of which is theirs. All sources' are rotated together; that of
 * `late` is empty until it is set.
 * @param signing the first secret of each source that can be signed
 */
export function createAdopterSecrets(
  mappings: readonly MappingFile[],
  signing: ReadonlyMap<string, string>,
  late: string | undefined,
): RehearsalSecrets {
  const secrets = new Map([...signing].map(([source, secret]) => [source, [secret]]));
  const { stored, accepted, rotateKey, revoke, all: allKeys } = createTenantKeys();
  const every = new Set(signing.values());
  let isLateSet = false;
  return {
    stored: () => ({
      ...Object.fromEntries(
        mappings.map(({ source, secret }) => {
          const isSet = secrets.has(source) && (source !== late || isLateSet);
          return [secret, isSet ? { signingSecrets: secrets.get(source) } : ''];
        }),
      ),
      'webex-campaign': stored(),
    }),
    accepted,
    signing: (source) => secrets.get(source)?.[0] ?? '',
    rotateSigning: () => {
      for (const mapping of mappings) {
        const made = makeSigningSecret(mapping);
        if (made.ok) secrets.get(mapping.source)?.unshift(made.value);
        if (made.ok) every.add(made.value);
      }
    },
    setLate: () => {
      isLateSet = true;
    },
    rotateKey,
    revoke,
    all: () => [...every, ...allKeys()],
  };
}

/** The keys of Webex Campaign's API user, as they are on both sides now, and what can be done to them. */
type TenantKeys = {
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
function createTenantKeys(): TenantKeys {
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
