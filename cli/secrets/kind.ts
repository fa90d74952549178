import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import * as z from 'zod/mini';
import { findMapping, type Project } from '../../answers/project.ts';
import { hashKeySchema, keySchema, parseWebexSecret } from '../../lambdas/deliver/event-api/keys.ts';
import { signingSecretsSchema } from '../../lambdas/ingest/receive.ts';
import type { SignatureScheme } from '../../lambdas/ingest/signature/scheme.ts';
import { methodOf } from '../../lambdas/ingest/signature/verify.ts';
import type { Profile } from '../../lambdas/ingest/source.ts';
import { fail, type Result, succeed } from '../../lambdas/result.ts';
import { parseSecret, type SecretFailure } from '../../lambdas/secret.ts';
import { foldersOf } from '../../lib/mapping/folders.ts';

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

/** Where the log tells which index was used: by a line of this stage's, with this field. */
export type SecretTrace = { readonly stage: 'ingest' | 'deliver'; readonly source?: string };

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
  readonly trace: SecretTrace;
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

/**
 * What vendors call otherwise and people paste all the same; each begins so by the vendor's documentation. Sources:
 * docs.stripe.com/keys, docs.github.com/en/authentication (token formats), shopify.dev (access tokens).
 */
const OTHER_CREDENTIALS: readonly (readonly [RegExp, string])[] = [
  [/^(sk|pk|rk)_(live|test)_/, 'an API key of Stripe'],
  [/^(gh[pousr]_|github_pat_)/, 'an access token of GitHub'],
  [/^shp(at|ca|pa)_/, 'an access token of Shopify'],
  [/^re_/, 'an API key of Resend'],
  [/^pat-(na|eu|ap)\d-/, 'an access token of HubSpot'],
];

/** What is wrong with a pasted signing secret, in words that do not quote it. */
export function checkSigningSecret(scheme: SignatureScheme, value: string): string | undefined {
  return checkText(value) ?? checkJson(value) ?? checkKind(value) ?? checkForm(scheme, value);
}

/** What is wrong with a pasted key of the API user, in words that do not quote it. */
export function checkKey(value: string): string | undefined {
  const problem = checkText(value) ?? checkJson(value);
  if (problem !== undefined) return problem;
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

/** Whoever knows what the secret looks like inside may paste that. */
function checkJson(value: string): string | undefined {
  return /^[{[]/.test(value) ? 'it looks like JSON: give the value alone, its form is made here' : undefined;
}

function checkKind(value: string): string | undefined {
  const other = OTHER_CREDENTIALS.find(([pattern]) => pattern.test(value))?.[1];
  return other === undefined ? undefined : `it is ${other}, and signs no webhook`;
}

function checkForm(scheme: SignatureScheme, value: string): string | undefined {
  if (scheme.kind === 'sharedSecret') {
    return scheme.sharedSecret.in === 'basic' && !value.includes(':')
      ? 'basic auth wants user:password'
      : undefined;
  }
  const prefix = prefixOf(scheme);
  if (prefix !== undefined && !value.startsWith(prefix)) return `it has to begin with "${prefix}"`;
  const { decode, secretForm } = methodOf(scheme);
  return decode(value) === undefined ? `it cannot be read as ${secretForm}: was it cut?` : undefined;
}

/** Stripe's begin with `whsec_` too, but it is a part of the key there, so that its profile cuts nothing off. */
function prefixOf(scheme: Exclude<SignatureScheme, { kind: 'sharedSecret' }>): string | undefined {
  if (scheme.kind === 'custom') return undefined;
  return scheme.signature.header === 'stripe-signature' ? 'whsec_' : scheme.secretPrefix;
}

/** What a person has typed or piped in. */
export type SecretInput = { readonly value: string; readonly second?: string };

/**
 * Asks for a value: at a terminal without showing it, otherwise from the standard input. It is never an argument, which
 * the shell's history and the list of processes would show.
 * @param wantsSecond whether what may stand beside the value is asked for too
 */
export type ReadSecretInput = (
  kind: SecretKind,
  wantsSecond: boolean,
) => Promise<Result<SecretInput, string>>;

export const readSecretInput: ReadSecretInput = async (kind, wantsSecond) => {
  if (!process.stdin.isTTY) return readPiped(await textOf(process.stdin), kind.isMultiline);
  if (kind.isMultiline)
    return fail('A PEM key has several lines: give its file as the standard input, … < key.pem');
  const value = await askSilently(`The ${kind.noun} of ${kind.title} (it is not shown): `);
  if (value === undefined) return INTERRUPTED;
  if (!wantsSecond || kind.second === undefined) return succeed({ value });
  const second = await askSilently(`The ${kind.second}, if there is one (Enter: none): `);
  return second === undefined ? INTERRUPTED : succeed({ value, ...(second !== '' && { second }) });
};

const INTERRUPTED = fail('Nothing was changed.');

/** A value a line; a value of several lines is all that there is. The end of the last line is not part of it. */
export function readPiped(text: string, isMultiline: boolean): Result<SecretInput, string> {
  const whole = text.replace(/\r?\n$/, '');
  if (isMultiline) return succeed({ value: whole });
  const [value = '', second = '', ...more] = whole.split(/\r?\n/);
  if (more.length > 0) return fail('The standard input has more than two lines: one value a line is read.');
  return succeed({ value, ...(second !== '' && { second }) });
}

/** `undefined` where Ctrl-C was the answer. */
async function askSilently(question: string): Promise<string | undefined> {
  process.stderr.write(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: nowhere, terminal: true, historySize: 0 });
  try {
    return await new Promise((resolve) => {
      terminal.once('SIGINT', () => resolve(undefined));
      terminal.once('line', resolve);
      terminal.once('close', () => resolve(undefined));
    });
  } finally {
    terminal.close();
    process.stderr.write('\n');
  }
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}
