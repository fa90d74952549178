import { randomBytes } from 'node:crypto';
import { fail, type Result, succeed } from '../../lambdas/result.ts';
import type { MappingFile } from '../../lib/map/mapping-file.ts';
import { signFlawed } from '../../signing/flawed-webhook.ts';
import type { RehearsalSecrets } from './rehearsal-secrets.ts';
import { createTenantKeys } from './tenant-keys.ts';

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
