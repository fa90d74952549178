import { randomBytes } from 'node:crypto';
import * as z from 'zod/mini';
import { hashKeySchema, parseWebexSecret } from '../lambdas/deliver/webex-keys.ts';
import type { Profile } from '../lambdas/ingest/profile.ts';
import { signingSecretsSchema } from '../lambdas/ingest/signing-secrets.ts';
import { fail, type Result, succeed } from '../lambdas/result.ts';
import { parseSecret, type SecretFailure } from '../lambdas/secret.ts';
import { foldersOf } from '../lib/map/mapping-folders.ts';
import { checkKey, checkSigningSecret } from './check-secret-value.ts';
import { findMapping, type Project } from './project.ts';

/** The secret that is no source's: the keys of the API user. */
export const WEBEX_CAMPAIGN = 'webex-campaign';

const keptSchema = z.object({ hashKey: hashKeySchema });

/** What a secret holds, whatever its form: values, newest first (none where it is not set), and what lies beside them. */
export type SecretContent = {
  readonly values: readonly string[];
  readonly verifyToken?: string;
};

/** What nobody has typed, and no command tells: it stays whatever becomes of the values, usable or not. */
export type KeptContent = { readonly hashKey?: string };

/** Where the log tells which slot was used: by a line of this stage's, with this field. */
export type SlotTrace = { readonly stage: 'ingest' | 'deliver'; readonly source?: string };

/** One kind of secret, as the commands treat all of them alike. */
export type SecretKind = {
  /** As it is given on the command line. */
  readonly title: string;
  /** Its name in mapping files. */
  readonly secret: string;
  /** What one value of it is called. */
  readonly noun: 'signing secret' | 'key';
  /** How many values it can hold. */
  readonly most: number;
  /** A value of several lines cannot be typed. */
  readonly isMultiline: boolean;
  /** What may be given beside the first value when it is set. */
  readonly second?: 'secondary key' | 'verify token';
  readonly trace: SlotTrace;
  /** What is wrong with a value, for a person who has pasted it; never quotes it. */
  readonly check: (value: string) => string | undefined;
  readonly read: (text: string) => Result<SecretContent, readonly string[]>;
  readonly readKept: (text: string) => KeptContent;
  readonly write: (content: SecretContent, kept: KeptContent) => string;
};

/** The secret of a source, or the API user's keys; fails with the names that there are. */
export function findSecret(project: Project, title: string): Result<SecretKind, string> {
  if (title === WEBEX_CAMPAIGN) return succeed(webexKeys());
  const folders = foldersOf(project.mappings);
  if (!folders.includes(title)) {
    return fail(
      `There is no secret of "${title}". There are those of: ${folders.join(', ')}, ${WEBEX_CAMPAIGN}.`,
    );
  }
  const mapping = findMapping(project, title);
  return mapping.ok ? succeed(signingSecrets(title, mapping.value)) : mapping;
}

function webexKeys(): SecretKind {
  return {
    title: WEBEX_CAMPAIGN,
    secret: WEBEX_CAMPAIGN,
    noun: 'key',
    // Webex Campaign lets two keys of an API user be valid at once.
    most: 2,
    isMultiline: false,
    second: 'secondary key',
    trace: { stage: 'deliver' },
    check: checkKey,
    read: (text) => {
      const secret = parseWebexSecret(WEBEX_CAMPAIGN, text);
      if (secret.ok) return succeed({ values: Object.values(secret.value.keys) });
      // So it is created.
      return secret.failure.code === 'secret-missing'
        ? succeed({ values: [] })
        : fail(problemsOf(secret.failure));
    },
    readKept: (text) => {
      const kept = parseSecret(WEBEX_CAMPAIGN, text, keptSchema);
      return kept.ok && kept.value.hashKey !== undefined ? { hashKey: kept.value.hashKey } : {};
    },
    // Who sets the value elsewhere may have lost the key of the hashes: then there is a new one from here on.
    write: ({ values: [primary = '', secondary = ''] }, { hashKey = randomBytes(32).toString('hex') }) =>
      JSON.stringify({ primary, secondary, hashKey }),
  };
}

function signingSecrets(
  source: string,
  { secret, profile }: { readonly secret: string; readonly profile: Profile },
): SecretKind {
  const asksForToken = profile.handshakes.some(({ authenticate }) => typeof authenticate === 'object');
  return {
    title: source,
    secret,
    noun: 'signing secret',
    most: Number.POSITIVE_INFINITY,
    isMultiline: 'secretEncoding' in profile.signature && profile.signature.secretEncoding === 'pem',
    ...(asksForToken && { second: 'verify token' as const }),
    trace: { stage: 'ingest', source },
    check: (value) => checkSigningSecret(profile.signature, value),
    read: (text) => {
      const secrets = parseSecret(secret, text, signingSecretsSchema);
      if (!secrets.ok) return fail(problemsOf(secrets.failure));
      const { signingSecrets: values, verifyToken } = secrets.value;
      return succeed({ values, ...(verifyToken !== undefined && { verifyToken }) });
    },
    readKept: () => ({}),
    write: ({ values, verifyToken }) =>
      JSON.stringify({ signingSecrets: values, ...(verifyToken !== undefined && { verifyToken }) }),
  };
}

function problemsOf(failure: SecretFailure): readonly string[] {
  return failure.code === 'secret-invalid' ? failure.problems : [];
}
