import { webexKeysSchema } from '../lambdas/deliver/webex-keys.ts';
import type { Profile } from '../lambdas/ingest/profile.ts';
import { signingSecretsSchema } from '../lambdas/ingest/signing-secrets.ts';
import { fail, type Result, succeed } from '../lambdas/result.ts';
import { parseSecret, type SecretFailure } from '../lambdas/secret.ts';
import { foldersOf } from '../lib/map/mapping-folders.ts';
import { checkKey, checkSigningSecret } from './check-secret-value.ts';
import { findMapping, type Project } from './project.ts';

/** The secret that is no source's: the keys of the API user. */
export const WEBEX_CAMPAIGN = 'webex-campaign';

/** What a secret holds, whatever its form: values, newest first, and what lies beside them. */
export type SecretContent = { readonly values: readonly string[]; readonly verifyToken?: string };

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
  readonly write: (content: SecretContent) => string;
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
      const keys = parseSecret(WEBEX_CAMPAIGN, text, webexKeysSchema);
      if (!keys.ok) return fail(problemsOf(keys.failure));
      const { primary, secondary } = keys.value;
      return succeed({ values: secondary === undefined ? [primary] : [primary, secondary] });
    },
    write: ({ values: [primary = '', secondary] }) =>
      JSON.stringify({ primary, ...(secondary !== undefined && { secondary }) }),
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
    write: ({ values, verifyToken }) =>
      JSON.stringify({ signingSecrets: values, ...(verifyToken !== undefined && { verifyToken }) }),
  };
}

function problemsOf(failure: SecretFailure): readonly string[] {
  return failure.code === 'secret-invalid' ? failure.problems : [];
}
