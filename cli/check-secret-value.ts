import { keySchema } from '../lambdas/deliver/webex-keys.ts';
import { methodOf } from '../lambdas/ingest/signature-method.ts';
import type { SignatureScheme } from '../lambdas/ingest/signature-scheme.ts';

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
