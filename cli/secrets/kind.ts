import { randomBytes } from 'node:crypto';
import * as z from 'zod/mini';
import { findMapping, type Project } from '../../answers/project.ts';
import { hashKeySchema, keySchema, parseWebexSecret } from '../../lambdas/deliver/event-api/keys.ts';
import { signingSecretsSchema } from '../../lambdas/ingest/receive.ts';
import { isPrivateKey } from '../../lambdas/ingest/signature/keys.ts';
import { methodOf } from '../../lambdas/ingest/signature/verify.ts';
import type { Profile } from '../../lambdas/ingest/source.ts';
import { fail, type Result, succeed } from '../../lambdas/result.ts';
import { parseSecret, type SecretFailure } from '../../lambdas/secret.ts';
import { foldersOf } from '../../lib/mapping/folders.ts';

/** The secret that is no source's: the keys of the API user. */
export const WEBEX_CAMPAIGN = 'webex-campaign';

const keptSchema = z.object({ hashKey: hashKeySchema });

/** What a secret holds, whatever its form: values, newest first (none where it is not set), and a token beside them. */
export type SecretContent = {
  readonly values: readonly string[];
  readonly verifyToken?: string;
};

/** What was generated, and is never shown: it stays whatever becomes of the values. */
export type KeptContent = { readonly hashKey?: string };

/** Whose log lines say which value was used: those of this stage, and of this source. */
export type SecretTrace = { readonly stage: 'ingest' | 'deliver'; readonly source?: string };

/** One kind of secret: by this the commands treat all secrets alike. */
export type SecretKind = {
  /** As it is given on the command line. */
  readonly title: string;
  /** Its name in mapping files. */
  readonly secret: string;
  /** What one of its values is called. */
  readonly noun: 'signing secret' | 'key';
  /** How many values it can hold. */
  readonly most: number;
  /** A value of several lines cannot be typed. */
  readonly isMultiline: boolean;
  /** What may be given besides the first value when the secret is set. */
  readonly second?: 'secondary key' | 'verify token';
  readonly trace: SecretTrace;
  /** What is wrong with a value, for a person who has pasted it; never quotes it. */
  readonly check: (value: string) => string | undefined;
  readonly read: (text: string) => Result<SecretContent, readonly string[]>;
  readonly readKept: (text: string) => KeptContent;
  readonly write: (content: SecretContent, kept: KeptContent) => string;
};

/** The secret of a source, or the keys of the API user; fails with the names that there are. */
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
      // A new stack creates the secret with empty keys.
      return secret.failure.code === 'secret-missing'
        ? succeed({ values: [] })
        : fail(problemsOf(secret.failure));
    },
    readKept: (text) => {
      const kept = parseSecret(WEBEX_CAMPAIGN, text, keptSchema);
      return kept.ok && kept.value.hashKey !== undefined ? { hashKey: kept.value.hashKey } : {};
    },
    // If somebody has set the secret elsewhere without the key of the hashes, a new key is generated.
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
    isMultiline: isMultiline(profile.signature),
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

/** Keys and certificates as PEM. */
function isMultiline(scheme: Profile['signature']): boolean {
  if (scheme.kind === 'custom') return scheme.plugIn === 'paypal';
  return 'secretEncoding' in scheme && scheme.secretEncoding === 'pem';
}

function problemsOf(failure: SecretFailure): readonly string[] {
  return failure.code === 'secret-invalid' ? failure.problems : [];
}

/**
 * Credentials that people paste in place of another, by their beginnings, and the header of the one signature that they make.
 * Sources: docs.stripe.com/keys, paystack.com/docs/payments/webhooks, docs.github.com/en/authentication (token formats),
 * docs.gitlab.com (token prefixes), shopify.dev (access tokens, client secrets), api.slack.com/authentication/token-types,
 * docs.aws.amazon.com/IAM (unique identifiers), standardwebhooks.com (`whsk_`, `whpk_`).
 */
const OTHER_CREDENTIALS: readonly (readonly [RegExp, string, string?])[] = [
  // Paystack signs with its secret API key, which looks like Stripe's.
  [/^sk_(live|test)_/, 'an API key of Stripe or Paystack', 'x-paystack-signature'],
  [/^(pk|rk)_(live|test)_/, 'an API key of Stripe'],
  [/^(gh[pousr]_|github_pat_)/, 'an access token of GitHub'],
  [/^glpat-/, 'an access token of GitLab'],
  [/^shp(at|ca|pa)_/, 'an access token of Shopify'],
  [/^shpss_/, 'the client secret of a Shopify app', 'x-shopify-hmac-sha256'],
  [/^re_/, 'an API key of Resend'],
  [/^SG\./, 'an API key of SendGrid'],
  [/^pat-(na|eu|ap)\d-/, 'an access token of HubSpot'],
  [/^xox[abeprs]-/, 'a token of Slack'],
  [/^A[KS]IA[A-Z0-9]{16}$/, 'an access key id of AWS'],
];

/** Secrets by which webhooks are signed. None of them is a key of the API user. */
const SIGNING_SECRETS: readonly (readonly [RegExp, string])[] = [
  [/^wh(sec|sk|pk)_/, 'a signing secret of a webhook'],
  [/^we_/, 'the id of a webhook endpoint of Stripe'],
];

/** What is wrong with a pasted signing secret, in words that do not quote it. */
export function checkSigningSecret(scheme: Profile['signature'], value: string): string | undefined {
  return checkText(value) ?? checkJson(value) ?? checkKind(scheme, value) ?? checkForm(scheme, value);
}

/**
 * What is wrong with a pasted key of the API user, in words that do not quote it. The key is sent to Cisco with every event, so
 * that nobody else's may be among them. Cisco names no form of its own.
 */
export function checkKey(value: string): string | undefined {
  const problem = checkText(value) ?? checkJson(value);
  if (problem !== undefined) return problem;
  const other = [...OTHER_CREDENTIALS, ...SIGNING_SECRETS].find(([pattern]) => pattern.test(value))?.[1];
  if (other !== undefined) return `it is ${other}, and would be sent to Webex Campaign`;
  const isKey = keySchema.safeParse(value).success;
  return isKey
    ? undefined
    : 'a key is of visible ASCII characters, without spaces: was something else pasted?';
}

function checkText(value: string): string | undefined {
  if (value === '') return 'it is empty';
  return value.trim() === value
    ? undefined
    : 'it has whitespace at its beginning or its end: paste it without';
}

/** Catches the whole content of a secret, pasted as Secrets Manager shows it. */
function checkJson(value: string): string | undefined {
  return /^[{[]/.test(value) ? 'it looks like JSON: give the value alone, its form is made here' : undefined;
}

function checkKind(scheme: Profile['signature'], value: string): string | undefined {
  const header = 'signature' in scheme ? scheme.signature.header : undefined;
  const [, other, signs] = OTHER_CREDENTIALS.find(([pattern]) => pattern.test(value)) ?? [];
  if (other === undefined || (signs !== undefined && signs === header)) return undefined;
  return signs === undefined
    ? `it is ${other}, and signs no webhook`
    : `it is ${other}, and does not sign these webhooks`;
}

function checkForm(scheme: Profile['signature'], value: string): string | undefined {
  if (scheme.kind === 'sharedSecret') {
    return scheme.sharedSecret.in === 'basic' && !value.includes(':')
      ? 'basic auth wants user:password'
      : undefined;
  }
  const { decode, secretForm, crypto } = methodOf(scheme);
  if (crypto.kind !== 'hmac' && crypto.kind !== 'hash' && isPrivateKey(value)) {
    return "it is a private key: give the sender's public key, and keep the private one from others";
  }
  const prefix = prefixOf(scheme);
  if (prefix !== undefined && !value.startsWith(prefix)) return `it has to begin with "${prefix}"`;
  if (value === prefix) return `there is nothing after "${prefix}": was it cut?`;
  return decode(value) === undefined ? `it cannot be read as ${secretForm}: was it cut?` : undefined;
}

/** Stripe's secrets begin with `whsec_` too, but it is part of the key there, so that its profile does not cut it off. */
function prefixOf(scheme: Exclude<Profile['signature'], { kind: 'sharedSecret' }>): string | undefined {
  if (scheme.kind === 'custom' || scheme.kind === 'jwt') return undefined;
  return scheme.signature.header === 'stripe-signature' ? 'whsec_' : scheme.secretPrefix;
}
